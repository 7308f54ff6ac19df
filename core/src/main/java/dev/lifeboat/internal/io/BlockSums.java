package dev.lifeboat.internal.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * Checksums of the blocks of a content, to find out which of them have changed. They protect against
 * no attack: a process that makes two blocks with the same one hides only a change of its own file.
 */
public final class BlockSums {
    /** The length of all blocks but the last. */
    public static final int BLOCK_BYTES = 1 << 16;

    private final long length;
    private final long[] sums;

    private BlockSums(long length, long[] sums) {
        this.length = length;
        this.sums = sums;
    }

    /** Returns the number of blocks. */
    public int blocks() {
        return sums.length;
    }

    /** Returns whether bytes are those of a block. */
    public boolean isBlock(int block, ByteBuffer bytes) {
        return bytes.remaining() == lengthIn(length, block) && sum(bytes) == sums[block];
    }

    /** Returns the length of a block of a content of some length. */
    public static int lengthIn(long length, int block) {
        return (int) Math.min(BLOCK_BYTES, length - (long) block * BLOCK_BYTES);
    }

    /** Returns the checksum of bytes, whose position stays where it is. */
    private static long sum(ByteBuffer bytes) {
        CRC32 first = new CRC32();
        first.update(bytes.duplicate());
        CRC32C second = new CRC32C();
        second.update(bytes.duplicate());
        return first.getValue() << 32 | second.getValue();
    }

    /** Collects the checksums of a content, from its beginning. Not thread-safe. */
    public static final class Builder {
        private long[] sums = new long[64];
        private int blocks;
        private long length;

        /** Adds the next block; only the last may be shorter than the others. */
        public void add(ByteBuffer block) {
            if (blocks == sums.length) {
                sums = Arrays.copyOf(sums, blocks * 2);
            }
            sums[blocks++] = sum(block);
            length += block.remaining();
        }

        /** Returns the checksums. */
        public BlockSums build() {
            return new BlockSums(length, Arrays.copyOf(sums, blocks));
        }
    }

    /**
     * Reads a content, and passes on its checksums when its end is reached.
     *
     * @param result receives them
     */
    public static InputStream reading(InputStream in, Consumer<BlockSums> result) {
        return new Reading(in, result);
    }

    private static final class Reading extends BulkInputStream {
        private final InputStream in;
        private final Consumer<BlockSums> result;
        private final Builder builder = new Builder();
        private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
        private boolean ended;

        Reading(InputStream in, Consumer<BlockSums> result) {
            this.in = in;
            this.result = result;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n = in.read(b, off, len);
            for (int done = 0; done < n; ) {
                int part = Math.min(block.remaining(), n - done);
                block.put(b, off + done, part);
                done += part;
                if (!block.hasRemaining()) {
                    end();
                }
            }
            if (n < 0 && !ended) {
                ended = true;
                if (block.position() > 0) {
                    end();
                }
                result.accept(builder.build());
            }
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }

        private void end() {
            builder.add(block.flip());
            block.clear();
        }
    }
}
