package dev.lifeboat.docker;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Whether the engine's files can be read from here: only where it runs on this machine and in view of this process. Proven by a folder
 * that its data root has for a container of a random id; a path that just happens to exist here, too, proves nothing.
 */
final class LocalPaths {
    private final Path dataRoot;
    private final boolean proven;

    private LocalPaths(Path dataRoot, boolean proven) {
        this.dataRoot = dataRoot;
        this.proven = proven;
    }

    /**
     * Looks.
     *
     * @param containerId the full id of any container of the engine
     */
    static LocalPaths of(EngineClient client, String containerId) throws IOException {
        JsonObject info = client.get("/info", "ask the engine about itself");
        Path root = Path.of(info.optionalString("DockerRootDir").orElse("/nowhere"));
        // With a user namespace of its own, the numbers of owners on the disk are not those the containers see.
        boolean shifted = info.strings("SecurityOptions").stream()
                .anyMatch(option -> option.contains("name=userns") || option.contains("name=rootless"));
        boolean proven = !shifted
                && "unix".equals(client.uri().getScheme())
                && System.getProperty("os.name").equals("Linux")
                && containerId.matches("[0-9a-f]{64}")
                && Files.isReadable(
                        root.resolve("containers").resolve(containerId).resolve("config.v2.json"));
        return new LocalPaths(root, proven);
    }

    /** Looks, with whatever container there is; empty if there is none. */
    static Optional<LocalPaths> ofAny(EngineClient client) throws IOException {
        List<JsonObject> some = client.getList("/containers/json?all=1&limit=1", "list containers");
        return some.isEmpty()
                ? Optional.empty()
                : Optional.of(of(client, some.get(0).string("Id")));
    }

    /** As {@link #volume}; empty, too, if the engine's answer is not understood. */
    Optional<Path> volumeIfPlain(JsonObject inspect) {
        try {
            return volume(inspect);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Whether the engine's data root is in view. */
    boolean seesFiles() {
        return proven;
    }

    /** The data of a volume, if it lies in the engine's own data root: with other drivers or options it may need to be mounted first. */
    Optional<Path> volume(JsonObject inspect) throws IOException {
        boolean plain = inspect.string("Driver").equals("local")
                && inspect.objectOrEmpty("Options").members().isEmpty();
        return plain ? readable(inspect.string("Mountpoint")) : Optional.empty();
    }

    /** The writable layer of a container, if the storage driver keeps it as a directory. */
    Optional<Path> writableLayer(JsonObject inspect) throws IOException {
        JsonObject driver = inspect.objectOrEmpty("GraphDriver");
        if (!driver.optionalString("Name").orElse("").equals("overlay2")) {
            return Optional.empty();
        }
        Optional<String> upper = driver.objectOrEmpty("Data").optionalString("UpperDir");
        return upper.isPresent() ? readable(upper.get()) : Optional.empty();
    }

    /** A bind mount's host path. */
    Optional<Path> bind(String source) {
        return proven && Files.isReadable(Path.of(source)) ? Optional.of(Path.of(source)) : Optional.empty();
    }

    private Optional<Path> readable(String path) {
        Path directory = Path.of(path);
        return proven && directory.startsWith(dataRoot) && Files.isDirectory(directory) && Files.isReadable(directory)
                ? Optional.of(directory)
                : Optional.empty();
    }
}
