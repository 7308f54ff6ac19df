package dev.lifeboat.docker;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;

/** Files and directories of a snapshot that we make up ourselves. Their times are fixed, so that equal content is an equal entry. */
final class Documents {
    static final EntryPath CONTAINERS = EntryPath.of("containers");
    static final EntryPath IMAGES = EntryPath.of("images");
    static final EntryPath LIFEBOAT = EntryPath.of("lifeboat");
    static final EntryPath MOUNTS = EntryPath.of("mounts");
    static final EntryPath NETWORKS = EntryPath.of("networks");
    static final EntryPath ROOTFS = EntryPath.of("rootfs");
    static final EntryPath VOLUMES = EntryPath.of("volumes");
    /** Longer documents are not ours. */
    private static final int MAX_BYTES = 64 << 20;

    private Documents() {}

    /** Offers a directory that is ours. */
    static void directory(EntrySink sink, EntryPath path) throws IOException {
        offerOnly(sink, Entry.directory(path, attributes(0755)));
    }

    /** Offers what has no content. */
    static void offerOnly(EntrySink sink, Entry entry) throws IOException {
        if (sink.offer(entry)) {
            throw new IOException("content of '" + entry.path() + "' is wanted, though it has none");
        }
    }

    /** Offers a document and sends it. */
    static void send(EntrySink sink, EntryPath path, byte[] content) throws IOException {
        Entry entry = Entry.file(path, content.length, attributes(0600));
        if (sink.offer(entry)) {
            sink.content(entry, new ByteArrayInputStream(content));
        }
    }

    /** Offers a document whose content is known only at the end. */
    static boolean offerLate(EntrySink sink, EntryPath path) throws IOException {
        return sink.offer(Entry.fileOfUnknownSize(path, attributes(0600)));
    }

    /** Sends a document that was offered late, and wanted. */
    static void sendLate(EntrySink sink, EntryPath path, byte[] content) throws IOException {
        sink.content(Entry.file(path, content.length, attributes(0600)), new ByteArrayInputStream(content));
    }

    /** Reads a document that is restored. */
    static JsonObject read(EntryPath path, InputStream in) throws IOException {
        return JsonObject.parse(bytes(path, in), "'" + path + "' of the snapshot");
    }

    /** Reads a small file that is restored. */
    static byte[] bytes(EntryPath path, InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
            throw new IOException(
                    "'" + path + "' of the snapshot has over " + MAX_BYTES + " bytes; it is no document of ours");
        }
        return bytes;
    }

    static Attributes attributes(int mode) {
        return Attributes.of(mode, 0, 0, Instant.EPOCH);
    }
}
