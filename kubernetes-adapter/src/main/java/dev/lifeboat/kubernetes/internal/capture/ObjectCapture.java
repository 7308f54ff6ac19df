package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.Discovery;
import dev.lifeboat.kubernetes.internal.client.ObjectLists;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.layout.ObjectSpool;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.internal.quiesce.ScaledWorkload;
import dev.lifeboat.kubernetes.internal.transfer.HelperMarks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Reads all objects of a scope, and those of the cluster that they need. */
final class ObjectCapture {
    /** Velero's label of what a backup leaves out. */
    private static final String EXCLUDED = "velero.io/exclude-from-backup";

    /** Kinds of the cluster that describe its machines, or that are short-lived. */
    private static final Set<String> MACHINES = Set.of(
            "nodes",
            "csinodes.storage.k8s.io",
            "volumeattachments.storage.k8s.io",
            "certificatesigningrequests.certificates.k8s.io");

    private final ApiClient client;
    private final Discovery discovery;
    private final CaptureScope scope;
    private final EntrySink sink;
    private final ObjectSpool spool;
    private final MissingPermissions missing = new MissingPermissions();
    private final References references = new References();
    private final Set<String> uids = new HashSet<>();

    ObjectCapture(ApiClient client, CaptureScope scope, EntrySink sink, ObjectSpool spool) throws IOException {
        this.client = client;
        this.discovery = Discovery.of(client);
        this.scope = scope;
        this.sink = sink;
        this.spool = spool;
    }

    /**
     * Reads all objects.
     *
     * @return what they refer to
     */
    References run() throws IOException {
        for (Map.Entry<String, String> failure : discovery.failures().entrySet()) {
            sink.report(new Problem(
                    ClusterLayout.RESOURCES,
                    Problem.Kind.FAILED,
                    "resources of " + failure.getKey() + " are not captured, since their API does not answer: "
                            + failure.getValue()));
        }
        namespaces();
        for (ResourceType type : preferredFirst()) {
            if (scope.isWholeCluster()) {
                if (!MACHINES.contains(type.key())) {
                    list(type, Optional.empty());
                }
            } else if (type.namespaced()) {
                for (String namespace : scope.namespaces()) {
                    list(type, Optional.of(namespace));
                }
            }
        }
        if (!scope.isWholeCluster() && scope.clusterObjects()) {
            clusterObjects();
        }
        missing.check();
        return references;
    }

    /**
     * The same object may be in two groups: that which replaces the other is read first. {@code extensions} was
     * replaced by others, and {@code events.k8s.io} has the same events as the core group.
     */
    private List<ResourceType> preferredFirst() {
        List<ResourceType> types = new ArrayList<>(discovery.types());
        types.removeIf(type -> !scope.takes(type));
        types.sort(Comparator.comparing(
                type -> type.group().equals("extensions") || type.group().equals("events.k8s.io")));
        return types;
    }

    private void namespaces() throws IOException {
        for (String name : scope.namespaces()) {
            ResourceType type = discovery
                    .find("namespaces")
                    .orElseThrow(() -> new KubernetesException(Kind.REFUSED, "the API has no namespaces"));
            String what = "read namespace " + name;
            Optional<JsonObject> found;
            try {
                found = client.find(ObjectLists.path(type, Optional.empty(), name), what);
            } catch (KubernetesException e) {
                if (e.kind() != Kind.FORBIDDEN) {
                    throw e;
                }
                missing.add(type);
                continue;
            }
            KubernetesObject namespace = KubernetesObject.of(found.orElseThrow(
                    () -> new KubernetesException(Kind.NOT_FOUND, "there is no namespace " + name + " to capture")));
            if (namespace.isTerminating()) {
                throw new KubernetesException(
                        Kind.CONFLICT,
                        "namespace " + name + " is being deleted: what is captured of it would be incomplete");
            }
            add(type, namespace);
        }
    }

