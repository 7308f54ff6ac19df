package dev.lifeboat.archives.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorOutputStream;

/** lz4, in frames: lz4_Frame_format.md 1.6. */
public final class Lz4Compression extends CommonsCompression {
    /** For {@link java.util.ServiceLoader}. */
    public Lz4Compression() {
        super("lz4", "04224d18");
    }

    @Override
    InputStream open(InputStream in) throws IOException {
        return new FramedLZ4CompressorInputStream(in, true);
    }

    @Override
    public OutputStream compress(OutputStream out) throws IOException {
        return new FramedLZ4CompressorOutputStream(out);
    }
}
