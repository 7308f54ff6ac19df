package dev.lifeboat.docker.internal.image;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/** A blob whose digest is computed while it is read. */
final class VerifiedBlob extends BulkInputStream {
    private final InputStream in;
    private final MessageDigest digest = Digests.sha256();

    private VerifiedBlob(InputStream in) {
        this.in = in;
    }

    /**
     * Sends a blob.
     *
     * @throws IOException if its content does not have the digest that it is named by
     */
    static void send(EntrySink sink, Entry entry, InputStream in, String expected) throws IOException {
        VerifiedBlob blob = new VerifiedBlob(in);
        sink.content(entry, blob);
        String found = "sha256:" + Digests.hex(blob.digest.digest());
        if (!found.equals(expected)) {
            throw new IOException("the engine sent " + found + " for blob " + expected + " of an image: the image is"
                    + " damaged on the engine; remove it there and pull or build it anew");
        }
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int n = in.read(buffer, offset, length);
        if (n > 0) {
            digest.update(buffer, offset, n);
        }
        return n;
    }
}
