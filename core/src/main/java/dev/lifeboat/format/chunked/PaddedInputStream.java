package dev.lifeboat.format.chunked;

import dev.lifeboat.internal.io.BulkInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * A stream of a fixed length, padded with zeros if the source is shorter: a sparse file that shrank while it was read
 * keeps its map.
 */
final class PaddedInputStream extends BulkInputStream {
    private final InputStream in;
    private long left;
    private boolean ended;

    PaddedInputStream(InputStream in, long length) {
        this.in = in;
        this.left = length;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        if (left == 0) {
            if (!ended && in.read() >= 0) {
                throw new IOException("sparse content is longer than its map");
            }
            ended = true;
            return len == 0 ? 0 : -1;
        }
        int wanted = (int) Math.min(len, left);
        int n = ended ? -1 : in.read(b, off, wanted);
        if (n < 0) {
            ended = true;
            n = wanted;
            Arrays.fill(b, off, off + n, (byte) 0);
        }
        left -= n;
        return n;
    }
}