    private void list(ResourceType type, Optional<String> namespace) throws IOException {
        try {
            ObjectLists.list(client, type, namespace, scope.selector(), new ObjectLists.Visitor() {
                @Override
                public void restart() {
                    // What was added is replaced; what is gone by now was there when the list began.
                }

                @Override
                public void visit(KubernetesObject object) throws IOException {
                    add(type, object);
                }
            });
        } catch (KubernetesException e) {
            switch (e.kind()) {
                case FORBIDDEN -> missing.add(type);
                case NOT_FOUND, UNREACHABLE -> {
                    if (isBuiltIn(type)) {
                        throw e;
                    }
                    // Its definition was deleted, or the server of an aggregated API has ended.
                    sink.report(new Problem(
                            ClusterLayout.RESOURCES.resolve(type.key()),
                            Problem.Kind.FAILED,
                            String.valueOf(e.getMessage())));
                }
                default -> throw e;
            }
        }
    }

    /** Groups of Kubernetes itself have no dot, or end like this; a few definitions of others do, too. */
    private static boolean isBuiltIn(ResourceType type) {
        return !type.group().contains(".") || type.group().endsWith(".k8s.io");
    }

    private void add(ResourceType type, KubernetesObject object) throws IOException {
        ObjectName name = new ObjectName(type.key(), object.namespace(), object.name());
        if (!scope.takes(name) || HelperMarks.areOn(object)) {
            return;
        }
        if ("true".equals(object.labels().get(EXCLUDED))) {
            sink.report(new Problem(
                    name.path(), Problem.Kind.SKIPPED, "it has the label " + EXCLUDED + ", by which it is left out"));
            return;
        }
        boolean seen = !object.uid().isEmpty() && !uids.add(object.uid());
        if (seen && !spool.has(name)) {
            return;
        }
        references.add(type, object);
        spool.add(name, ScaledWorkload.original(object));
    }

    private void clusterObjects() throws IOException {
        bindings();
        for (Map.Entry<ObjectName, ResourceType> needed :
                references.ofCluster(discovery).entrySet()) {
            get(needed.getValue(), needed.getKey().name());
        }
        // What those need in turn: the classes of volumes.
        for (Map.Entry<ObjectName, ResourceType> needed :
                references.ofCluster(discovery).entrySet()) {
            if (!spool.has(needed.getKey())) {
                get(needed.getValue(), needed.getKey().name());
            }
        }
    }

    /** Bindings of the cluster whose subjects are accounts of the namespaces. */
    private void bindings() throws IOException {
        Optional<ResourceType> type = discovery.find("clusterrolebindings.rbac.authorization.k8s.io");
        if (type.isEmpty() || !scope.takes(type.get())) {
            return;
        }
        try {
            ObjectLists.list(client, type.get(), Optional.empty(), Optional.empty(), new ObjectLists.Visitor() {
                @Override
                public void restart() {
                    // As above.
                }

                @Override
                public void visit(KubernetesObject binding) throws IOException {
                    if (bindsAccounts(binding)) {
                        add(type.get(), binding);
                    }
                }
            });
        } catch (KubernetesException e) {
            if (e.kind() != Kind.FORBIDDEN) {
                throw e;
            }
            missing.add(type.get());
        }
    }

    private boolean bindsAccounts(KubernetesObject binding) throws IOException {
        SortedSet<String> groups = new TreeSet<>();
        scope.namespaces().forEach(name -> groups.add("system:serviceaccounts:" + name));
        for (JsonObject subject : binding.json().objects("subjects")) {
            boolean account = subject.string("kind").equals("ServiceAccount")
                    && scope.namespaces()
                            .contains(subject.optionalString("namespace").orElse(""));
            boolean group = subject.string("kind").equals("Group") && groups.contains(subject.string("name"));
            if (account || group) {
                return true;
            }
        }
        return false;
    }

    private void get(ResourceType type, String name) throws IOException {
        if (!scope.takes(type)) {
            return;
        }
        try {
            Optional<JsonObject> found =
                    client.find(ObjectLists.path(type, Optional.empty(), name), "read " + type.key() + " " + name);
            if (found.isPresent()) {
                add(type, KubernetesObject.of(found.get()));
            }
        } catch (KubernetesException e) {
            if (e.kind() != Kind.FORBIDDEN) {
                throw e;
            }
            missing.add(type);
        }
    }
}
