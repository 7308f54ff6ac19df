package dev.lifeboat.internal.document;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;

/**
 * Sends and reads documents and directories that Lifeboat creates in a snapshot. They have fixed times, so that equal
 * content results in equal entries.
 */
public final class SnapshotDocuments {
    /** The directory of what a snapshot says about its capture. */
    public static final EntryPath LIFEBOAT = EntryPath.of("lifeboat");

    /** Maximum length of a document; Lifeboat writes no longer ones. */
    private static final int MAX_BYTES = 64 << 20;

    private SnapshotDocuments() {}

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
