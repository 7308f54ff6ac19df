package dev.lifeboat.internal.seal;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.spec.SecretKeySpec;

/**
 * The secrets of a repository, wrapped by one passphrase or key. See docs/FORMAT.md, section 8.
 *
 * @param id 32 hex digits
 * @param mayRead whether it also gives the right to read
 * @param label the name given by the user
 * @param proof that a holder of the secrets of this repository wrote the slot; a slot without it is ignored
 * @param endorsement that a holder of the read right added the slot, with its {@link Signer}; empty if a writer did
 */
@SuppressWarnings("ArrayRecordComponent")
public record KeySlot(
        String id,
        boolean mayRead,
        String label,
        Secret.Stretch stretch,
        byte[] salt,
        byte[] wrapped,
        byte[] proof,
        byte[] endorsement) {
    /** The kind of the document. */
    public static final String KIND = "key";

    private static final int VERSION = 1;
    private static final int SALT_BYTES = 16;
    private static final int PROOF_BYTES = 16;

    /**
     * Wraps secrets.
     *
     * @param bundle what the slot gives
     * @param own what the one has who adds the slot
     */
    public static OpenedSlot wrap(
            byte[] repository,
            String id,
            String label,
            KeyBundle bundle,
            KeyBundle own,
            Secret secret,
            SecureRandom random) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        byte[] none = new byte[0];
        KeySlot empty = new KeySlot(id, bundle.mayRead(), label, secret.stretch(), salt, none, none, none);
        try {
            byte[] stretched = secret.stretched(empty.stretch, salt);
            SecretKeySpec key = new SecretKeySpec(stretched, "AES");
            byte[] wrapped = Gcm.sealRandom(key, random, empty.associated(repository), bundle.toBytes());
            Signer signer = new Signer(repository, id, stretched);
            KeySlot slot = new KeySlot(
                    id,
                    bundle.mayRead(),
                    label,
                    secret.stretch(),
                    salt,
                    wrapped,
                    empty.proof(repository, bundle),
                    Signer.endorse(own, repository, id, bundle.mayRead(), label, signer.publicKey()));
            return new OpenedSlot(slot, bundle, signer);
        } catch (DamagedException e) {
            throw new IllegalStateException("the default parameters are out of bounds", e);
        }
    }

    /** Returns the secrets; empty if this is not the secret of this slot. */
    public Optional<OpenedSlot> open(byte[] repository, Secret secret) throws DamagedException {
        if (!stretch.name().equals(secret.stretch().name())) {
            return Optional.empty();
        }
        byte[] stretched = secret.stretched(stretch, salt);
        SecretKeySpec key = new SecretKeySpec(stretched, "AES");
        byte[] bundle;
        try {
            bundle = Gcm.openRandom(key, associated(repository), wrapped);
        } catch (DamagedException e) {
            // Another passphrase and another slot in place of this one look the same. Bit rot shows in the checksum of
            // the document.
            return Optional.empty();
        }
        return Optional.of(new OpenedSlot(this, KeyBundle.parse(bundle), new Signer(repository, id, stretched)));
    }

    /**
     * Derives the proof from the secret in the slot. No other repository can produce it, and no writer can produce that
     * of a slot with the read right.
     */
    private byte[] proof(byte[] repository, KeyBundle bundle) {
        byte[] secret = mayRead ? bundle.reader().orElseThrow() : bundle.writer();
        String purpose = "proof " + id + (mayRead ? " read" : " write");
        return Derivation.derive(secret, repository, purpose, PROOF_BYTES);
    }

    /**
     * Returns whether this slot wraps these secrets. With the secret of a writer this cannot be determined for a slot
     * with the read right; then the result is false.
     */
    public boolean belongsTo(byte[] repository, KeyBundle bundle) {
        return (!mayRead || bundle.mayRead()) && MessageDigest.isEqual(proof, proof(repository, bundle));
    }

    private byte[] associated(byte[] repository) {
        byte[] text = ("lifeboat/1 slot " + id + " " + (mayRead ? "read" : "write") + " " + stretch.canonical() + " "
                        + label)
                .getBytes(StandardCharsets.UTF_8);
        byte[] out = Arrays.copyOf(repository, repository.length + text.length);
        System.arraycopy(text, 0, out, repository.length, text.length);
        return out;
    }

    /** Encodes the document. */
    public byte[] toBytes() {
        Base64.Encoder base64 = Base64.getEncoder();
        JsonObject json = SealedDocument.start(KIND, VERSION)
                .put("id", id)
                .put("right", mayRead ? "read" : "write")
                .put("label", label)
                .put(
                        "stretch",
                        JsonObject.create()
                                .put("name", stretch.name())
                                .put("memoryKib", stretch.memoryKib())
                                .put("passes", stretch.passes())
                                .put("lanes", stretch.lanes()))
                .put("salt", base64.encodeToString(salt))
                .put("wrapped", base64.encodeToString(wrapped))
                .put("proof", base64.encodeToString(proof));
        if (endorsement.length > 0) {
            json.put("endorsement", base64.encodeToString(endorsement));
        }
        return SealedDocument.seal(json);
    }

    /** Parses a document. */
    public static KeySlot parse(byte[] bytes, String label) throws IOException {
        JsonObject json = SealedDocument.open(bytes, KIND, VERSION, label);
        JsonObject stretch = json.object("stretch");
        try {
            Base64.Decoder base64 = Base64.getDecoder();
            KeySlot slot = new KeySlot(
                    json.string("id"),
                    json.string("right").equals("read"),
                    json.string("label"),
                    new Secret.Stretch(
                            stretch.string("name"),
                            Math.toIntExact(stretch.size("memoryKib")),
                            Math.toIntExact(stretch.size("passes")),
                            Math.toIntExact(stretch.size("lanes"))),
                    base64.decode(json.string("salt")),
                    base64.decode(json.string("wrapped")),
                    base64.decode(json.string("proof")),
                    base64.decode(json.optionalString("endorsement").orElse("")));
            slot.stretch.check();
            return slot;
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new DamagedException(label + " is damaged: " + e.getMessage(), e);
        }
    }
}
