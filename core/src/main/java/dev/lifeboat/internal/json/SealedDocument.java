package dev.lifeboat.internal.json;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The form of every small object in a repository: JSON that begins with its kind and version, and ends with the SHA-256
 * of all bytes before that last member. See docs/FORMAT.md, section 2.
 *
 * <p>{@code {"lifeboat":"<kind>","version":<n>, ... ,"sha256":"<64 hex digits>"}} and a line end.
 */
public final class SealedDocument {
    /** The maximum length of a document. It is far above what any document needs; more is refused before it is read. */
    public static final int MAX_BYTES = 64 << 20;

    private static final Pattern HEAD =
            Pattern.compile("\\{\"lifeboat\":\"([a-z-]{1,32})\",\"version\":([0-9]{1,9})[,}]");
    private static final String TAIL_START = ",\"sha256\":\"";
    private static final String TAIL_END = "\"}\n";
    private static final int TAIL_BYTES = TAIL_START.length() + 64 + TAIL_END.length();

    private SealedDocument() {}

    /** Starts a document. Add members, then {@link #seal} it. */
    public static JsonObject start(String kind, int version) {
        return JsonObject.create().put("lifeboat", kind).put("version", version);
    }

    /** Encodes a document. */
    public static byte[] seal(JsonObject document) {
        byte[] json = document.toBytes();
        byte[] body = Arrays.copyOf(json, json.length - 1);
        String tail = TAIL_START + Digests.hex(Digests.sha256().digest(body)) + TAIL_END;
        byte[] sealed = Arrays.copyOf(body, body.length + TAIL_BYTES);
        System.arraycopy(tail.getBytes(StandardCharsets.US_ASCII), 0, sealed, body.length, TAIL_BYTES);
        return sealed;
    }

    /**
     * Fetches and opens a document.
     *
     * @throws java.io.FileNotFoundException if there is no such object
     * @throws DamagedException if it is not what was written
     * @throws UnsupportedVersionException if it is of a later version than {@code known}
     */
    public static JsonObject read(StorageTarget storage, ObjectKey key, String kind, int known) throws IOException {
        return Recovery.reading(storage, key, () -> {
            try (InputStream in = storage.open(key, ByteRange.all())) {
                byte[] bytes = in.readNBytes(MAX_BYTES + 1);
                return open(bytes, kind, known, key + " in " + storage.location());
            }
        });
    }

    /** Returns whether this is an intact document of any kind and version. */
    public static boolean isWhole(byte[] bytes) {
        String head = new String(bytes, 0, Math.min(bytes.length, 80), StandardCharsets.US_ASCII);
        return HEAD.matcher(head).lookingAt() && isSealed(bytes);
    }

    private static boolean isSealed(byte[] bytes) {
        int body = bytes.length - TAIL_BYTES;
        return body >= 0
                && (TAIL_START + Digests.hex(Digests.sha256(bytes, body)) + TAIL_END)
                        .equals(new String(bytes, body, TAIL_BYTES, StandardCharsets.ISO_8859_1));
    }

    /**
     * Opens a document.
     *
     * @param label names the document and its place in messages
     */
    public static JsonObject open(byte[] bytes, String kind, int known, String label) throws IOException {
        String head = new String(bytes, 0, Math.min(bytes.length, 80), StandardCharsets.US_ASCII);
        Matcher matcher = HEAD.matcher(head);
        if (!matcher.lookingAt()) {
            throw new DamagedException(label + " is damaged: it does not begin with the header of a Lifeboat document");
        }
        int version = Integer.parseInt(matcher.group(2));
        if (version > known) {
            throw new UnsupportedVersionException(label + " is of version " + version + " of '" + matcher.group(1)
                    + "', this library knows up to " + known + "; use a newer release of Lifeboat");
        }
        if (version < 1 || !matcher.group(1).equals(kind)) {
            throw new DamagedException(label + " is damaged: expected '" + kind + "' of version 1 to " + known
                    + ", found '" + matcher.group(1) + "' of version " + version);
        }
        if (bytes.length > MAX_BYTES) {
            throw new DamagedException(label + " is damaged: longer than " + MAX_BYTES + " bytes");
        }
        if (!isSealed(bytes)) {
            throw new DamagedException(label + " is damaged: its checksum does not match");
        }
        return JsonObject.parse(bytes, label);
    }
}
