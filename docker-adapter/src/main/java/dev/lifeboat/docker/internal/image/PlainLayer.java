package dev.lifeboat.docker.internal.image;

import com.github.luben.zstd.ZstdInputStream;
import dev.lifeboat.internal.io.UnnamedFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.Optional;

/**
 * A layer for an engine that cannot read zstd. One that is compressed so is written to a temporary file first, since a
 * tar needs to know its size; any other is passed on.
 */
final class PlainLayer implements AutoCloseable {
    /** RFC 8878, section 3.1.1. */
    private static final byte[] MAGIC = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};

    private final InputStream content;
    private final long size;
    private final Optional<UnnamedFile> spool;

    private PlainLayer(InputStream content, long size, Optional<UnnamedFile> spool) {
        this.content = content;
        this.size = size;
        this.spool = spool;
    }

    static PlainLayer of(InputStream in, long size) throws IOException {
        byte[] start = in.readNBytes(MAGIC.length);
        InputStream whole = new SequenceInputStream(new ByteArrayInputStream(start), in);
        if (!Arrays.equals(start, MAGIC)) {
            return new PlainLayer(whole, size, Optional.empty());
        }
        UnnamedFile spool = UnnamedFile.create("lifeboat-layer-");
        boolean opened = false;
        try {
            long plainSize = new ZstdInputStream(whole).transferTo(spool.output());
            opened = true;
            return new PlainLayer(spool.input(), plainSize, Optional.of(spool));
        } finally {
            if (!opened) {
                spool.close();
            }
        }
    }

    InputStream content() {
        return content;
    }

    long size() {
        return size;
    }

    @Override
    public void close() throws IOException {
        if (spool.isPresent()) {
            spool.get().close();
        }
    }
}
