package dev.lifeboat.oci.internal.transfer;

import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UnnamedFile;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.image.OciLayout;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.zip.GZIPOutputStream;

/**
 * A layer that an engine has uncompressed only, compressed for a registry. Equal layers give equal bytes, as long as
 * the same zlib compresses them.
 */
final class GzipLayer implements Closeable {
    private final UnnamedFile spool;
    private final String digest;
    private final long size;

    private GzipLayer(UnnamedFile spool, String digest, long size) {
        this.spool = spool;
        this.digest = digest;
        this.size = size;
    }

    static GzipLayer of(Body plain) throws IOException {
        UnnamedFile spool = UnnamedFile.create("lifeboat-push-");
        boolean written = false;
        try {
            Measured measured = new Measured(spool.output());
            byte[] buffer = new byte[1 << 16];
            try (InputStream in = plain.open();
                    GZIPOutputStream gzip = new GZIPOutputStream(measured, 1 << 16)) {
                for (int n; (n = in.read(buffer)) >= 0; ) {
                    Io.checkInterrupt();
                    gzip.write(buffer, 0, n);
                }
            }
            written = true;
            return new GzipLayer(spool, "sha256:" + Digests.hex(measured.digest.digest()), measured.size);
        } finally {
            if (!written) {
                spool.close();
            }
        }
    }

    /** Counts what is written, and computes its digest. */
    private static final class Measured extends FilterOutputStream {
        private final MessageDigest digest = Digests.sha256();
        private long size;

        Measured(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] b, int off, int len) throws IOException {
            out.write(b, off, len);
            digest.update(b, off, len);
            size += len;
        }
    }

    String digest() {
        return digest;
    }

    JsonObject descriptor() {
        return OciLayout.gzipLayer(digest, size);
    }

    Body body() {
        return Body.of(size, () -> new BufferedInputStream(spool.input(), 1 << 16));
    }

    @Override
    public void close() throws IOException {
        spool.close();
    }
}
