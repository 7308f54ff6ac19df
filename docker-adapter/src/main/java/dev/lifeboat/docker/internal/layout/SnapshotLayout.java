package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.layout.Location.Part;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.EntryPath;
import java.util.List;

/**
 * Where each part of an application lies in its snapshot: docs/FORMAT.md, section 7.
 */
public final class SnapshotLayout {
    public static final EntryPath COMPOSE = EntryPath.of("compose");
    public static final EntryPath CONTAINERS = EntryPath.of("containers");
    /** What a command printed, and the document about it. */
    public static final EntryPath OUTPUT = EntryPath.of("exec/output");

    public static final EntryPath COMMAND = EntryPath.of("exec/command.json");
    public static final EntryPath NETWORKS = EntryPath.of("networks");
    public static final EntryPath PATHS = EntryPath.of("paths");
    public static final EntryPath ROOTFS = EntryPath.of("rootfs");
    public static final EntryPath VOLUMES = EntryPath.of("volumes");

    private SnapshotLayout() {}

    /** Returns the part that a path belongs to. */
    public static Location parse(EntryPath path) {
        List<ByteString> segments = path.segments();
        if (segments.size() < 2) {
            return new Location(Part.OTHER, "", path);
        }
        String name = segments.get(1).toString();
        String third = segments.size() > 2 ? segments.get(2).toString() : "";
        return switch (segments.get(0).toString()) {
            case "containers" -> third.equals("config.json") ? new Location(Part.CONTAINER, name, path) : other(path);
            case "compose" ->
                name.equals("project.json") && third.isEmpty() ? new Location(Part.PROJECT, "", path) : other(path);
            case "images" -> new Location(Part.IMAGE, name, path);
            case "networks" ->
                third.isEmpty() && name.endsWith(".json") ? new Location(Part.NETWORK, name, path) : other(path);
            case "paths" ->
                switch (third) {
                    case "bind.json" -> new Location(Part.PATH, name, path);
                    case "data" ->
                        new Location(
                                Part.PATH_DATA,
                                name,
                                PATHS.resolve(segments.get(1)).resolve("data"));
                    default -> other(path);
                };
            case "rootfs" -> new Location(Part.LAYER, name, ROOTFS.resolve(segments.get(1)));
            case "volumes" ->
                switch (third) {
                    case "config.json" -> new Location(Part.VOLUME, name, path);
                    case "data" -> new Location(Part.VOLUME_DATA, name, volumeData(segments.get(1)));
                    default -> other(path);
                };
            default -> other(path);
        };
    }

    private static Location other(EntryPath path) {
        return new Location(Part.OTHER, "", path);
    }

    /** Returns the directory of a container's document. */
    public static EntryPath container(String key) {
        return CONTAINERS.resolve(ByteString.utf8(key));
    }

    /** Returns the root of a container's writable layer. */
    public static EntryPath layer(String key) {
        return ROOTFS.resolve(ByteString.utf8(key));
    }

    /** Returns the directory of a volume. */
    public static EntryPath volume(String key) {
        return VOLUMES.resolve(ByteString.utf8(key));
    }

    private static EntryPath volumeData(ByteString key) {
        return VOLUMES.resolve(key).resolve("data");
    }
}
