package dev.lifeboat.archives.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HexFormat;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;

/** bzip2, of one or more streams. */
public final class Bzip2Compression extends CommonsCompression {
    /** For {@link java.util.ServiceLoader}. */
    public Bzip2Compression() {
        super("bzip2", "425a68");
    }

    /** Names of files begin with the first three bytes, too. Then come a digit, and the magic of a block or the end. */
    @Override
    public boolean recognizes(byte[] head) {
        return super.recognizes(head)
                && HexFormat.of().formatHex(head).matches("425a683[1-9](314159265359|177245385090).*");
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
