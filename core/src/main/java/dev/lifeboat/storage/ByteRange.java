package dev.lifeboat.storage;

import java.io.IOException;
import java.io.InputStream;

/**
 * Bytes {@code [offset, offset + length)} of an object; a {@code length} of {@link #TO_END} reads to its end.
 *
 * @param offset of the first byte
 * @param length in bytes, at least 1, or {@link #TO_END}
 */
public record ByteRange(long offset, long length) {
    /** Length of a range without end. */
    public static final long TO_END = -1;

    private static final ByteRange ALL = new ByteRange(0, TO_END);

    public ByteRange {
        if (offset < 0 || length < TO_END || length == 0 || offset > Long.MAX_VALUE - Math.max(length, 0)) {
            throw new IllegalArgumentException("invalid range: offset=" + offset + ", length=" + length);
        }
    }

    /** The whole object. */
    public static ByteRange all() {
        return ALL;
    }

    /** So many bytes from there. */
    public static ByteRange of(long offset, long length) {
        return new ByteRange(offset, length);
    }

    /** Everything from there. */
    public static ByteRange from(long offset) {
        return new ByteRange(offset, TO_END);
    }

    /** Skips to the offset of {@code whole} and ends at the length; for stores that cannot seek. Closing closes it. */
    public InputStream slice(InputStream whole) throws IOException {
        for (long left = offset; left > 0 && whole.read() >= 0; ) {
            left -= 1 + whole.skip(left - 1);
        }
        return length == TO_END ? whole : new LimitedInputStream(whole, length);
    }
}
