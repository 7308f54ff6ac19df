package dev.lifeboat.entry;

import java.util.Arrays;

/**
 * The data regions of a file. Between them are holes, which read as zeros and take no space. Immutable.
 *
 * <p>Regions ascend and do not overlap: {@code offset(i) + length(i) <= offset(i + 1)}. The last one ends at or before
 * {@link #size()}.
 */
public final class SparseMap {
    private final long size;
    private final long[] offsets;
    private final long[] lengths;

    private SparseMap(long size, long[] offsets, long[] lengths) {
        this.size = size;
        this.offsets = offsets;
        this.lengths = lengths;
    }

    /** Starts a map of a file of {@code size} bytes. */
    public static Builder ofSize(long size) {
        return new Builder(size);
    }

    /** Returns the length of the file in bytes, including holes. */
    public long size() {
        return size;
    }

    /** Returns the number of data regions. */
    public int regions() {
        return offsets.length;
    }

    /** Returns the offset of region {@code i} in bytes. */
    public long offset(int i) {
        return offsets[i];
    }

    /** Returns the number of bytes in region {@code i}; never 0. */
    public long length(int i) {
        return lengths[i];
    }

    /** Returns the number of bytes in all regions. */
    public long dataBytes() {
        return Arrays.stream(lengths).sum();
    }

    /** Returns whether the file has a hole. */
    public boolean hasHoles() {
        return dataBytes() < size;
    }

    /** Collects regions, in order. Not thread-safe. */
    public static final class Builder {
        private final long size;
        private long[] offsets = new long[8];
        private long[] lengths = new long[8];
        private int count;

        private Builder(long size) {
            if (size < 0) {
                throw new IllegalArgumentException("size is negative: " + size);
            }
            this.size = size;
        }

        /**
         * Adds a region. An empty region is ignored; a region that touches the last one is merged with it.
         *
         * @throws IllegalArgumentException if it overlaps the last region or ends past the size
         */
        public Builder data(long offset, long length) {
            long end = count == 0 ? 0 : offsets[count - 1] + lengths[count - 1];
            if (offset < end || length < 0 || offset > size || length > size - offset) {
                throw new IllegalArgumentException(
                        "region " + offset + "+" + length + " does not fit after " + end + " within " + size);
            }
            if (length == 0) {
                return this;
            }
            if (count > 0 && offset == end) {
                lengths[count - 1] += length;
                return this;
            }
            if (count == offsets.length) {
                offsets = Arrays.copyOf(offsets, count * 2);
                lengths = Arrays.copyOf(lengths, count * 2);
            }
            offsets[count] = offset;
            lengths[count++] = length;
            return this;
        }

        /** Builds the map. */
        public SparseMap build() {
            return new SparseMap(size, Arrays.copyOf(offsets, count), Arrays.copyOf(lengths, count));
        }
    }
}
