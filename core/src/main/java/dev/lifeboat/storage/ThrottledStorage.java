package dev.lifeboat.storage;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;

/**
 * Limits the bytes a second that go to a store and that come from it, over all threads together. Bandwidth not used in
 * one second is not saved for another. Closing it closes the store. Thread-safe.
 */
public final class ThrottledStorage extends ForwardingStorageTarget {
    private final RateLimiter up;
    private final RateLimiter down;

    private ThrottledStorage(StorageTarget delegate, RateLimiter up, RateLimiter down) {
        super(delegate);
        this.up = up;
        this.down = down;
    }

    /**
     * Limits both directions of a store.
     *
     * @param bytesUp bytes a second to the store; {@link Long#MAX_VALUE} for no limit
     * @param bytesDown bytes a second from the store; {@link Long#MAX_VALUE} for no limit
     * @throws IllegalArgumentException if either is less than 1024
     */
    public static ThrottledStorage of(StorageTarget store, long bytesUp, long bytesDown) {
        return new ThrottledStorage(store, new RateLimiter(bytesUp), new RateLimiter(bytesDown));
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        return super.put(key, new PacedContent(content, up), condition);
    }

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        return new PacedStream(super.open(key, range), down);
    }

    private record PacedContent(Content content, RateLimiter pace) implements Content {
        @Override
        public OptionalLong length() {
            return content.length();
        }

        @Override
        public InputStream open() throws IOException {
            return new PacedStream(content.open(), pace);
        }

        @Override
        public boolean repeatable() {
            return content.repeatable();
        }
    }

    /** Waits before it returns bytes, in pieces short enough to use the line evenly. */
    private static final class PacedStream extends FilterInputStream {
        private final RateLimiter pace;

        PacedStream(InputStream in, RateLimiter pace) {
            super(in);
            this.pace = pace;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n = super.read(b, off, Math.min(len, pace.piece()));
            if (n > 0) {
                pace.take(n);
            }
            return n;
        }

        @Override
        public long skip(long n) throws IOException {
            // Skipped bytes were transferred, too.
            return Math.max(0, read(new byte[(int) Math.min(n, pace.piece())]));
        }
    }
}
