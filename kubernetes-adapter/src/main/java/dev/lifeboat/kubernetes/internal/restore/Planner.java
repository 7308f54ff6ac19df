package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.plan.Conflict;
import dev.lifeboat.kubernetes.plan.PlanStep;
import dev.lifeboat.kubernetes.plan.PlanStep.Action;
import dev.lifeboat.kubernetes.plan.RestorePlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
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
    record Planned(RestorePlan plan, List<PlannedObject> objects, SortedSet<Claim> volumes) {}

    private final CapturedObjects captured;
    private final RestoreOptions options;
    private final ClusterView view;
    private final ObjectCleaner cleaner;
    private final List<PlannedObject> objects = new ArrayList<>();
    private final List<PlanStep> steps = new ArrayList<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, Boolean> namespaceIsThere = new HashMap<>();
    private final SortedSet<Claim> volumes = new TreeSet<>();
    private @Nullable Map<Long, String> nodePorts;
    private @Nullable Map<String, String> ingressHosts;

    Planner(CapturedObjects captured, RestoreOptions options, ClusterView view) {
        this.captured = captured;
        this.options = options;
        this.view = view;
        this.cleaner = new ObjectCleaner(options);
    }

    /** Makes the plan. */
    Planned plan() throws IOException {
        if (captured.isEmpty()) {
            conflict(Conflict.Kind.UNKNOWN_NAME, "the snapshot", "it has no objects of a cluster",
                    "restore one of a namespace");
        }
        namespaces();
        if (conflicts.isEmpty()) {
            for (ObjectName name : captured.inOrder()) {
                KubernetesObject object = captured.find(name).orElseThrow();
                if (!name.resource().equals("namespaces") && options.takes(name.resource(), object.kind())) {
                    plan(name, object);
                }
            }
        }
        return new Planned(new RestorePlan(steps, conflicts, warnings), List.copyOf(objects), volumes);
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
        for (String name : from) {
            String mapped = options.mapped(name);
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
        JsonObject body = object.isPresent()
                ? cleaner.clean(from, object.get())
                : JsonObject.create()
                        .put("apiVersion", "v1")
                        .put("kind", "Namespace")
                        .put("metadata", JsonObject.create().put("name", mapped));
        add(new PlannedObject(object.map(o -> from), type, to, body, Action.CREATE), "");
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
        JsonObject body = cleaner.clean(name, object);
        body.put("apiVersion", type.get().apiVersion());
        boolean canBeThere = target.namespace().isEmpty() || namespaceIsThere.getOrDefault(target.namespace().get(), true);
        Optional<KubernetesObject> there =
                canBeThere ? view.find(type.get(), target.namespace(), target.name()) : Optional.empty();
        switch (name.resource()) {
            case "persistentvolumes" -> {
                volume(name, type.get(), body, there);
                return;
            }
            case "persistentvolumeclaims" -> claim(name, body, there);
            case "services" -> servicePorts(target, body);
            case "ingresses.networking.k8s.io" -> ingress(target, body);
            case "clusterrolebindings.rbac.authorization.k8s.io" -> {
                binding(name, type.get(), body, there);
                return;
            }
            default -> {
                // Nothing of the cluster stands in its way.
            }
        }
        if (there.isEmpty()) {
            add(new PlannedObject(Optional.of(name), type.get(), target, body, Action.CREATE), "");
        } else if (options.update() && target.namespace().isPresent() && !isClaim(name)) {
            add(new PlannedObject(Optional.of(name), type.get(), target, body, Action.UPDATE), "");
        } else {
            steps.add(new PlanStep(Action.KEEP, target.toString(), "it is there"));
        }
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
            warnings.add(name + ": was captured as " + object.apiVersion() + ", which the server no longer has; it is sent as "
                    + other.get().apiVersion());
            return other;
        }
        ObjectName definition = new ObjectName(DEFINITIONS, Optional.empty(), name.resource());
        boolean defined = captured.find(definition).isPresent() && options.takes(DEFINITIONS, "CustomResourceDefinition");
        if (defined) {
            String plural = name.resource().substring(0, name.resource().indexOf('.'));
            return Optional.of(new ResourceType(
                    object.group(), object.version(), plural, object.kind(), name.namespace().isPresent(), Set.of()));
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
            add(new PlannedObject(Optional.of(name), type, name, body, Action.CREATE), "");
            return;
        }
        JsonObject ours = body.object("spec").objectOrEmpty("claimRef");
        JsonObject theirs = there.get().spec().objectOrEmpty("claimRef");
        boolean sameClaim = ours.optionalString("name").equals(theirs.optionalString("name"))
                && ours.optionalString("namespace").equals(theirs.optionalString("namespace"));
        String phase = there.get().status().optionalString("phase").orElse("");
        if (sameClaim && phase.equals("Released")) {
            JsonObject release = JsonObject.create()
                    .put("apiVersion", "v1")
                    .put("kind", "PersistentVolume")
                    .put("spec", JsonObject.create()
                            .put("claimRef", JsonObject.create().put("uid", (Object) null).put("resourceVersion", (Object) null)));
            add(
                    new PlannedObject(Optional.of(name), type, name, release, Action.UPDATE),
                    "released by the claim that was deleted, it is bound to the new one");
            return;
        }
        steps.add(new PlanStep(Action.KEEP, name.toString(), "it is there"));
    }

    private void claim(ObjectName name, JsonObject body, Optional<KubernetesObject> there) throws IOException {
        Claim claim = new Claim(name.namespace().orElseThrow(), name.name());
        boolean files = options.volumes() && !options.withoutVolumes().contains(name.name());
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
        if (files) {
            volumes.add(claim);
        }
        JsonObject spec = body.object("spec");
        String className = spec.optionalString("storageClassName").orElse("");
        Optional<String> volumeName = spec.optionalString("volumeName");
        if (volumeName.isPresent() && isFree(volumeName.get(), namespace, claim.name())) {
            return;
        }
        if (volumeName.isPresent()) {
            spec.remove("volumeName");
            warnings.add("claim " + namespace + "/" + claim.name() + ": volume " + volumeName.get()
                    + " is not there, or is another claim's; it gets a new volume");
        }
        if (!className.isEmpty() && !hasClass(className)) {
            conflict(
                    Conflict.Kind.MISSING_STORAGE_CLASS,
                    "claim " + namespace + "/" + claim.name(),
                    "the cluster does not have its storage class " + className,
                    "choose another: .storageClass(\"" + className + "\", ..)");
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

    /** Whether a volume is going to be bound to a claim. */
    private boolean isFree(String volume, String namespace, String claim) throws IOException {
        ObjectName name = new ObjectName("persistentvolumes", Optional.empty(), volume);
        boolean planned = objects.stream().anyMatch(object -> object.target().equals(name));
        if (planned) {
            return true;
        }
        Optional<KubernetesObject> there = view.find(view.type("persistentvolumes").orElseThrow(), Optional.empty(), volume);
        if (there.isEmpty()) {
            return false;
        }
        JsonObject reference = there.get().spec().objectOrEmpty("claimRef");
        boolean ours = reference.optionalString("name").orElse("").equals(claim)
                && reference.optionalString("namespace").orElse("").equals(namespace);
        return there.get().status().optionalString("phase").orElse("").equals("Available") || ours;
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
                        "an ingress of namespace " + owner + " has host " + host
                                + ", so requests would go to either",
                        "choose another host: .ingressHost(\"" + host + "\", ..), or leave ingresses out:"
                                + " .without(\"ingresses\")");
            }
        }
    }

    /** The accounts of another namespace need a binding of their own: that of the cluster is not to be changed. */
    private void binding(ObjectName name, ResourceType type, JsonObject body, Optional<KubernetesObject> there)
            throws IOException {
        if (there.isEmpty()) {
            add(new PlannedObject(Optional.of(name), type, name, body, Action.CREATE), "");
            return;
        }
        boolean same = there.get().json().list("subjects").equals(body.list("subjects"));
        if (same) {
            steps.add(new PlanStep(Action.KEEP, name.toString(), "it is there"));
            return;
        }
        SortedSet<String> mapped = new TreeSet<>();
        captured.namespaces().forEach(namespace -> mapped.add(options.mapped(namespace)));
        String other = name.name() + "-" + String.join("-", mapped);
        ObjectName target = new ObjectName(name.resource(), Optional.empty(), other);
        if (view.find(type, Optional.empty(), other).isPresent()) {
            steps.add(new PlanStep(Action.KEEP, target.toString(), "it is there"));
            return;
        }
        body.object("metadata").put("name", other);
        add(
                new PlannedObject(Optional.of(name), type, target, body, Action.CREATE),
                name.name() + " is there, with other subjects");
    }
}
