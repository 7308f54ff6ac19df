package dev.lifeboat.internal.json;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.format.RepositoryKeys.SealingKey;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * Seals the documents of an encrypted repository. The members of a document are sealed as one value, bound to the kind
 * and key of the object, so that no document can take the place of another. In a repository without encryption
 * documents are stored in plain form. See docs/FORMAT.md, section 8. Thread-safe.
 */
public final class Envelope {
    private static final String KIND = "lifeboat";
    private static final String VERSION = "version";
    private static final String SEALED = "sealed";
    private static final String KEY = "key";

    private final RepositoryKeys keys;

    /** Seals with the keys of a repository. */
    public Envelope(RepositoryKeys keys) {
        this.keys = keys;
    }

    /** Returns whether documents are sealed. */
    public boolean isEncrypted() {
        return keys.isEncrypted();
    }

    /** Returns whether content for readers can be opened. */
    public boolean mayRead() {
        return keys.mayRead();
    }

    /** Encodes a document for holders of the write right. */
    public byte[] close(ObjectKey object, JsonObject document) throws IOException {
        if (!keys.isEncrypted()) {
            return SealedDocument.seal(document);
        }
        String kind = document.string(KIND);
        JsonObject outside = SealedDocument.start(kind, (int) document.number(VERSION));
        JsonObject sealed = seal(Right.WRITE, kind + " " + object, document);
        return SealedDocument.seal(outside.put(KEY, sealed.string(KEY)).put(SEALED, sealed.string(SEALED)));
    }

    /**
     * Reads a document.
     *
     * @throws java.io.FileNotFoundException if there is no such object
     * @throws DamagedException if it is not what was written under this key
     */
    public JsonObject open(StorageTarget storage, ObjectKey object, String kind, int known) throws IOException {
        return open(storage, object, object, kind, known);
    }

    /** Reads a document that was moved to {@code place} after it was written as {@code object}. */
    public JsonObject open(StorageTarget storage, ObjectKey place, ObjectKey object, String kind, int known)
            throws IOException {
        JsonObject outside = SealedDocument.read(storage, place, kind, known);
        if (!keys.isEncrypted()) {
            return outside;
        }
        String label = place + " in " + storage.location();
        if (!outside.has(SEALED)) {
            throw new DamagedException(label + " is not sealed, but the repository is encrypted");
        }
        return unseal(Right.WRITE, outside, kind + " " + object, label);
    }

    /** Seals a JSON object for holders of a right. */
    public JsonObject seal(Right right, String label, JsonObject plain) {
        SealingKey key = keys.newKey(right);
        byte[] bytes = plain.toBytes();
        byte[] sealed = new byte[bytes.length + key.overhead()];
        key.seal(0, associated(label), bytes, 0, bytes.length, sealed, 0);
        Base64.Encoder base64 = Base64.getEncoder();
        return JsonObject.create()
                .put(KEY, base64.encodeToString(key.wrapped()))
                .put(SEALED, base64.encodeToString(sealed));
    }

    /** Opens the result of {@link #seal}. */
    public JsonObject unseal(Right right, JsonObject sealed, String label, String name) throws IOException {
        try {
            Base64.Decoder base64 = Base64.getDecoder();
            SealingKey key = keys.unwrap(right, base64.decode(sealed.string(KEY)));
            byte[] bytes = base64.decode(sealed.string(SEALED));
            byte[] plain = new byte[Math.max(0, bytes.length - key.overhead())];
            key.open(0, associated(label), bytes, 0, bytes.length, plain, 0);
            return JsonObject.parse(plain, name);
        } catch (IllegalArgumentException | DamagedException e) {
            throw new DamagedException(name + " is damaged: " + e.getMessage(), e);
        }
    }

    private byte[] associated(String label) {
        byte[] text = label.getBytes(StandardCharsets.UTF_8);
        byte[] repository = keys.repository();
        return ByteBuffer.wrap(Arrays.copyOf(repository, repository.length + text.length))
                .put(repository.length, text)
                .array();
    }
}
