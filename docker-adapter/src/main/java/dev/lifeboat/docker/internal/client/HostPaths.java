package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Access to the files of an engine on this host. It is possible only if the engine runs on this machine and this
 * process sees its files. The proof is a file with a random id, of a container or a network, in the data root of the
 * engine; a path that exists on both sides proves nothing.
 */
public final class HostPaths {
    private static final String ID = "[0-9a-f]{64}";
    /** What Docker and Podman call their driver that uses overlayfs. */
    private static final Set<String> OVERLAY = Set.of("overlay2", "overlay");

    private static final long MAX_STORE_BYTES = 64 << 20;

    private final Path dataRoot;
    private final boolean proven;

    private final String hostName;

    private HostPaths(Path dataRoot, boolean proven, String hostName) {
        this.dataRoot = dataRoot;
        this.proven = proven;
        this.hostName = hostName;
    }

    /**
     * Checks access with a container of the engine.
     *
     * @param containerId its full id
     */
    public static HostPaths of(EngineClient client, String containerId) throws IOException {
        boolean podman = client.info().product() == Product.PODMAN;
        return look(client, root -> {
            Path own = podman
                    ? root.resolve("overlay-containers").resolve(containerId)
                    : root.resolve("containers").resolve(containerId).resolve("config.v2.json");
            return containerId.matches(ID) && Files.isReadable(own);
        });
    }

    /** Checks access with the networks that every engine has; their random ids are in a file of its data root. */
    public static HostPaths of(EngineClient client) throws IOException {
        if (client.info().product() == Product.PODMAN) {
            return ofAnyContainer(client);
        }
        List<String> ids = new ArrayList<>();
        for (JsonObject network : client.getList("/networks", "list networks")) {
            ids.add(network.string("Id"));
        }
        return look(client, root -> {
            Path store = root.resolve("network/files/local-kv.db");
            if (!Files.isReadable(store) || Files.size(store) > MAX_STORE_BYTES) {
                return false;
            }
            String bytes = Files.readString(store, StandardCharsets.ISO_8859_1);
            return ids.stream().anyMatch(id -> id.matches(ID) && bytes.contains(id));
        });
    }

    /** Podman keeps its networks elsewhere; without a container, one is made for the proof. */
    private static HostPaths ofAnyContainer(EngineClient client) throws IOException {
        if (!isNear(client)) {
            return look(client, root -> false);
        }
        for (JsonObject container : client.getList("/containers/json?all=1", "list containers")) {
            HostPaths paths = of(client, container.string("Id"));
            // One of a pod, or one that was removed meanwhile, proves nothing.
            if (paths.seesFiles()) {
                return paths;
            }
        }
        try (HelperContainer helper = HelperContainer.empty(client)) {
            return of(client, helper.id());
        }
    }

    @FunctionalInterface
    private interface Proof {
        boolean holdsIn(Path dataRoot) throws IOException;
    }

    private static HostPaths look(EngineClient client, Proof proof) throws IOException {
        EngineInfo info = client.info();
        Path root = info.dataRoot();
        // With a user namespace, the owner ids on disk differ from those that containers see.
        boolean shifted = info.userNamespaces() || info.rootless();
        return new HostPaths(root, isNear(client) && !shifted && proof.holdsIn(root), info.hostName());
    }

    private static boolean isNear(EngineClient client) {
        return "unix".equals(client.uri().getScheme())
                && System.getProperty("os.name").equals("Linux");
    }

    /** Returns the blobs of an engine with the image store of containerd, as far as they are in view. */
    public static ContentStore contentStore(EngineClient client) throws IOException {
        return ContentStore.of(isNear(client), client.info().dataRoot());
    }

    /** Returns whether the data root of the engine is accessible. */
    public boolean seesFiles() {
        return proven;
    }

    /** Returns the host name of the engine. */
    public String hostName() {
        return hostName;
    }

    /**
     * Returns the data of a volume, if it lies in the data root of the engine; with other drivers or options it may
     * have to be mounted first.
     */
    public Optional<Path> volume(JsonObject inspect) throws IOException {
        boolean plain = inspect.string("Driver").equals("local")
                && inspect.objectOrEmpty("Options").members().isEmpty();
        return plain ? readable(inspect.string("Mountpoint")) : Optional.empty();
    }

    /** Returns the writable layer of a container, if its storage driver keeps it as a directory that is in view. */
    public Optional<Path> writableLayer(EngineClient client, ContainerSpec container) throws IOException {
        if (!proven) {
            return Optional.empty();
        }
        if (client.info().store() == Store.CONTAINERD) {
            return OverlayMounts.writableLayer(client, container.id());
        }
        JsonObject driver = container.inspect().objectOrEmpty("GraphDriver");
        if (!OVERLAY.contains(driver.optionalString("Name").orElse(""))) {
            return Optional.empty();
        }
        Optional<String> upper = driver.objectOrEmpty("Data").optionalString("UpperDir");
        return upper.isPresent() ? readable(upper.get()) : Optional.empty();
    }

    /** Returns the host path of a bind mount. */
    public Optional<Path> bind(String source) {
        return proven && Files.isReadable(Path.of(source)) ? Optional.of(Path.of(source)) : Optional.empty();
    }

    private Optional<Path> readable(String path) {
        Path directory = Path.of(path);
        return proven && directory.startsWith(dataRoot) && Files.isDirectory(directory) && Files.isReadable(directory)
                ? Optional.of(directory)
                : Optional.empty();
    }
}
