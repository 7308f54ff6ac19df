package dev.lifeboat.kubernetes.internal.restore;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.Discovery;
import dev.lifeboat.kubernetes.internal.client.ObjectLists;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.plan.PlanStep.Action;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates and changes objects as planned, and undoes that. */
final class RestoreExecutor {
    private static final Logger log = LoggerFactory.getLogger(RestoreExecutor.class);

    /** Annotation of what a restore has created in the cluster, until it succeeds: which process and restore it is. */
    static final String RESTORING = "dev.lifeboat/restoring";

    private static final String MANAGER = "fieldManager=lifeboat";
    /** How long a server that does not answer is asked again at the end of a restore. */
    private static final Duration UNMARKING = Duration.ofMinutes(5);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ApiClient client;
    private final CapturedObjects captured;
    private final List<Created> created = new ArrayList<>();
    private final Set<String> newNamespaces = new TreeSet<>();
    /** Kinds whose definitions were created. */
    private final Set<String> defined = new TreeSet<>();

    private final Map<ObjectName, String> uids = new HashMap<>();

    private final String mark = ProcessIdentity.current().token() + "."
            + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());

    private record Created(ResourceType type, ObjectName name, String uid) {}

    RestoreExecutor(ApiClient client, CapturedObjects captured) {
        this.client = client;
        this.captured = captured;
    }

    /** Creates or changes an object. */
    void run(PlannedObject object) throws IOException {
        owners(object);
        if (object.action() == Action.UPDATE && object.type().key().equals("persistentvolumes")) {
            var unused = client.merge(path(object), object.body(), "bind " + object.target() + " to its claim again");
        } else if (object.action() == Action.UPDATE) {
            remember(object, apply(object));
        } else {
            create(object);
        }
    }

    private static String path(PlannedObject object) {
        return ObjectLists.path(
                object.type(), object.target().namespace(), object.target().name());
    }

    private boolean isOtherVersion(PlannedObject object) throws IOException {
        Optional<KubernetesObject> original = object.captured().flatMap(captured::find);
        return original.isPresent()
                && !original.get().apiVersion().equals(object.type().apiVersion());
    }

    private JsonObject apply(PlannedObject object) throws IOException {
        return client.apply(path(object) + "?" + MANAGER + "&force=true", object.body(), "apply " + object.target());
    }

    private void create(PlannedObject object) throws IOException {
        boolean ofCluster = object.target().namespace().isEmpty();
        JsonObject body = ofCluster ? marked(object.body()) : object.body();
        JsonObject answer;
        try {
            answer = post(object, body);
        } catch (KubernetesException e) {
            // The cluster makes some objects in each namespace, such as the account "default".
            if (e.kind() == Kind.CONFLICT && isNew(object.target().namespace())) {
                remember(object, apply(object));
                return;
            }
            throw e;
        }
        String uid = KubernetesObject.of(answer).uid();
        if (!isNew(object.target().namespace())) {
            created.add(new Created(object.type(), object.target(), uid));
        }
        if (object.type().key().equals("namespaces")) {
            newNamespaces.add(object.target().name());
        }
        remember(object, answer);
        if (object.type().key().equals("customresourcedefinitions.apiextensions.k8s.io")) {
            awaitDefinition(object);
            defined.add(object.target().name());
        }
    }

    private boolean isNew(Optional<String> namespace) {
        return namespace.isPresent() && newNamespaces.contains(namespace.get());
    }

    /** An account gets its token, and a quota its usage, some moments after they were created. */
    private JsonObject post(PlannedObject object, JsonObject body) throws IOException {
        // A version that is not the captured one may lack fields, which the server would drop.
        String strict = isOtherVersion(object) ? "&fieldValidation=Strict" : "";
        String path = object.type().path(object.target().namespace()) + "?" + MANAGER + strict;
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return client.post(path, body, "create " + object.target());
            } catch (KubernetesException e) {
                String message = String.valueOf(e.getMessage());
                boolean soon = e.kind() == Kind.FORBIDDEN
                                && (message.contains("service account") || message.contains("no API token"))
                        || e.kind() == Kind.NOT_FOUND
                                && (isNew(object.target().namespace())
                                        || defined.contains(object.type().key()));
                if (!soon || System.nanoTime() > deadline) {
                    rememberUnanswered(object, e);
                    throw e;
                }
                Io.sleep(200);
            } catch (InterruptedIOException e) {
                rememberUnanswered(object, e);
                throw e;
            }
        }
    }

    /** The server may have created an object of the cluster, though its answer is lost: its mark says so. */
    private void rememberUnanswered(PlannedObject object, IOException failure) {
        boolean sent = !(failure instanceof KubernetesException e) || e.kind() == Kind.UNREACHABLE;
        if (!sent || object.target().namespace().isPresent()) {
            return;
        }
        try {
            UninterruptibleCleanup.run(() -> {
                Optional<KubernetesObject> there =
                        client.find(path(object), "look for " + object.target()).map(KubernetesObject::of);
                boolean ours = there.isPresent()
                        && mark.equals(there.get().annotations().get(RESTORING));
                if (ours) {
                    created.add(new Created(
                            object.type(), object.target(), there.get().uid()));
                }
            });
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** A restore that is killed is found by this, and undone. */
    private JsonObject marked(JsonObject body) throws IOException {
        JsonObject marked = body.copy();
        JsonObject metadata = body.object("metadata").copy();
        JsonObject annotations = metadata.objectOrEmpty("annotations").copy();
        annotations.put(RESTORING, mark);
        return marked.put("metadata", metadata.put("annotations", annotations));
    }

    private void remember(PlannedObject object, JsonObject answer) throws IOException {
        if (object.captured().isPresent()) {
            uids.put(object.captured().get(), KubernetesObject.of(answer).uid());
        }
    }

    /**
     * Owners have a new identity. One that was restored before is set at once; of one that comes later, the identity is
     * set by {@link #finishOwners}; one that is not restored is dropped, or garbage collection would come.
     */
    private void owners(PlannedObject object) throws IOException {
        if (object.action() == Action.UPDATE && object.type().key().equals("persistentvolumes")) {
            return;
        }
        List<@Nullable Object> references = ownersOf(object);
        if (!references.isEmpty()) {
            object.body().object("metadata").put("ownerReferences", references);
        }
    }

    private List<@Nullable Object> ownersOf(PlannedObject object) throws IOException {
        List<@Nullable Object> references = new ArrayList<>();
        Optional<KubernetesObject> original = object.captured().flatMap(captured::find);
        if (original.isPresent()) {
            for (JsonObject reference : original.get().metadata().objects("ownerReferences")) {
                Optional<String> uid = captured.byUid(reference.string("uid")).map(uids::get);
                if (uid.isPresent()) {
                    references.add(reference.copy().put("uid", uid.get()).members());
                }
            }
        }
        return references;
    }

    /** Sets owners that were restored after what they own. Claims are left: their stateful set does what it wants. */
    void finishOwners(List<PlannedObject> objects) throws IOException {
        for (PlannedObject object : objects) {
            boolean claim = object.type().key().equals("persistentvolumeclaims");
            List<@Nullable Object> references = claim ? List.of() : ownersOf(object);
            if (!references.isEmpty()
                    && !references.equals(object.body().object("metadata").list("ownerReferences"))) {
                JsonObject patch =
                        JsonObject.create().put("metadata", JsonObject.create().put("ownerReferences", references));
                var unused = client.merge(path(object), patch, "set the owners of " + object.target());
            }
        }
    }

    /** An object that is there, and may own others. */
    void kept(ObjectName captured, String uid) {
        uids.put(captured, uid);
    }

    private void awaitDefinition(PlannedObject definition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            KubernetesObject object =
                    KubernetesObject.of(client.get(path(definition), "look at " + definition.target()));
            for (JsonObject condition : object.status().objects("conditions")) {
                if (condition.string("type").equals("Established")
                        && condition.string("status").equals("True")) {
                    return;
                }
            }
            if (System.nanoTime() > deadline) {
                throw new KubernetesException(
                        Kind.NOT_READY,
                        definition.target() + " is not established: "
                                + object.status().members());
            }
            Io.sleep(100);
        }
    }

    /**
     * The restore has succeeded: what it created in the cluster stays. Namespaces come first, since recovery undoes
     * nothing of a restore that has none with its mark.
     *
     * @throws IOException if something keeps its mark
     */
    void commit() throws IOException {
        List<Created> all = new ArrayList<>(created);
        created.clear();
        all.removeIf(object -> object.name().namespace().isPresent());
        all.sort(Comparator.comparingInt(
                object -> RestoreOrder.undone().indexOf(object.type().key())));
        IOException failure = null;
        for (Created object : all) {
            try {
                unmarkPatiently(object);
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void unmarkPatiently(Created object) throws IOException {
        long deadline = System.nanoTime() + UNMARKING.toNanos();
        while (true) {
            try {
                unmark(client, object.type(), object.name().name());
                return;
            } catch (KubernetesException e) {
                boolean again = e.kind() == Kind.UNREACHABLE || e.kind() == Kind.CONFLICT || e.kind() == Kind.REFUSED;
                if (!again || System.nanoTime() > deadline) {
                    throw e;
                }
                Io.sleep(500);
            }
        }
    }

    static void unmark(ApiClient client, ResourceType type, String name) throws IOException {
        JsonObject annotations = JsonObject.create().put(RESTORING, (Object) null);
        JsonObject patch =
                JsonObject.create().put("metadata", JsonObject.create().put("annotations", annotations));
        try {
            var unused = client.merge(
                    ObjectLists.path(type, Optional.empty(), name), patch, "complete the restore of " + name);
        } catch (KubernetesException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    /** Deletes what was created, namespaces first. What fails is logged, and the rest is deleted. */
    void undo() throws IOException {
        if (created.isEmpty()) {
            return;
        }
        UninterruptibleCleanup.run(() -> {
            List<Created> reversed = new ArrayList<>(created);
            created.clear();
            Collections.reverse(reversed);
            reversed.sort(Comparator.comparingInt(
                    object -> RestoreOrder.undone().indexOf(object.type().key())));
            Discovery discovery = Discovery.of(client);
            for (Created object : reversed) {
                try {
                    delete(client, discovery, object.type(), object.name(), object.uid());
                } catch (IOException e) {
                    log.warn("not deleted after a restore that failed [object={}]", object.name(), e);
                }
            }
        });
    }

    /**
     * Deletes an object, if it is the same still, and waits until it is gone. A definition of a kind that has objects
     * by now stays: they would go with it, whoever has made them.
     *
     * @return whether it was deleted
     */
    @CanIgnoreReturnValue
    static boolean delete(ApiClient client, Discovery discovery, ResourceType type, ObjectName name, String uid)
            throws IOException {
        if (name.resource().equals("customresourcedefinitions.apiextensions.k8s.io")
                && hasObjects(client, discovery, name.name())) {
            log.warn("definition of a restore that failed stays, since there are objects of it [name={}]", name.name());
            unmark(client, type, name.name());
            return false;
        }
        String path = ObjectLists.path(type, name.namespace(), name.name());
        JsonObject options =
                JsonObject.create().put("propagationPolicy", "Background").put("preconditions", Map.of("uid", uid));
        client.delete(path, options, "delete " + name);
        long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (client.find(path, "look for " + name).isPresent() && System.nanoTime() < deadline) {
            Io.sleep(200);
        }
        return true;
    }

    private static boolean hasObjects(ApiClient client, Discovery discovery, String kind) throws IOException {
        Optional<ResourceType> type = discovery.find(kind);
        return type.isPresent()
                && !client.get(type.get().path(Optional.empty()) + "?limit=1", "list " + kind)
                        .objects("items")
                        .isEmpty();
    }
}
