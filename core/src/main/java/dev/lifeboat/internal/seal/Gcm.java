package dev.lifeboat.internal.seal;

import dev.lifeboat.format.DamagedException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/** AES-256-GCM (NIST SP 800-38D) of the JCA, with tags of 128 bits. */
final class Gcm {
    static final int NONCE_BYTES = 12;
    static final int TAG_BYTES = 16;

    /**
     * The JDK's GCM is compiled by how often it is called, not by how long it runs: in pieces of 1 KiB it is at full speed after some 8 MB,
     * with whole chunks after some 200 MB, at 50 MB/s till then (docs/BENCHMARKS.md).
     */
    private static final int PIECE_BYTES = 1024;

    private Gcm() {}

    private static Cipher cipher(int mode, SecretKey key, byte[] nonce, byte[] associated)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BYTES * 8, nonce));
        cipher.updateAAD(associated);
        return cipher;
    }

    static int seal(
            SecretKey key,
            byte[] nonce,
            byte[] associated,
            byte[] in,
            int offset,
            int length,
            byte[] out,
            int outOffset) {
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, key, nonce, associated);
            int from = offset;
            int to = outOffset;
            int end = offset + length;
            while (end - from > PIECE_BYTES) {
                to += cipher.update(in, from, PIECE_BYTES, out, to);
                from += PIECE_BYTES;
            }
            to += cipher.doFinal(in, from, end - from, out, to);
            return to - outOffset;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
    }

    static int open(
            SecretKey key,
            byte[] nonce,
            byte[] associated,
            byte[] in,
            int offset,
            int length,
            byte[] out,
            int outOffset)
            throws DamagedException {
        if (length < TAG_BYTES) {
            throw new DamagedException("sealed bytes are shorter than their tag");
        }
        try {
            return cipher(Cipher.DECRYPT_MODE, key, nonce, associated).doFinal(in, offset, length, out, outOffset);
        } catch (AEADBadTagException e) {
            throw new DamagedException("its authentication tag does not match", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
    }

    /** Seals with a random nonce, which comes first. For no more than 2^32 messages of one key (SP 800-38D, 8.3). */
    static byte[] sealRandom(SecretKey key, SecureRandom random, byte[] associated, byte[] plain) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        byte[] out = Arrays.copyOf(nonce, NONCE_BYTES + plain.length + TAG_BYTES);
        seal(key, nonce, associated, plain, 0, plain.length, out, NONCE_BYTES);
        return out;
    }

    static byte[] openRandom(SecretKey key, byte[] associated, byte[] sealed) throws DamagedException {
        if (sealed.length < NONCE_BYTES + TAG_BYTES) {
            throw new DamagedException("sealed bytes are shorter than nonce and tag");
        }
        byte[] out = new byte[sealed.length - NONCE_BYTES - TAG_BYTES];
        open(
                key,
                Arrays.copyOf(sealed, NONCE_BYTES),
                associated,
                sealed,
                NONCE_BYTES,
                sealed.length - NONCE_BYTES,
                out,
                0);
        return out;
    }
}
