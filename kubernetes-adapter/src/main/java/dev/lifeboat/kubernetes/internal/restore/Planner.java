package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.JsonPatch;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.internal.quiesce.RestoreHooks;
import dev.lifeboat.kubernetes.plan.Conflict;
import dev.lifeboat.kubernetes.plan.PlanStep;
import dev.lifeboat.kubernetes.plan.PlanStep.Action;
import dev.lifeboat.kubernetes.plan.RestorePlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Plans a restore: from objects of a snapshot, options, and what the cluster has. Changes nothing. Used once. */
final class Planner {
    private static final String DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io";
    private static final String CLASSES = "storageclasses.storage.k8s.io";

    /** What is planned. */
    record Planned(
            RestorePlan plan, List<PlannedObject> objects, SortedSet<Claim> volumes, Map<ObjectName, String> kept) {}

    private final CapturedObjects captured;
    private final RestoreOptions options;
    private final ClusterView view;
    private final ObjectCleaner cleaner;
    private final PodChecks checks;
    private final List<PlannedObject> objects = new ArrayList<>();
    /** Kinds that the server accepts only if something else is there, such as an account. */
    private static final Set<String> DEPENDENT = Set.of("pods", "rolebindings.rbac.authorization.k8s.io");

    private final List<PlanStep> steps = new ArrayList<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, Boolean> namespaceIsThere = new HashMap<>();
    private final SortedSet<Claim> volumes = new TreeSet<>();
    /** Volumes that are there, for the claim that they had. */
    private final Set<String> bindable = new HashSet<>();
    /** Identities of objects that are there. */
    private final Map<ObjectName, String> kept = new HashMap<>();

    private @Nullable Map<Long, String> nodePorts;
    private @Nullable Map<String, String> ingressHosts;

    Planner(CapturedObjects captured, RestoreOptions options, ClusterView view) {
        this.captured = captured;
        this.options = options;
        this.view = view;
        this.cleaner = new ObjectCleaner(options);
        this.checks = new PodChecks(view);
    }

    /** Makes the plan. */
    Planned plan() throws IOException {
        if (captured.isEmpty()) {
            conflict(
                    Conflict.Kind.UNKNOWN_NAME,
                    "the snapshot",
                    "it has no objects of a cluster",
                    "restore one of a namespace");
        }
        namespaces();
        if (conflicts.isEmpty()) {
            for (ObjectName name : captured.inOrder()) {
                KubernetesObject object = captured.find(name).orElseThrow();
                boolean taken = !name.resource().equals("namespaces")
                        && options.takes(name)
                        && options.takes(name.resource(), object.kind());
                if (taken && (name.namespace().isPresent() || takesOfCluster(name))) {
                    plan(name, object);
                }
            }
            images();
            security();
        }
        return new Planned(new RestorePlan(steps, conflicts, warnings), List.copyOf(objects), volumes, kept);
    }

    private boolean takesOfCluster(ObjectName name) {
        boolean needed = RestoreOrder.isNeededByNamespaces(name.resource());
        if (!needed && !options.allClusterObjects()) {
            steps.add(new PlanStep(Action.SKIP, name.toString(), "it is of the cluster: .allClusterObjects()"));
        }
        return needed ? options.clusterObjects() : options.allClusterObjects();
    }

    /** Each volume that is written has an image to write it with. */
    private void images() {
        for (Claim claim : volumes) {
            if (options.helperImage().isEmpty()
                    && captured.images().find(claim.namespace(), claim.name()).isEmpty()) {
                conflict(
                        Conflict.Kind.MISSING_IMAGE,
                        "claim " + options.mapped(claim.namespace()) + "/" + claim.name(),
                        "nothing in the snapshot uses it, so there is no image to write its files with",
                        "give one that has sh and tar: .helperImage(..); or leave its files out: .withoutVolume(\""
                                + claim.name() + "\")");
            }
        }
    }

    private void security() throws IOException {
        SortedSet<String> written = new TreeSet<>();
        volumes.forEach(claim -> written.add(claim.namespace()));
        for (String name : written) {
            String mapped = options.mapped(name);
            Optional<JsonObject> planned = objects.stream()
                    .filter(object -> object.target().resource().equals("namespaces")
                            && object.target().name().equals(mapped))
                    .map(PlannedObject::body)
                    .findFirst();
            Optional<KubernetesObject> namespace = planned.isPresent()
                    ? planned.map(KubernetesObject::of)
                    : view.find(view.type("namespaces").orElseThrow(), Optional.empty(), mapped);
            if (namespace.isPresent()) {
                PodChecks.security(mapped, namespace.get()).ifPresent(warnings::add);
            }
        }
    }

