package dev.lifeboat.archives.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorOutputStream;

/** xz, of one or more streams. A file that needs more memory than those of {@code xz -9} is refused. */
public final class XzCompression extends CommonsCompression {
    /** xz(1), "Compression preset": those of {@code xz -9} need 65 MiB. */
    private static final int MAX_MEMORY_KIB = 80 << 10;

    /** For {@link java.util.ServiceLoader}. */
    public XzCompression() {
        super("xz", "fd377a585a00");
    }

    @Override
    InputStream open(InputStream in) throws IOException {
        return XZCompressorInputStream.builder()
                .setInputStream(in)
                .setDecompressConcatenated(true)
                .setMemoryLimitKiB(MAX_MEMORY_KIB)
                .get();
    }

    @Override
    public OutputStream compress(OutputStream out) throws IOException {
        return new XZCompressorOutputStream(out);
    }
}
