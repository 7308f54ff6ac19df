package dev.lifeboat.internal.seal;

import dev.lifeboat.format.DamagedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.hpke.HPKE;

/**
 * Seals keys for readers, without being able to open them again: HPKE (RFC 9180), base mode, X25519, HKDF-SHA-256,
 * AES-256-GCM.
 */
final class Recipient {
    private static final byte[] INFO = "lifeboat/1 content key".getBytes(StandardCharsets.US_ASCII);
    private static final int ENCAPSULATED_BYTES = 32;

    private Recipient() {}

    private static HPKE hpke() {
        return new HPKE(HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM256);
    }

    private static AsymmetricCipherKeyPair pair(byte[] readerSecret) {
        return hpke().deriveKeyPair(Derivation.derive(readerSecret, new byte[0], "recipient", KeyBundle.BYTES));
    }

    static byte[] publicKey(byte[] readerSecret) {
        HPKE hpke = hpke();
        return hpke.serializePublicKey(pair(readerSecret).getPublic());
    }

    static byte[] seal(byte[] publicKey, byte[] associated, byte[] plain) {
        try {
            HPKE hpke = hpke();
            byte[][] sealed =
                    hpke.seal(hpke.deserializePublicKey(publicKey), INFO, associated, plain, null, null, null);
            byte[] out = Arrays.copyOf(sealed[1], ENCAPSULATED_BYTES + sealed[0].length);
            System.arraycopy(sealed[0], 0, out, ENCAPSULATED_BYTES, sealed[0].length);
            return out;
        } catch (InvalidCipherTextException e) {
            throw new IllegalStateException("HPKE sealing failed", e);
        }
    }

    static byte[] open(byte[] readerSecret, byte[] associated, byte[] sealed) throws DamagedException {
        if (sealed.length < ENCAPSULATED_BYTES + Gcm.TAG_BYTES) {
            throw new DamagedException("the key of a pack is too short");
        }
        try {
            return hpke().open(
                            Arrays.copyOf(sealed, ENCAPSULATED_BYTES),
                            pair(readerSecret),
                            INFO,
                            associated,
                            Arrays.copyOfRange(sealed, ENCAPSULATED_BYTES, Math.max(sealed.length, ENCAPSULATED_BYTES)),
                            null,
                            null,
                            null);
        } catch (InvalidCipherTextException | IllegalArgumentException | IllegalStateException e) {
            throw new DamagedException("the key of a pack cannot be opened: it is damaged or of another repository", e);
        }
    }
}
