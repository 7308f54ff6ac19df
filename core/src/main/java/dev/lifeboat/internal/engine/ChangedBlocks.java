package dev.lifeboat.internal.engine;

import dev.lifeboat.internal.io.BlockSums;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.ContentSpool;
import dev.lifeboat.internal.io.HeldContent;
import dev.lifeboat.internal.io.Holdable;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.TrackedTask;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A long file that changed between the two passes: its changed blocks, in a spool. The others are read again when they
 * are needed, from the file or, if they have changed since, from what the first pass has stored.
 */
final class ChangedBlocks implements HeldContent {
    private static final int BUFFER_BYTES = 1 << 20;
    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BUFFER_BYTES));

    private final Holdable.Blocks file;
    private final BlockSums first;
    private final BitSet changed;
    private final ContentSpool.Part spooled;
    private final HeldContent stored;
    private final long length;
    private @Nullable InputStream reading;
    private long readingAt;

    private ChangedBlocks(
            Holdable.Blocks file,
            BlockSums first,
            BitSet changed,
            ContentSpool.Part spooled,
            HeldContent stored,
            long length) {
        this.file = file;
        this.first = first;
        this.changed = changed;
        this.spooled = spooled;
        this.stored = stored;
        this.length = length;
    }

    /**
     * Compares a file with the first pass, on two threads.
     *
     * @param file is closed if this fails, and with the result otherwise
     * @param first its checksums in the first pass
     * @param stored what the first pass has stored of it
     * @throws IOException if the file cannot be read, or the spool is full
     */
    static ChangedBlocks find(
            Holdable.Blocks file,
            long length,
            BlockSums first,
            ContentSpool spool,
            HeldContent stored,
            Executor executor)
            throws IOException {
        boolean found = false;
        try {
            int blocks = Math.toIntExact((length + BlockSums.BLOCK_BYTES - 1) / BlockSums.BLOCK_BYTES);
            BitSet changed = differences(file, length, first, blocks, executor);
            ContentSpool.Part spooled = spool.part();
            byte[] bytes = new byte[BlockSums.BLOCK_BYTES];
            for (int block = changed.nextSetBit(0); block >= 0; block = changed.nextSetBit(block + 1)) {
                ByteBuffer buffer = read(file, block, length);
                int n = buffer.remaining();
                if (n < BlockSums.lengthIn(length, block)) {
                    throw new EOFException("the file shrank while it was quiesced");
                }
                buffer.get(bytes, 0, n);
                spooled.write(bytes, 0, n);
            }
            found = true;
            return new ChangedBlocks(file, first, changed, spooled, stored, length);
        } finally {
            if (!found) {
                file.close();
            }
        }
    }

    private static BitSet differences(Holdable.Blocks file, long length, BlockSums first, int blocks, Executor executor)
            throws IOException {
        TrackedTask<BitSet> half =
                new TrackedTask<>(() -> differences(file, length, first, blocks / 2, blocks), () -> {});
        half.startOn(executor);
        try {
            BitSet changed = differences(file, length, first, 0, blocks / 2);
            changed.or(Io.await(half));
            return changed;
        } finally {
            // The file may be closed only when it is read no more.
            half.cancel(true);
            half.awaitLeft();
        }
    }

    private static BitSet differences(Holdable.Blocks file, long length, BlockSums first, int from, int to)
            throws IOException {
        BitSet changed = new BitSet();
        ByteBuffer buffer = BUFFER.get();
        int atOnce = BUFFER_BYTES / BlockSums.BLOCK_BYTES;
        for (int block = from; block < to; block += atOnce) {
            Io.checkInterrupt();
            long at = (long) block * BlockSums.BLOCK_BYTES;
            long end = Math.min(length, (long) Math.min(block + atOnce, to) * BlockSums.BLOCK_BYTES);
            buffer.clear().limit((int) (end - at));
            if (file.read(buffer, at) < end - at) {
                throw new EOFException("the file shrank while it was quiesced");
            }
            for (int i = block; i < Math.min(block + atOnce, to); i++) {
                int offset = (i - block) * BlockSums.BLOCK_BYTES;
                int bytes = (int) Math.min(BlockSums.BLOCK_BYTES, end - at - offset);
                if (i >= first.blocks() || !first.isBlock(i, buffer.slice(offset, bytes))) {
                    changed.set(i);
                }
            }
        }
        return changed;
    }

    /** Reads one block; fewer bytes than it has if the file is shorter by now. */
    private static ByteBuffer read(Holdable.Blocks file, int block, long length) throws IOException {
        long at = (long) block * BlockSums.BLOCK_BYTES;
        ByteBuffer buffer = BUFFER.get().clear().limit((int) Math.min(BlockSums.BLOCK_BYTES, length - at));
        file.read(buffer, at);
        return buffer.flip();
    }

    @Override
    public InputStream open() {
        InputStream differing = spooled.open();
        return new BulkInputStream() {
            private final byte[] bytes = new byte[BlockSums.BLOCK_BYTES];
            private int block = -1;
            private int from;
            private int to;

            @Override
            public int read(byte[] b, int off, int len) throws IOException {
                if (len == 0) {
                    return 0;
                }
                if (from == to) {
                    long at = (long) ++block * BlockSums.BLOCK_BYTES;
                    if (at >= length) {
                        return -1;
                    }
                    from = 0;
                    to = (int) Math.min(bytes.length, length - at);
                    fill(bytes, to, block, differing);
                }
                int n = Math.min(len, to - from);
                System.arraycopy(bytes, from, b, off, n);
                from += n;
                return n;
            }
        };
    }

    private void fill(byte[] bytes, int count, int block, InputStream differing) throws IOException {
        if (changed.get(block)) {
            if (differing.readNBytes(bytes, 0, count) < count) {
                throw new EOFException("the spool has fewer bytes than were added");
            }
            return;
        }
        if (isRead(bytes, count, block)) {
            return;
        }
        // It was changed after the source was resumed, or cannot be read any more.
        long at = (long) block * BlockSums.BLOCK_BYTES;
        InputStream in = reading == null ? stored.open() : reading;
        reading = in;
        in.skipNBytes(at - readingAt);
        if (in.readNBytes(bytes, 0, count) < count || !first.isBlock(block, ByteBuffer.wrap(bytes, 0, count))) {
            throw new IOException("what the first pass has stored of a file is not what it has read");
        }
        readingAt = at + count;
    }

    private boolean isRead(byte[] bytes, int count, int block) throws IOException {
        try {
            ByteBuffer now = read(file, block, length);
            if (first.isBlock(block, now)) {
                now.get(bytes, 0, count);
                return true;
            }
        } catch (IOException e) {
            Io.checkInterrupt();
        }
        return false;
    }

    @Override
    public void close() throws IOException {
        InputStream in = reading;
        try (in) {
            file.close();
        }
    }
}