    private void conflict(Conflict.Kind kind, String resource, String detail, String remedy) {
        conflicts.add(new Conflict(kind, resource, detail, remedy));
    }

    private void namespaces() throws IOException {
        SortedSet<String> from = captured.namespaces();
        if (options.newNamespace().isPresent() && from.size() != 1) {
            conflict(
                    Conflict.Kind.UNKNOWN_NAME,
                    "namespace " + options.newNamespace().get(),
                    "the snapshot has the namespaces " + from + ", and only one can have a new name this way",
                    "restore in place, and rename them: .namespace(from, to)");
            return;
        }
        for (String asked : options.namespaces().keySet()) {
            if (!from.contains(asked)) {
                conflict(
                        Conflict.Kind.UNKNOWN_NAME,
                        "namespace " + asked,
                        "the snapshot does not have it; it has " + from,
                        "rename one of those");
            }
        }
        Optional<ResourceType> type = view.type("namespaces");
        SortedSet<String> targets = new TreeSet<>();
        for (String name : from) {
            String mapped = options.mapped(name);
            if (!targets.add(mapped)) {
                conflict(
                        Conflict.Kind.NAMESPACE_EXISTS,
                        "namespace " + mapped,
                        "two namespaces of the snapshot would be restored into it",
                        "give each another name: .namespace(from, to)");
                continue;
            }
            Optional<KubernetesObject> there = view.find(type.orElseThrow(), Optional.empty(), mapped);
            namespaceIsThere.put(mapped, there.isPresent());
            if (there.isPresent() && there.get().isTerminating()) {
                conflict(
                        Conflict.Kind.NAMESPACE_TERMINATING,
                        "namespace " + mapped,
                        "it is being deleted",
                        "wait until it is gone, or choose another name");
            } else if (there.isPresent() && options.newNamespace().isPresent()) {
                conflict(
                        Conflict.Kind.NAMESPACE_EXISTS,
                        "namespace " + mapped,
                        "it exists already",
                        "choose another name, or restore into it: inPlace().namespace(from, to)");
            } else if (there.isPresent()) {
                steps.add(new PlanStep(Action.KEEP, "namespaces " + mapped, ""));
            } else {
                namespace(type.get(), name, mapped);
            }
        }
    }

    private void namespace(ResourceType type, String name, String mapped) throws IOException {
        ObjectName from = new ObjectName("namespaces", Optional.empty(), name);
        ObjectName to = new ObjectName("namespaces", Optional.empty(), mapped);
        Optional<KubernetesObject> object = captured.find(from);
        Optional<JsonObject> body = object.isPresent()
                ? patched(from, object.get())
                : Optional.of(JsonObject.create()
                        .put("apiVersion", "v1")
                        .put("kind", "Namespace")
                        .put("metadata", JsonObject.create().put("name", mapped)));
        if (body.isPresent()) {
            add(new PlannedObject(object.map(o -> from), type, to, body.get(), Action.CREATE), "");
        }
    }

    private void add(PlannedObject object, String detail) {
        objects.add(object);
        steps.add(new PlanStep(object.action(), object.target().toString(), detail));
    }

    private ObjectName target(ObjectName name) {
        return new ObjectName(name.resource(), name.namespace().map(options::mapped), name.name());
    }

