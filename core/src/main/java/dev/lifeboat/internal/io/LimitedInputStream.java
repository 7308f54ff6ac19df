package dev.lifeboat.internal.io;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.Supplier;

/** A stream that fails as soon as more than some number of bytes was read. */
public final class LimitedInputStream extends BulkInputStream {
    private final InputStream in;
    private final Supplier<IOException> exceeded;
    private long left;

    /**
     * Creates a stream; closing it closes {@code in}.
     *
     * @param limit how many bytes may be read
     * @param exceeded makes the exception if there are more
     */
    public LimitedInputStream(InputStream in, long limit, Supplier<IOException> exceeded) {
        this.in = in;
        this.left = limit;
        this.exceeded = exceeded;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        int n = in.read(b, off, len);
        if (n > 0) {
            left -= n;
            if (left < 0) {
                throw exceeded.get();
            }
        }
        return n;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
