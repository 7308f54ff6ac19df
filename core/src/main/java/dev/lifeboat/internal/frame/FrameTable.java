package dev.lifeboat.internal.frame;

import dev.lifeboat.format.DamagedException;
import java.util.Arrays;

/** The places and lengths of the frames of an object. Immutable. */
public final class FrameTable {
    /** The number of plain bytes of every frame but the last. */
    public static final int FRAME_BYTES = 2 << 20;
    /** The maximum length of a frame, plain or compressed. A longer one is refused before anything is allocated. */
    private static final int MAX_BYTES = 16 << 20;

    private final long[] ends;
    private final long[] plainEnds;
    private final int[] checksums;

    private FrameTable(long[] ends, long[] plainEnds, int[] checksums) {
        this.ends = ends;
        this.plainEnds = plainEnds;
        this.checksums = checksums;
    }

    /**
     * Returns a table of triples: length, plain length, CRC-32C of the stored bytes.
     *
     * @throws DamagedException if a value is out of range
     */
    public static FrameTable of(long[] triples, String label) throws DamagedException {
        if (triples.length % 3 != 0) {
            throw new DamagedException(label + ": the list of frames is cut off");
        }
        Builder builder = new Builder();
        for (int i = 0; i < triples.length; i += 3) {
            if (triples[i] < 1 || triples[i] > MAX_BYTES || triples[i + 1] < 1 || triples[i + 1] > MAX_BYTES) {
                throw new DamagedException(
                        label + ": frame " + i / 3 + " claims " + triples[i] + " bytes for " + triples[i + 1]);
            }
            builder.add((int) triples[i], (int) triples[i + 1], (int) triples[i + 2]);
        }
        return builder.build();
    }

    /** Returns the triples that {@link #of} takes. */
    public long[] triples() {
        long[] triples = new long[frames() * 3];
        for (int i = 0; i < frames(); i++) {
            triples[3 * i] = length(i);
            triples[3 * i + 1] = plainLength(i);
            triples[3 * i + 2] = Integer.toUnsignedLong(checksums[i]);
        }
        return triples;
    }

    /** Returns the number of frames. */
    public int frames() {
        return ends.length;
    }

    /** Returns the number of plain bytes in all frames. */
    public long plainSize() {
        return frames() == 0 ? 0 : plainEnds[frames() - 1];
    }

    long offset(int i) {
        return i == 0 ? 0 : ends[i - 1];
    }

    int length(int i) {
        return (int) (ends[i] - offset(i));
    }

    long plainOffset(int i) {
        return i == 0 ? 0 : plainEnds[i - 1];
    }

    int plainLength(int i) {
        return (int) (plainEnds[i] - plainOffset(i));
    }

    int checksum(int i) {
        return checksums[i];
    }

    /** Returns the frame that holds a plain offset below {@link #plainSize}. */
    int at(long plainOffset) {
        int i = Arrays.binarySearch(plainEnds, plainOffset);
        return i >= 0 ? i + 1 : -i - 1;
    }

    /** Collects frames in order. Not thread-safe. */
    static final class Builder {
        private long[] ends = new long[64];
        private long[] plainEnds = new long[64];
        private int[] checksums = new int[64];
        private int count;

        void add(int length, int plainLength, int checksum) {
            if (count == ends.length) {
                ends = Arrays.copyOf(ends, count * 2);
                plainEnds = Arrays.copyOf(plainEnds, count * 2);
                checksums = Arrays.copyOf(checksums, count * 2);
            }
            ends[count] = (count == 0 ? 0 : ends[count - 1]) + length;
            plainEnds[count] = (count == 0 ? 0 : plainEnds[count - 1]) + plainLength;
            checksums[count++] = checksum;
        }

        FrameTable build() {
            return new FrameTable(
                    Arrays.copyOf(ends, count), Arrays.copyOf(plainEnds, count), Arrays.copyOf(checksums, count));
        }
    }
}
