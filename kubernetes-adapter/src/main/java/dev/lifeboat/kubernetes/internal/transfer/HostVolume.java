package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds the directory of a volume on this machine. A path alone proves nothing: the volume may be of another machine
 * that has the same path. So a process of a pod that mounts the volume must be in view, and must see the same directory
 * (device and inode) there.
 */
public final class HostVolume {
    /** Where kubelets keep the volumes of pods, unless they are configured otherwise. */
    private static final Path KUBELET = Path.of("/var/lib/kubelet");

    private HostVolume() {}

    /**
     * Reads the object of a volume; empty if there is none, or it may not be read: nothing is proven then.
     *
     * @param name of the volume
     */
    public static Optional<KubernetesObject> read(ApiClient client, String name) throws IOException {
        try {
            return client.find("/api/v1/persistentvolumes/" + ApiClient.encode(name), "read persistent volume " + name)
                    .map(KubernetesObject::of);
        } catch (KubernetesException e) {
            if (e.kind() != KubernetesException.Kind.FORBIDDEN) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /**
     * Returns the directory of a volume, if it is proven to be the one that a pod mounts.
     *
     * @param volume the object of kind PersistentVolume
     * @param podUid identity of a running pod that mounts the whole volume
     * @param mountPath where a container of it does
     */
    public static Optional<Path> find(KubernetesObject volume, String podUid, String mountPath) throws IOException {
        Optional<Path> directory = candidate(volume, podUid).filter(Files::isDirectory);
        return directory.isPresent() && isMounted(directory.get(), podUid, mountPath) ? directory : Optional.empty();
    }

    private static Optional<Path> candidate(KubernetesObject volume, String podUid) throws IOException {
        JsonObject spec = volume.spec();
        for (String source : new String[] {"hostPath", "local"}) {
            if (spec.has(source)) {
                return Optional.of(Path.of(spec.object(source).string("path")));
            }
        }
        if (spec.has("csi")
                && podUid.matches("[0-9a-fA-F-]{1,64}")
                && volume.name().matches("[a-z0-9.-]{1,253}")) {
            return Optional.of(KUBELET.resolve("pods")
                    .resolve(podUid)
                    .resolve("volumes/kubernetes.io~csi")
                    .resolve(volume.name())
                    .resolve("mount"));
        }
        return Optional.empty();
    }

    private static boolean isMounted(Path directory, String podUid, String mountPath) throws IOException {
        String marks = "pod" + podUid;
        String systemd = "pod" + podUid.replace('-', '_');
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                String groups = read(process.resolve("cgroup"));
                if ((groups.contains(marks) || groups.contains(systemd))
                        && isSame(directory, Path.of(process + "/root" + mountPath))) {
                    return true;
                }
            }
        } catch (IOException e) {
            // There is no /proc, or it is not to be read: nothing is proven.
            return false;
        }
        return false;
    }

    /** A process that ends in between has no groups. */
    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean isSame(Path one, Path other) {
        try {
            return Files.getAttribute(one, "unix:dev").equals(Files.getAttribute(other, "unix:dev"))
                    && Files.getAttribute(one, "unix:ino").equals(Files.getAttribute(other, "unix:ino"));
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
