package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.internal.io.ContentSpool;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.storage.Content;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;

/**
 * Content before it is sent: a registry wants to know the digest first. It is in memory, or in a temporary file if it
 * is large. Closing it frees both.
 */
final class Spool implements AutoCloseable {
    private static final long MEMORY_BYTES = 8 << 20;

    private final ContentSpool spool = new ContentSpool(MEMORY_BYTES, Long.MAX_VALUE);
    private final ContentSpool.Part part = spool.part();
    private final MessageDigest sha256 = Digests.sha256();
    private String digest = "";
    private long length;

    private Spool() {}

    /** Reads content to its end. */
    static Spool of(Content content) throws IOException {
        Spool spool = new Spool();
        boolean complete = false;
        try {
            try (InputStream in = content.open()) {
                spool.fill(in);
            }
            complete = true;
            return spool;
        } finally {
            if (!complete) {
                spool.close();
            }
        }
    }

    private void fill(InputStream in) throws IOException {
        byte[] buffer = new byte[Io.BUFFER_BYTES];
        for (int n; (n = in.read(buffer)) >= 0; ) {
            Io.checkInterrupt();
            sha256.update(buffer, 0, n);
            part.write(buffer, 0, n);
            length += n;
        }
        digest = "sha256:" + Digests.hex(sha256.digest());
    }

    String digest() {
        return digest;
    }

    long length() {
        return length;
    }

    Body body() {
        return Body.of(length, part::open);
    }

    @Override
    public void close() throws IOException {
        spool.close();
    }
}
