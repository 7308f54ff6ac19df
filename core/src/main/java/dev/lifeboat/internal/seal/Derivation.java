package dev.lifeboat.internal.seal;

import java.nio.charset.StandardCharsets;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;

/** HKDF-SHA-256 (RFC 5869), bound to a repository by the salt. */
final class Derivation {
    private Derivation() {}

    static byte[] derive(byte[] secret, byte[] repository, String purpose, int length) {
        HKDFBytesGenerator hkdf = new HKDFBytesGenerator(new SHA256Digest());
        byte[] info = ("lifeboat/1 " + purpose).getBytes(StandardCharsets.US_ASCII);
        hkdf.init(new HKDFParameters(secret, repository, info));
        byte[] out = new byte[length];
        hkdf.generateBytes(out, 0, length);
        return out;
    }
}
