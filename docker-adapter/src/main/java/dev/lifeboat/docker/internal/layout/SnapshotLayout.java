package dev.lifeboat.docker.internal.layout;

import dev.lifeboat.docker.internal.layout.Location.Part;
import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;

/**
 * Where each part of an application lies in its snapshot: docs/FORMAT.md, section 7. Documents and directories that
 * Lifeboat creates have fixed times, so that equal content results in equal entries.
 */
public final class SnapshotLayout {
    public static final EntryPath COMPOSE = EntryPath.of("compose");
    public static final EntryPath CONTAINERS = EntryPath.of("containers");
    /** What a command printed, and the document about it. */
    public static final EntryPath OUTPUT = EntryPath.of("exec/output");

    public static final EntryPath COMMAND = EntryPath.of("exec/command.json");
    public static final EntryPath IMAGES = EntryPath.of("images");
    public static final EntryPath LIFEBOAT = EntryPath.of("lifeboat");
    public static final EntryPath NETWORKS = EntryPath.of("networks");
    public static final EntryPath PATHS = EntryPath.of("paths");
    public static final EntryPath ROOTFS = EntryPath.of("rootfs");
    public static final EntryPath VOLUMES = EntryPath.of("volumes");
    /** Maximum length of a document; Lifeboat writes no longer ones. */
    private static final int MAX_BYTES = 64 << 20;

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

    /** Returns the directory of an image, by the digest of its configuration. */
    public static EntryPath image(String digest) {
        return IMAGES.resolve(hex(digest));
    }

    /** Returns a digest without the name of its algorithm. */
    public static String hex(String digest) {
        return digest.substring(digest.indexOf(':') + 1);
    }

    /** Returns the directory of a volume. */
    public static EntryPath volume(String key) {
        return VOLUMES.resolve(ByteString.utf8(key));
    }

    private static EntryPath volumeData(ByteString key) {
        return VOLUMES.resolve(key).resolve("data");
    }

    /** Offers a directory that Lifeboat creates. */
    public static void directory(EntrySink sink, EntryPath path) throws IOException {
        offerOnly(sink, Entry.directory(path, attributes(0755)));
    }

    /** Offers an entry without content. */
    public static void offerOnly(EntrySink sink, Entry entry) throws IOException {
        if (sink.offer(entry)) {
            throw new IOException("content of '" + entry.path() + "' was requested, but it has no content");
        }
    }

    /** Offers a document and sends it if it is wanted. */
    public static void send(EntrySink sink, EntryPath path, byte[] content) throws IOException {
        Entry entry = Entry.file(path, content.length, attributes(0600));
        if (sink.offer(entry)) {
            sink.content(entry, new ByteArrayInputStream(content));
        }
    }

    /** Offers a document whose content is known only at the end. */
    public static boolean offerLate(EntrySink sink, EntryPath path) throws IOException {
        return sink.offer(Entry.fileOfUnknownSize(path, attributes(0600)));
    }

    /** Sends a document that was offered with {@link #offerLate} and is wanted. */
    public static void sendLate(EntrySink sink, EntryPath path, byte[] content) throws IOException {
        sink.content(Entry.file(path, content.length, attributes(0600)), new ByteArrayInputStream(content));
    }

    /** Parses a document that is being restored. */
    public static JsonObject read(EntryPath path, InputStream in) throws IOException {
        return JsonObject.parse(bytes(path, in), "'" + path + "' of the snapshot");
    }

    /** Reads a small file that is being restored. */
    public static byte[] bytes(EntryPath path, InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
            throw new IOException(
                    "'" + path + "' of the snapshot has over " + MAX_BYTES + " bytes; it was not written by Lifeboat");
        }
        return bytes;
    }

    public static Attributes attributes(int mode) {
        return Attributes.of(mode, 0, 0, Instant.EPOCH);
    }
}
