package dev.lifeboat.internal.seal;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * HKDF-SHA-256 (RFC 5869), bound to a repository by the salt. Uses the HMAC of the JCA: Java has no HKDF before 25, and
 * opening a repository with a key then loads no other library.
 */
final class Derivation {
    private static final int HASH_BYTES = 32;

    private Derivation() {}

    static byte[] derive(byte[] secret, byte[] repository, String purpose, int length) {
        return hkdf(secret, repository, ("lifeboat/1 " + purpose).getBytes(StandardCharsets.US_ASCII), length);
    }

    static byte[] hkdf(byte[] secret, byte[] salt, byte[] info, int length) {
        if (length > 255 * HASH_BYTES) {
            throw new IllegalArgumentException("HKDF cannot derive " + length + " bytes");
        }
        Mac extract = hmac(salt.length == 0 ? new byte[HASH_BYTES] : salt);
        Mac expand = hmac(extract.doFinal(secret));
        byte[] out = new byte[length];
        byte[] block = new byte[0];
        for (int at = 0, n = 1; at < length; at += HASH_BYTES, n++) {
            expand.update(block);
            expand.update(info);
            expand.update((byte) n);
            block = expand.doFinal();
            System.arraycopy(block, 0, out, at, Math.min(HASH_BYTES, length - at));
        }
        Arrays.fill(block, (byte) 0);
        return out;
    }

    private static Mac hmac(byte[] key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC-SHA-256", e);
        }
    }
}
