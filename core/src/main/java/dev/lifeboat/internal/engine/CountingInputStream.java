package dev.lifeboat.internal.engine;

import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.internal.io.Io;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;

/** Counts bytes as they are read. A read on an interrupted thread fails. Holes are preserved and not counted. */
public final class CountingInputStream extends FilterInputStream {
    private final LongConsumer count;

    private CountingInputStream(InputStream in, LongConsumer count) {
        super(in);
        this.count = count;
    }

    public static InputStream of(InputStream in, LongConsumer count) {
        return in instanceof SparseInputStream sparse
                ? new SparseInputStream(sparse.map(), new CountingInputStream(sparse.data(), count))
                : new CountingInputStream(in, count);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        Io.checkInterrupt();
        int n = super.read(b, off, len);
        if (n > 0) {
            count.accept(n);
        }
        return n;
    }
}
