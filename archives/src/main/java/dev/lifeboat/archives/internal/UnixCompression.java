package dev.lifeboat.archives.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.commons.compress.compressors.z.ZCompressorInputStream;

/** The compress command of Unix, whose files end in {@code .Z}. Only read. */
public final class UnixCompression extends CommonsCompression {
    private static final int MAX_MEMORY_KIB = 16 << 10;

    /** For {@link java.util.ServiceLoader}. */
    public UnixCompression() {
        super("compress", "1f9d");
    }

    @Override
    InputStream open(InputStream in) throws IOException {
        return new ZCompressorInputStream(in, MAX_MEMORY_KIB);
    }

    @Override
    public OutputStream compress(OutputStream out) throws IOException {
        throw new UnsupportedOperationException("tars are not written with compress; choose gzip");
    }
}
