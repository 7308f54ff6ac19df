package dev.lifeboat.internal.pack;

import java.nio.ByteBuffer;

/**
 * FastCDC: a gear hash over the last 64 bytes, no cut before the minimum size, and cuts that are rarer before the
 * average size than after it. Source: Wen Xia et al., "The Design of Fast Content-Defined Chunking for Data
 * Deduplication Based Storage Systems", IEEE TPDS 31(9), 2020, with normalization level 1 and its masks. Immutable.
 */
public final class GearChunker {
    /** The length of a seed in bytes: 256 numbers of 64 bits. */
    public static final int SEED_BYTES = 256 * 8;

    private final long[] gear;
    private final int min;
    private final int average;
    private final int max;
    private final long maskBefore;
    private final long maskAfter;

    /**
     * Creates a chunker.
     *
     * @param seed the numbers of the gear hash
     * @param average a power of two, 64 to 2^26
     */
    public GearChunker(byte[] seed, int min, int average, int max) {
        this(gear(seed), min, average, max, spread(bits(average) + 1), spread(bits(average) - 1));
    }

    GearChunker(long[] gear, int min, int average, int max, long maskBefore, long maskAfter) {
        if (min < 1 || min > average || average > max || Integer.bitCount(average) != 1) {
            throw new IllegalArgumentException(
                    "chunk sizes are not 1 <= min <= average <= max with average a power of two: " + min + ", "
                            + average + ", " + max);
        }
        this.gear = gear;
        this.min = min;
        this.average = average;
        this.max = max;
        this.maskBefore = maskBefore;
        this.maskAfter = maskAfter;
    }

    private static int bits(int average) {
        return Integer.numberOfTrailingZeros(average);
    }

    private static long[] gear(byte[] seed) {
        if (seed.length != SEED_BYTES) {
            throw new IllegalArgumentException("a seed has " + seed.length + " bytes");
        }
        long[] gear = new long[256];
        ByteBuffer.wrap(seed).asLongBuffer().get(gear);
        return gear;
    }

    /**
     * Returns a mask with this many ones, spread over the upper 48 bits. The lower bits depend only on the last few
     * bytes.
     */
    static long spread(int ones) {
        long mask = 0;
        for (int i = 0; i < ones; i++) {
            mask |= 1L << 63 - i * 48 / ones;
        }
        return mask;
    }

    /** Returns the maximum length of a chunk. {@link #cut} needs as many bytes, unless the content ends earlier. */
    public int max() {
        return max;
    }

    /** Returns the minimum length of a chunk that is not the last. */
    public int min() {
        return min;
    }

    /** Returns the length of the first chunk of these bytes. */
    public int cut(byte[] bytes, int offset, int length) {
        if (length <= min) {
            return length;
        }
        int end = offset + Math.min(length, max);
        int middle = offset + Math.min(length, average);
        long hash = 0;
        int at = offset + min;
        for (; at < middle; at++) {
            hash = (hash << 1) + gear[bytes[at] & 0xff];
            if ((hash & maskBefore) == 0) {
                return at - offset;
            }
        }
        for (; at < end; at++) {
            hash = (hash << 1) + gear[bytes[at] & 0xff];
            if ((hash & maskAfter) == 0) {
                return at - offset;
            }
        }
        return end - offset;
    }
}
