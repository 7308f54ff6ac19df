package dev.lifeboat.docker.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A mount of a container, as {@code Mounts} of its inspect lists it.
 *
 * @param type {@code volume}, {@code bind}, {@code tmpfs} or another
 * @param name of the volume; empty for other types
 * @param source path on the host
 * @param destination path in the container, normalized
 * @param writable whether the container may write to it
 * @param json the mount itself, every field kept
 */
public record MountSpec(
        String type, String name, String source, String destination, boolean writable, JsonObject json) {
    /** Reads a mount. */
    public static MountSpec of(JsonObject json) throws IOException {
        return new MountSpec(
                json.string("Type"),
                json.optionalString("Name").orElse(""),
                json.optionalString("Source").orElse(""),
                Path.of(json.string("Destination")).normalize().toString(),
                json.flag("RW"),
                json);
    }

    /** Whether it is a volume. */
    public boolean isVolume() {
        return type.equals("volume");
    }

    /** Whether it is a path of the host. */
    public boolean isBind() {
        return type.equals("bind");
    }
}
