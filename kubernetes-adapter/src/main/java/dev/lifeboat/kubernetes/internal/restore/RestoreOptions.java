package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.plan.RestorePlan;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How namespaces are restored. Immutable.
 */
public final class RestoreOptions {
    private final Values values;

    /** The options while one of them is changed. */
    public static final class Values {
        /** The new name of the one namespace of the snapshot; empty for the names that were captured. */
        public Optional<String> newNamespace = Optional.empty();

        /** New names of namespaces, by captured name. */
        public Map<String, String> namespaces = Map.of();

        /** Other storage classes, by captured name. */
        public Map<String, String> storageClasses = Map.of();

        /** Other hosts of ingresses, by captured host. */
        public Map<String, String> ingressHosts = Map.of();

        /** Kinds of resources, by key, plural or kind; empty for all. */
        public Set<String> only = Set.of();

        /** Objects, as {@code secrets/db}; empty for all. */
        public Set<String> onlyObjects = Set.of();

        /** Kinds of resources that are left out. */
        public Set<String> without = Set.of();

        /** Changes of objects before they are created. */
        public List<ObjectPatch> patches = List.of();

        /** Whether restored pods run the commands that they name for Velero. */
        public boolean hooks;

        /** Whether objects that are there are changed to what the snapshot has. */
        public boolean update;

        /** Whether services keep their ports of the nodes. */
        public boolean nodePorts;

        /** Whether objects of the cluster that the namespaces need are created. */
        public boolean clusterObjects = true;

        /** Whether all other objects of the cluster are created, too. */
        public boolean allClusterObjects;

        /** Whether volumes that were made by hand are created anew. */
        public boolean persistentVolumes;

        /** Whether files of volumes are written. */
        public boolean volumes = true;

        /** Claims whose files are not written. */
        public Set<String> withoutVolumes = Set.of();

        /** Whether files are written on the host where that is possible. */
        public boolean hostPaths = true;

        /** Image of pods that write volumes; empty for that of the application. */
        public Optional<String> helperImage = Optional.empty();

        /** How long to wait for workloads; zero for not at all. */
        public Duration readyTimeout = Duration.ofMinutes(5);

        /** Receives the plan. */
        public Consumer<RestorePlan> onPlan = plan -> {};

        /** Receives what became of each workload. */
        public Consumer<RestoredWorkload> onReady = workload -> {};

        private Values() {}

        private Values(Values other) {
            newNamespace = other.newNamespace;
            namespaces = other.namespaces;
            storageClasses = other.storageClasses;
            ingressHosts = other.ingressHosts;
            only = other.only;
            onlyObjects = other.onlyObjects;
            without = other.without;
            patches = other.patches;
            hooks = other.hooks;
            update = other.update;
            nodePorts = other.nodePorts;
            clusterObjects = other.clusterObjects;
            allClusterObjects = other.allClusterObjects;
            persistentVolumes = other.persistentVolumes;
            volumes = other.volumes;
            withoutVolumes = other.withoutVolumes;
            hostPaths = other.hostPaths;
            helperImage = other.helperImage;
            readyTimeout = other.readyTimeout;
            onPlan = other.onPlan;
            onReady = other.onReady;
        }
    }

    private RestoreOptions(Values values) {
        this.values = values;
    }

    /** Returns a copy with something changed. */
    public RestoreOptions with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new RestoreOptions(changed);
    }

    /** Returns the options of a restore under the captured names. */
    public static RestoreOptions inPlace() {
        return new RestoreOptions(new Values());
    }

    public Optional<String> newNamespace() {
        return values.newNamespace;
    }

    Map<String, String> namespaces() {
        return values.namespaces;
    }

    Map<String, String> storageClasses() {
        return values.storageClasses;
    }

    Map<String, String> ingressHosts() {
        return values.ingressHosts;
    }

    Set<String> only() {
        return values.only;
    }

    Set<String> onlyObjects() {
        return values.onlyObjects;
    }

    Set<String> without() {
        return values.without;
    }

    boolean update() {
        return values.update;
    }

    boolean nodePorts() {
        return values.nodePorts;
    }

    boolean clusterObjects() {
        return values.clusterObjects;
    }

    boolean allClusterObjects() {
        return values.allClusterObjects;
    }

    boolean persistentVolumes() {
        return values.persistentVolumes;
    }

    boolean volumes() {
        return values.volumes;
    }

    List<ObjectPatch> patches() {
        return values.patches;
    }

    boolean hooks() {
        return values.hooks;
    }

    Set<String> withoutVolumes() {
        return values.withoutVolumes;
    }

    public boolean hostPaths() {
        return values.hostPaths;
    }

    public Optional<String> helperImage() {
        return values.helperImage;
    }

    Duration readyTimeout() {
        return values.readyTimeout;
    }

    Consumer<RestorePlan> onPlan() {
        return values.onPlan;
    }

    Consumer<RestoredWorkload> onReady() {
        return values.onReady;
    }

    /** Returns the name of a namespace after the restore. */
    public String mapped(String namespace) {
        return values.newNamespace.orElseGet(() -> values.namespaces.getOrDefault(namespace, namespace));
    }

    /** Whether an object is restored, if its kind is. */
    boolean takes(ObjectName name) {
        return values.onlyObjects.isEmpty() || values.onlyObjects.contains(name.resource() + "/" + name.name());
    }

    /** Whether a kind of resource is restored. */
    boolean takes(String key, String kind) {
        String plural = key.contains(".") ? key.substring(0, key.indexOf('.')) : key;
        boolean asked = values.only.isEmpty()
                || values.only.contains(key)
                || values.only.contains(plural)
                || values.only.contains(kind);
        return asked
                && !values.without.contains(key)
                && !values.without.contains(plural)
                && !values.without.contains(kind);
    }
}