    private void plan(ObjectName name, KubernetesObject object) throws IOException {
        ObjectName target = target(name);
        Optional<String> skipped = Ownership.skipped(name, object, captured);
        if (skipped.isPresent()) {
            steps.add(new PlanStep(Action.SKIP, target.toString(), skipped.get()));
            return;
        }
        Optional<ResourceType> type = type(name, object);
        if (type.isEmpty()) {
            return;
        }
        Optional<JsonObject> patched = patched(name, object);
        if (patched.isEmpty()) {
            return;
        }
        JsonObject body = patched.get();
        body.put("apiVersion", type.get().apiVersion());
        boolean publishes = object.spec().has("externalIPs") || object.spec().has("loadBalancerIP");
        if (name.resource().equals("services") && publishes && !target.equals(name)) {
            warnings.add(target + ": has no external addresses, which the original has");
        }
        boolean canBeThere = target.namespace().isEmpty()
                || namespaceIsThere.getOrDefault(target.namespace().get(), true);
        Optional<KubernetesObject> there =
                canBeThere ? view.find(type.get(), target.namespace(), target.name()) : Optional.empty();
        if (there.isPresent() && there.get().isTerminating()) {
            conflict(
                    Conflict.Kind.OBJECT_TERMINATING,
                    target.toString(),
                    "it is being deleted",
                    "wait until it is gone");
            return;
        }
        switch (name.resource()) {
            case "persistentvolumes" -> {
                volume(name, type.get(), body, there);
                return;
            }
            case "persistentvolumeclaims" -> claim(name, body, there);
            case "services" -> servicePorts(target, body);
            case "ingresses.networking.k8s.io" -> ingress(target, body);
            case "clusterrolebindings.rbac.authorization.k8s.io" -> {
                binding(name, object, type.get(), body);
                return;
            }
            default -> {
                // Nothing of the cluster stands in its way.
            }
        }
        if (there.isEmpty()) {
            PlannedObject created = new PlannedObject(Optional.of(name), type.get(), target, body, Action.CREATE);
            if (canBeThere && canBeTried(name, object)) {
                rejected(created, "the server does not accept the object: ", "change what it says");
            }
            add(created, "");
            warnings.addAll(checks.hostPorts(target, body));
            if (options.hooks()
                    && RestoreHooks.hasInit(body.objectOrEmptyIfOther("spec").objectOrEmptyIfOther("template"))) {
                warnings.add(target + ": only pods of their own get the init container of a hook; its pods do not");
            }
        } else if (options.update() && target.namespace().isPresent() && !isClaim(name)) {
            PlannedObject update = new PlannedObject(Optional.of(name), type.get(), target, body, Action.UPDATE);
            rejected(update, "the server does not accept the change: ", "delete the object first");
            add(update, "");
        } else {
            keep(name, target, there.get());
        }
    }

    private void rejected(PlannedObject object, String what, String remedy) throws IOException {
        Optional<String> rejection = view.rejection(object);
        if (rejection.isPresent()) {
            conflict(
                    Conflict.Kind.REJECTED,
                    object.target().toString(),
                    what + rejection.get(),
                    remedy + ", or leave its kind out: .without(\""
                            + object.target().resource() + "\")");
        }
    }

    /** What depends on objects that are not there yet, or a kind that is not, cannot be tried. */
    private boolean canBeTried(ObjectName name, KubernetesObject object) throws IOException {
        return name.namespace().isPresent()
                && !DEPENDENT.contains(name.resource())
                && view.type(name.resource(), object.version()).isPresent();
    }

    /** A patch that does not fit, or would make another object of it, is a conflict. */
    private Optional<JsonObject> patched(ObjectName name, KubernetesObject object) throws IOException {
        JsonObject body = cleaner.clean(name, object);
        String itself = body.object("metadata").string("name");
        for (ObjectPatch patch : options.patches()) {
            if (!patch.isFor(name.resource(), object.kind(), object.labels())) {
                continue;
            }
            String detail;
            try {
                JsonObject changed = patch.patch().apply(body);
                JsonObject metadata = changed.object("metadata");
                boolean same = metadata.string("name").equals(itself)
                        && metadata.optionalString("namespace")
                                .equals(name.namespace().map(options::mapped))
                        && changed.string("kind").equals(object.kind());
                if (same) {
                    body = changed;
                    continue;
                }
                detail = "the patch changes its kind, name or namespace";
            } catch (JsonPatch.MismatchException | DamagedException e) {
                detail = "the patch does not fit: " + e.getMessage();
            }
            conflict(Conflict.Kind.PATCH_FAILED, name.toString(), detail, "change the patch, or its labels");
            return Optional.empty();
        }
        return Optional.of(body);
    }

    private void keep(ObjectName name, ObjectName target, KubernetesObject there) throws IOException {
        kept.put(name, there.uid());
        steps.add(new PlanStep(Action.KEEP, target.toString(), "it is there"));
    }

    private static boolean isClaim(ObjectName name) {
        return name.resource().equals("persistentvolumeclaims");
    }

