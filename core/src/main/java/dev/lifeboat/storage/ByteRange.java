package dev.lifeboat.storage;

import java.io.IOException;
import java.io.InputStream;

/**
 * The bytes {@code [offset, offset + length)} of an object. A {@code length} of {@link #TO_END} extends to its end.
 *
 * @param offset of the first byte
 * @param length in bytes, at least 1, or {@link #TO_END}
 */
public record ByteRange(long offset, long length) {
    /** The length of a range that extends to the end of the object. */
    public static final long TO_END = -1;

    private static final ByteRange ALL = new ByteRange(0, TO_END);

    public ByteRange {
        if (offset < 0 || length < TO_END || length == 0 || offset > Long.MAX_VALUE - Math.max(length, 0)) {
            throw new IllegalArgumentException("invalid range: offset=" + offset + ", length=" + length);
        }
    }

    /** Returns the range that covers the whole object. */
    public static ByteRange all() {
        return ALL;
    }

    /** Returns a range of {@code length} bytes that starts at {@code offset}. */
    public static ByteRange of(long offset, long length) {
        return new ByteRange(offset, length);
    }

    /** Returns the range from {@code offset} to the end of the object. */
    public static ByteRange from(long offset) {
        return new ByteRange(offset, TO_END);
    }

    /**
     * Returns the bytes of this range from a stream of the whole object. It skips to the offset and ends after the
     * length. For stores that cannot seek. Closing the result closes {@code whole}.
     */
    public InputStream slice(InputStream whole) throws IOException {
        for (long left = offset; left > 0 && whole.read() >= 0; ) {
            left -= 1 + whole.skip(left - 1);
        }
        return length == TO_END ? whole : new LimitedInputStream(whole, length);
    }
}
