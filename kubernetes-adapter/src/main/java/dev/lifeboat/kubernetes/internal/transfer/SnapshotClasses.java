package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The classes of volume snapshots that a cluster has, by API group {@code snapshot.storage.k8s.io}
 * (<a href="https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/">documentation</a>).
 */
public final class SnapshotClasses {
    static final String GROUP = "snapshot.storage.k8s.io";

    /** Those whose objects have the fields that are used here; {@code v1alpha1} calls them otherwise. */
    private static final Set<String> VERSIONS = Set.of("v1", "v1beta1");

    private static final String DEFAULT = "snapshot.storage.kubernetes.io/is-default-class";

    /** How Velero is told which of several classes of a driver it uses. */
    private static final String VELERO = "velero.io/csi-volumesnapshot-class";

    private final String version;
    private final List<SnapshotClass> classes;

    /**
     * A class of snapshots.
     *
     * @param name its name
     * @param driver which takes the snapshots
     * @param retains whether the storage keeps what is deleted in the cluster
     * @param isDefault whether it is the default of its driver
     * @param isVelero whether Velero uses it
     */
    public record SnapshotClass(String name, String driver, boolean retains, boolean isDefault, boolean isVelero) {}

    private SnapshotClasses(String version, List<SnapshotClass> classes) {
        this.version = version;
        this.classes = classes;
    }

    /** Returns the API without its classes; empty if the cluster does not have it. */
    static Optional<SnapshotClasses> find(ApiClient client) throws IOException {
        Optional<JsonObject> group = client.find("/apis/" + GROUP, "look for the API of volume snapshots");
        if (group.isEmpty()) {
            return Optional.empty();
        }
        String version = group.get()
                .objectOrEmpty("preferredVersion")
                .optionalString("version")
                .orElse("");
        return VERSIONS.contains(version) ? Optional.of(new SnapshotClasses(version, List.of())) : Optional.empty();
    }

    /**
     * Reads the classes; empty if the cluster has none, or they may not be read.
     *
     * @param chosen the only class to use; empty for the one that fits a volume
     * @throws KubernetesException if the chosen one does not exist
     */
    public static Optional<SnapshotClasses> read(ApiClient client, Optional<String> chosen) throws IOException {
        Optional<SnapshotClasses> api = find(client);
        List<SnapshotClass> classes = new ArrayList<>();
        if (api.isPresent()) {
            for (JsonObject item : list(client, api.get().api() + "/volumesnapshotclasses", chosen.isPresent())) {
                KubernetesObject object = KubernetesObject.of(item);
                if (chosen.isEmpty() || chosen.get().equals(object.name())) {
                    classes.add(new SnapshotClass(
                            object.name(),
                            item.optionalString("driver").orElse(""),
                            !item.optionalString("deletionPolicy").orElse("").equals("Delete"),
                            isTrue(object.annotations(), DEFAULT),
                            isTrue(object.labels(), VELERO)));
                }
            }
        }
        if (chosen.isPresent() && classes.isEmpty()) {
            throw new KubernetesException(
                    Kind.NOT_FOUND,
                    "the cluster has no class of volume snapshots " + chosen.get()
                            + ": kubectl get volumesnapshotclasses shows those that it has");
        }
        return classes.isEmpty()
                ? Optional.empty()
                : Optional.of(new SnapshotClasses(api.orElseThrow().version, classes));
    }

    private static List<JsonObject> list(ApiClient client, String path, boolean required) throws IOException {
        try {
            return client.get(path, "list classes of volume snapshots").objects("items");
        } catch (KubernetesException e) {
            if (required || e.kind() != Kind.FORBIDDEN && e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
            return List.of();
        }
    }

    private static boolean isTrue(Map<String, String> marks, String name) {
        return "true".equals(marks.get(name));
    }

    /** Returns the path of the API, without a slash at its end. */
    String api() {
        return "/apis/" + GROUP + "/" + version;
    }

    String apiVersion() {
        return GROUP + "/" + version;
    }

    /**
     * Returns the class that snapshots of a volume have: the only one of its driver, or else the only default one, or
     * else the only one with Velero's label. Empty if there is none.
     *
     * @param volume the object of kind PersistentVolume
     */
    public Optional<SnapshotClass> of(KubernetesObject volume) throws IOException {
        String driver = driver(volume);
        List<SnapshotClass> fitting =
                classes.stream().filter(some -> some.driver().equals(driver)).toList();
        return only(fitting)
                .or(() -> only(fitting.stream().filter(SnapshotClass::isDefault).toList()))
                .or(() -> only(fitting.stream().filter(SnapshotClass::isVelero).toList()));
    }

    private static Optional<SnapshotClass> only(List<SnapshotClass> some) {
        return some.size() == 1 ? Optional.of(some.get(0)) : Optional.empty();
    }

    /** A volume of a driver that was once built in does not name the one that has replaced it in its specification. */
    static String driver(KubernetesObject volume) throws IOException {
        Map<String, String> annotations = volume.annotations();
        Optional<String> csi = volume.spec().objectOrEmpty("csi").optionalString("driver");
        if (csi.isPresent()) {
            return csi.get();
        }
        String provisioner = annotations.getOrDefault("pv.kubernetes.io/provisioned-by", "");
        return annotations.getOrDefault("pv.kubernetes.io/migrated-to", provisioner);
    }
}