    /** The version that was captured, else the one that the server prefers, else that of the captured definition. */
    private Optional<ResourceType> type(ObjectName name, KubernetesObject object) throws IOException {
        Optional<ResourceType> same = view.type(name.resource(), object.version());
        if (same.isPresent()) {
            return same;
        }
        Optional<ResourceType> other = view.type(name.resource());
        if (other.isPresent()) {
            warnings.add(name + ": was captured as " + object.apiVersion()
                    + ", which the server no longer has; it is sent as "
                    + other.get().apiVersion());
            return other;
        }
        ObjectName definition = new ObjectName(DEFINITIONS, Optional.empty(), name.resource());
        boolean defined =
                captured.find(definition).isPresent() && options.takes(DEFINITIONS, "CustomResourceDefinition");
        if (defined) {
            String plural = name.resource().substring(0, name.resource().indexOf('.'));
            return Optional.of(new ResourceType(
                    object.group(),
                    object.version(),
                    plural,
                    object.kind(),
                    name.namespace().isPresent(),
                    Set.of()));
        }
        conflict(
                Conflict.Kind.MISSING_KIND,
                name.toString(),
                "the cluster does not have resources " + name.resource()
                        + ", and the snapshot does not have their definition",
                "install what defines them, or leave them out: .without(\"" + name.resource() + "\")");
        return Optional.empty();
    }

    /** A volume that was made by hand: it is there still, or is created anew, bound to the claim of its name. */
    private void volume(ObjectName name, ResourceType type, JsonObject body, Optional<KubernetesObject> there)
            throws IOException {
        if (there.isEmpty()) {
            // Another namespace, perhaps in another cluster, would write to the storage of the original.
            if (options.persistentVolumes()) {
                add(new PlannedObject(Optional.of(name), type, name, body, Action.CREATE), "");
            } else {
                steps.add(new PlanStep(
                        Action.SKIP, name.toString(), "its storage may be in use elsewhere: .persistentVolumes()"));
            }
            return;
        }
        JsonObject ours = body.object("spec").objectOrEmpty("claimRef");
        JsonObject theirs = there.get().spec().objectOrEmpty("claimRef");
        boolean sameClaim = ours.optionalString("name").equals(theirs.optionalString("name"))
                && ours.optionalString("namespace").equals(theirs.optionalString("namespace"));
        String phase = there.get().status().optionalString("phase").orElse("");
        if (sameClaim) {
            bindable.add(name.name());
        }
        if (sameClaim && phase.equals("Released")) {
            JsonObject release = JsonObject.create()
                    .put("apiVersion", "v1")
                    .put("kind", "PersistentVolume")
                    .put(
                            "spec",
                            JsonObject.create()
                                    .put(
                                            "claimRef",
                                            JsonObject.create()
                                                    .put("uid", (Object) null)
                                                    .put("resourceVersion", (Object) null)));
            add(
                    new PlannedObject(Optional.of(name), type, name, release, Action.UPDATE),
                    "released by the claim that was deleted, it is bound to the new one");
            return;
        }
        steps.add(new PlanStep(Action.KEEP, name.toString(), "it is there"));
    }

    private void claim(ObjectName name, JsonObject body, Optional<KubernetesObject> there) throws IOException {
        Claim claim = new Claim(name.namespace().orElseThrow(), name.name());
        boolean files =
                options.volumes() && !options.withoutVolumes().contains(name.name()) && captured.hasFiles(claim);
        String namespace = options.mapped(claim.namespace());
        if (there.isPresent()) {
            if (files && options.update()) {
                volumes.add(claim);
                Optional<String> user = view.userOf(namespace, claim.name());
                if (user.isPresent()) {
                    conflict(
                            Conflict.Kind.VOLUME_IN_USE,
                            "claim " + namespace + "/" + claim.name(),
                            "pod " + user.get() + " uses it, and its files are to be replaced",
                            "scale what uses it to zero first, or leave its files as they are: .withoutVolume(\""
                                    + claim.name() + "\")");
                }
            }
            return;
        }
        JsonObject spec = body.object("spec");
        String className = spec.optionalString("storageClassName").orElse("");
        // The volume of a provisioner is made anew; one that was made by hand may be there.
        Optional<String> volumeName = captured.find(name)
                .orElseThrow()
                .spec()
                .optionalString("volumeName")
                .filter(this::isByHand);
        spec.remove("volumeName");
        if (volumeName.isPresent() && isPlanned(volumeName.get())) {
            spec.put("volumeName", volumeName.get());
            if (files && (options.update() || isCreated(volumeName.get()))) {
                volumes.add(claim);
            } else if (files) {
                warnings.add("claim " + namespace + "/" + claim.name() + ": volume " + volumeName.get()
                        + " is there still, and keeps its files; .update() writes those of the snapshot");
            }
            return;
        }
        if (files) {
            volumes.add(claim);
        }
        if (volumeName.isPresent()) {
            warnings.add(
                    "claim " + namespace + "/" + claim.name() + ": gets a new volume instead of " + volumeName.get());
        }
        if (!className.isEmpty() && !hasClass(className)) {
            conflict(
                    Conflict.Kind.MISSING_STORAGE_CLASS,
                    "claim " + namespace + "/" + claim.name(),
                    "the cluster does not have its storage class " + className,
                    "choose another: .storageClass(\"" + className + "\", ..)"
                            + (volumeName.isPresent()
                                    ? "; or have its volume created anew: .persistentVolumes()"
                                    : ""));
        }
    }

