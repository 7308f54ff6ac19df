package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.plan.RestorePlan;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How namespaces are restored. Immutable.
 *
 * @param newNamespace the new name of the one namespace of the snapshot; empty for the names that were captured
 * @param namespaces new names of namespaces, by captured name
 * @param storageClasses other storage classes, by captured name
 * @param ingressHosts other hosts of ingresses, by captured host
 * @param only kinds of resources, by key, plural or kind; empty for all
 * @param onlyObjects objects, as {@code secrets/db}; empty for all
 * @param without kinds of resources that are left out
 * @param update whether objects that are there are changed to what the snapshot has
 * @param nodePorts whether services keep their ports of the nodes
 * @param clusterObjects whether objects of the cluster that the namespaces need are created
 * @param allClusterObjects whether all other objects of the cluster are created, too
 * @param persistentVolumes whether volumes that were made by hand are created anew
 * @param volumes whether files of volumes are written
 * @param withoutVolumes claims whose files are not written
 * @param hostPaths whether files are written on the host where that is possible
 * @param helperImage image of pods that write volumes; empty for that of the application
 * @param readyTimeout how long to wait for workloads; zero for not at all
 * @param onPlan receives the plan
 * @param onReady receives what became of each workload
 */
public record RestoreOptions(
        Optional<String> newNamespace,
        Map<String, String> namespaces,
        Map<String, String> storageClasses,
        Map<String, String> ingressHosts,
        Set<String> only,
        Set<String> onlyObjects,
        Set<String> without,
        boolean update,
        boolean nodePorts,
        boolean clusterObjects,
        boolean allClusterObjects,
        boolean persistentVolumes,
        boolean volumes,
        Set<String> withoutVolumes,
        boolean hostPaths,
        Optional<String> helperImage,
        Duration readyTimeout,
        Consumer<RestorePlan> onPlan,
        Consumer<RestoredWorkload> onReady) {
    public RestoreOptions {
        namespaces = Map.copyOf(namespaces);
        storageClasses = Map.copyOf(storageClasses);
        ingressHosts = Map.copyOf(ingressHosts);
        only = Set.copyOf(only);
        onlyObjects = Set.copyOf(onlyObjects);
        without = Set.copyOf(without);
        withoutVolumes = Set.copyOf(withoutVolumes);
    }

    /** Returns the options of a restore under the captured names. */
    public static RestoreOptions inPlace() {
        return new RestoreOptions(
                Optional.empty(),
                Map.of(),
                Map.of(),
                Map.of(),
                Set.of(),
                Set.of(),
                Set.of(),
                false,
                false,
                true,
                false,
                false,
                true,
                Set.of(),
                true,
                Optional.empty(),
                Duration.ofMinutes(5),
                plan -> {},
                workload -> {});
    }

    public RestoreOptions withNewNamespace(Optional<String> value) {
        return new RestoreOptions(
                value,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withNamespaces(Map<String, String> value) {
        return new RestoreOptions(
                newNamespace,
                value,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withStorageClasses(Map<String, String> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                value,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withIngressHosts(Map<String, String> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                value,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withOnly(Set<String> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                value,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withOnlyObjects(Set<String> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                value,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withWithout(Set<String> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                value,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withUpdate(boolean value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                value,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withNodePorts(boolean value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                value,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withClusterObjects(boolean value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                value,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withAllClusterObjects(boolean value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                value,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withPersistentVolumes(boolean value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                value,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withVolumes(boolean value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                value,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withWithoutVolumes(Set<String> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                value,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withHostPaths(boolean value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                value,
                helperImage,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withHelperImage(Optional<String> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                value,
                readyTimeout,
                onPlan,
                onReady);
    }

    public RestoreOptions withReadyTimeout(Duration value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                value,
                onPlan,
                onReady);
    }

    public RestoreOptions withOnPlan(Consumer<RestorePlan> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                value,
                onReady);
    }

    public RestoreOptions withOnReady(Consumer<RestoredWorkload> value) {
        return new RestoreOptions(
                newNamespace,
                namespaces,
                storageClasses,
                ingressHosts,
                only,
                onlyObjects,
                without,
                update,
                nodePorts,
                clusterObjects,
                allClusterObjects,
                persistentVolumes,
                volumes,
                withoutVolumes,
                hostPaths,
                helperImage,
                readyTimeout,
                onPlan,
                value);
    }

    /** Returns the name of a namespace after the restore. */
    public String mapped(String namespace) {
        return newNamespace.orElseGet(() -> namespaces.getOrDefault(namespace, namespace));
    }

    /** Whether an object is restored, if its kind is. */
    boolean takes(ObjectName name) {
        return onlyObjects.isEmpty() || onlyObjects.contains(name.resource() + "/" + name.name());
    }

    /** Whether a kind of resource is restored. */
    boolean takes(String key, String kind) {
        String plural = key.contains(".") ? key.substring(0, key.indexOf('.')) : key;
        boolean asked = only.isEmpty() || only.contains(key) || only.contains(plural) || only.contains(kind);
        return asked && !without.contains(key) && !without.contains(plural) && !without.contains(kind);
    }
}
