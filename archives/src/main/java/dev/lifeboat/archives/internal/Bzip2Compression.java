package dev.lifeboat.archives.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;

/** bzip2, of one or more streams. */
public final class Bzip2Compression extends CommonsCompression {
    /** For {@link java.util.ServiceLoader}. */
    public Bzip2Compression() {
        super("bzip2", "425a68");
    }

    @Override
    InputStream open(InputStream in) throws IOException {
        return new BZip2CompressorInputStream(in, true);
    }

    @Override
    public OutputStream compress(OutputStream out) throws IOException {
        return new BZip2CompressorOutputStream(out);
    }
}
