package dev.lifeboat.internal.seal;

import dev.lifeboat.internal.io.Digests;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;

/**
 * The signing key of a key slot: Ed25519 (RFC 8032), derived from the passphrase or key of the slot. A holder of
 * another slot cannot derive it, even with all secrets of the repository. See docs/FORMAT.md, section 8. Immutable.
 */
public final class Signer {
    private static final int SEED_BYTES = 32;
    private static final int ENDORSEMENT_BYTES = 32;

    private final byte[] seed;

    Signer(byte[] repository, String slot, byte[] slotKey) {
        this.seed = Derivation.derive(slotKey, repository, "signer " + slot, SEED_BYTES);
    }

    /**
     * The library, in a class of its own: each process that opens a repository loads {@link Signer}, few sign. The
     * first class of Bouncy Castle takes 0.1 s, since the signature of its jar is verified then.
     */
    private static final class Ed25519 {
        private static Ed25519PrivateKeyParameters key(byte[] seed) {
            return new Ed25519PrivateKeyParameters(seed, 0);
        }

        static byte[] publicKey(byte[] seed) {
            return key(seed).generatePublicKey().getEncoded();
        }

        static byte[] sign(byte[] seed, byte[] message) {
            Ed25519Signer signer = new Ed25519Signer();
            signer.init(true, key(seed));
            signer.update(message, 0, message.length);
            return signer.generateSignature();
        }

        static boolean isSigned(byte[] publicKey, byte[] message, byte[] signature) {
            if (publicKey.length != Ed25519PublicKeyParameters.KEY_SIZE
                    || signature.length != Ed25519PrivateKeyParameters.SIGNATURE_SIZE) {
                return false;
            }
            try {
                Ed25519Signer verifier = new Ed25519Signer();
                verifier.init(false, new Ed25519PublicKeyParameters(publicKey, 0));
                verifier.update(message, 0, message.length);
                return verifier.verifySignature(signature);
            } catch (IllegalArgumentException e) {
                // Not a point on the curve.
                return false;
            }
        }
    }

    /** Returns the key by which signatures are verified. */
    public byte[] publicKey() {
        return Ed25519.publicKey(seed);
    }

    /** Signs a message. */
    public byte[] sign(byte[] message) {
        return Ed25519.sign(seed, message);
    }

    /** Returns whether the holder of a public key has signed a message. */
    public static boolean isSigned(byte[] publicKey, byte[] message, byte[] signature) {
        return Ed25519.isSigned(publicKey, message, signature);
    }

    /**
     * Derives the proof that a holder of the read right has added a slot with this public key and label. Empty without
     * the read right.
     */
    public static byte[] endorse(
            KeyBundle bundle, byte[] repository, String slot, boolean mayRead, String label, byte[] key) {
        if (!bundle.mayRead()) {
            return new byte[0];
        }
        // A label may have any characters.
        byte[] text = label.getBytes(StandardCharsets.UTF_8);
        String purpose = "endorse " + slot + (mayRead ? " read " : " write ")
                + HexFormat.of().formatHex(key) + " " + Digests.hex(Digests.sha256(text, text.length));
        return Derivation.derive(bundle.reader().orElseThrow(), repository, purpose, ENDORSEMENT_BYTES);
    }

    /**
     * Returns whether a holder of the read right has added a slot with this public key and label. Without the read
     * right this cannot be determined; then the result is false.
     */
    public static boolean isEndorsed(
            KeyBundle bundle,
            byte[] repository,
            String slot,
            boolean mayRead,
            String label,
            byte[] key,
            byte[] endorsement) {
        return bundle.mayRead()
                && MessageDigest.isEqual(endorsement, endorse(bundle, repository, slot, mayRead, label, key));
    }
}
