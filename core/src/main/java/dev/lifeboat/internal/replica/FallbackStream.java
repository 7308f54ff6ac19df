package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.storage.ByteRange;
import java.io.IOException;
import java.io.InputStream;

/** Continues from a copy if reading one store fails. Falls back once. */
final class FallbackStream extends BulkInputStream {
    private InputStream in;
    private final ByteRange range;
    private final Copy copy;
    private long position;
    private boolean fellBack;

    /** Opens the rest of a range elsewhere. */
    @FunctionalInterface
    interface Copy {
        /**
         * Opens the rest of the range.
         *
         * @throws IOException the cause, if there is no copy
         */
        InputStream open(ByteRange rest, IOException cause) throws IOException;
    }

    /** Reads an opened range. Closing closes the stream that was read last. */
    FallbackStream(InputStream in, ByteRange range, Copy copy) {
        this.in = in;
        this.range = range;
        this.copy = copy;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        try {
            return count(in.read(b, off, len));
        } catch (IOException e) {
            if (fellBack || range.length() == position) {
                throw e;
            }
            fellBack = true;
            long left = range.length() == ByteRange.TO_END ? ByteRange.TO_END : range.length() - position;
            InputStream other = copy.open(new ByteRange(range.offset() + position, left), e);
            in.close();
            in = other;
            return count(in.read(b, off, len));
        }
    }

    private int count(int n) {
        position += Math.max(n, 0);
        return n;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
