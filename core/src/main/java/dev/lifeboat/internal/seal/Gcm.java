package dev.lifeboat.internal.seal;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.DamagedException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;

/** AES-256-GCM (NIST SP 800-38D) of the JCA, with tags of 128 bits. */
final class Gcm {
    static final int NONCE_BYTES = 12;
    static final int TAG_BYTES = 16;

    /**
     * The JDK compiles its GCM by the number of calls, not by running time. In pieces of 1 KiB it reaches full speed
     * after some 8 MB; with whole chunks only after some 200 MB, at 50 MB/s until then (docs/BENCHMARKS.md).
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

    /** Processes bytes piece by piece, to the end. Returns the number of bytes written. */
    @CanIgnoreReturnValue
    private static int pieces(Cipher cipher, byte[] in, int offset, int length, byte[] out, int outOffset)
            throws GeneralSecurityException {
        int from = offset;
        int to = outOffset;
        int end = offset + length;
        while (end - from > PIECE_BYTES) {
            to += cipher.update(in, from, PIECE_BYTES, out, to);
            from += PIECE_BYTES;
        }
        to += cipher.doFinal(in, from, end - from, out, to);
        return to - outOffset;
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
            return pieces(cipher, in, offset, length, out, outOffset);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
    }

    /**
     * Opens by decrypting in counter mode and sealing again, which gives the tag. The JDK's GCM decrypts only whole
     * messages, and so, with chunks of 1 MiB, stays at 30 MB/s for hundreds of MB (ADR 10). Nothing is returned if the
     * tag differs.
     *
     * @return length of the plain bytes
     * @throws DamagedException if the tag does not match; then {@code out} is zeroed
     */
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
        int plain = length - TAG_BYTES;
        try {
            decrypt(key, nonce, in, offset, plain, out, outOffset);
            byte[] tag = tag(cipher(Cipher.ENCRYPT_MODE, key, nonce, associated), out, outOffset, plain);
            if (!MessageDigest.isEqual(tag, Arrays.copyOfRange(in, offset + plain, offset + length))) {
                Arrays.fill(out, outOffset, outOffset + plain, (byte) 0);
                throw new DamagedException("its authentication tag does not match");
            }
            return plain;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES in counter mode and GCM", e);
        }
    }

    /** Decrypts without checking. GCM encrypts in counter mode, starting with the second block after its nonce. */
    private static void decrypt(
            SecretKey key, byte[] nonce, byte[] in, int offset, int length, byte[] out, int outOffset)
            throws GeneralSecurityException {
        byte[] counter = Arrays.copyOf(nonce, 16);
        counter[15] = 2;
        Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding");
        cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(counter));
        pieces(cipher, in, offset, length, out, outOffset);
    }

    /**
     * Returns the tag that these plain bytes are sealed with. The sealed bytes computed along with it are the ones that
     * were decrypted; if memory has failed in between, the tag differs.
     */
    private static byte[] tag(Cipher gcm, byte[] plain, int offset, int length) throws GeneralSecurityException {
        byte[] piece = new byte[PIECE_BYTES + 2 * TAG_BYTES];
        int from = offset;
        int end = offset + length;
        while (end - from > PIECE_BYTES) {
            gcm.update(plain, from, PIECE_BYTES, piece, 0);
            from += PIECE_BYTES;
        }
        int n = gcm.doFinal(plain, from, end - from, piece, 0);
        return Arrays.copyOfRange(piece, n - TAG_BYTES, n);
    }

    /** Seals with a random nonce, which is prepended. For no more than 2^32 messages of one key (SP 800-38D, 8.3). */
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