    private boolean isByHand(String volume) {
        ObjectName name = new ObjectName("persistentvolumes", Optional.empty(), volume);
        Optional<KubernetesObject> object = captured.find(name);
        try {
            return object.isEmpty()
                    || Ownership.skipped(name, object.get(), captured).isEmpty();
        } catch (IOException e) {
            // Its annotations are of another form than the API has.
            return true;
        }
    }

    private boolean hasClass(String name) throws IOException {
        ObjectName object = new ObjectName(CLASSES, Optional.empty(), name);
        if (captured.find(object).isPresent() && options.takes(CLASSES, "StorageClass")) {
            return true;
        }
        Optional<ResourceType> type = view.type(CLASSES);
        return type.isPresent() && view.find(type.get(), Optional.empty(), name).isPresent();
    }

    /** Whether a volume is going to be bound to the claim of its name. */
    private boolean isPlanned(String volume) {
        return bindable.contains(volume) || isCreated(volume);
    }

    private boolean isCreated(String volume) {
        ObjectName name = new ObjectName("persistentvolumes", Optional.empty(), volume);
        return objects.stream().anyMatch(object -> object.target().equals(name) && object.action() == Action.CREATE);
    }

    private void servicePorts(ObjectName target, JsonObject body) throws IOException {
        if (!options.nodePorts()) {
            return;
        }
        if (nodePorts == null) {
            nodePorts = view.nodePorts();
        }
        String self = target.namespace().orElse("") + "/" + target.name();
        for (JsonObject port : body.object("spec").objects("ports")) {
            String owner = port.has("nodePort") ? nodePorts.get(port.number("nodePort")) : null;
            if (owner != null && !owner.equals(self)) {
                conflict(
                        Conflict.Kind.NODE_PORT_TAKEN,
                        target.toString(),
                        "service " + owner + " has port " + port.number("nodePort") + " of the nodes",
                        "have the cluster choose ports: leave out .keepNodePorts()");
            }
        }
    }

    private void ingress(ObjectName target, JsonObject body) throws IOException {
        if (ingressHosts == null) {
            ingressHosts = view.ingressHosts();
        }
        for (JsonObject rule : body.objectOrEmpty("spec").objects("rules")) {
            String host = rule.optionalString("host").orElse("");
            String owner = ingressHosts.get(host);
            if (owner != null && !owner.equals(target.namespace().orElse(""))) {
                conflict(
                        Conflict.Kind.INGRESS_HOST_TAKEN,
                        target.toString(),
                        "an ingress of namespace " + owner + " has host " + host + ", so requests would go to either",
                        "choose another host: .ingressHost(\"" + host + "\", ..), or leave ingresses out:"
                                + " .without(\"ingresses\")");
            }
        }
    }

    /** The accounts of another namespace need a binding of their own: that of the cluster is not to be changed. */
    private void binding(ObjectName name, KubernetesObject object, ResourceType type, JsonObject cleaned)
            throws IOException {
        JsonObject body =
                options.allClusterObjects() ? cleaned : cleaner.ofAccounts(object, cleaned, captured.namespaces());
        if (body.list("subjects").isEmpty()) {
            steps.add(new PlanStep(Action.SKIP, name.toString(), "it binds no account of the namespaces"));
            return;
        }
        boolean renamed = captured.namespaces().stream()
                .anyMatch(namespace -> !options.mapped(namespace).equals(namespace));
        SortedSet<String> mapped = new TreeSet<>();
        captured.namespaces().forEach(namespace -> mapped.add(options.mapped(namespace)));
        ObjectName target = renamed
                ? new ObjectName(name.resource(), Optional.empty(), name.name() + "-" + String.join("-", mapped))
                : name;
        Optional<KubernetesObject> there = view.find(type, Optional.empty(), target.name());
        if (there.isPresent()) {
            keep(name, target, there.get());
            return;
        }
        body.object("metadata").put("name", target.name());
        add(new PlannedObject(Optional.of(name), type, target, body, Action.CREATE), "");
    }
}
