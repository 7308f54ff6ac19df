package dev.lifeboat.oci.internal.image;

import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.function.Function;

/** A blob that is verified when its end is read: if it has another digest, the end is an exception instead. */
public final class VerifiedBlob extends BulkInputStream {
    private final InputStream in;
    private final String expected;
    private final Function<String, IOException> damaged;
    private final MessageDigest digest = Digests.sha256();
    private boolean verified;

    /**
     * Creates a stream; closing it closes {@code in}.
     *
     * @param expected such as {@code sha256:...}
     * @param damaged makes the exception from the digest that was found
     */
    public VerifiedBlob(InputStream in, String expected, Function<String, IOException> damaged) {
        this.in = in;
        this.expected = expected;
        this.damaged = damaged;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int n = in.read(buffer, offset, length);
        if (n > 0) {
            digest.update(buffer, offset, n);
        } else if (n < 0 && !verified) {
            String found = "sha256:" + Digests.hex(digest.digest());
            if (!found.equals(expected)) {
                throw damaged.apply(found);
            }
            verified = true;
        }
        return n;
    }

    /** Returns the digest of a document. */
    public static String digest(byte[] document) {
        return "sha256:" + Digests.hex(Digests.sha256(document, document.length));
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
