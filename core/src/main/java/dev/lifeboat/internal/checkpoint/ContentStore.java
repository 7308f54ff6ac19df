package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.BlockSums;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.OpenFile;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The content of all files of a saved tree, in one file without a name on the file system of the tree: it is gone when
 * it is closed, and when the process is killed. Longer files share their blocks with it where the file system can do
 * that, others are copied. Adding is for one thread, restoring for several.
 */
final class ContentStore implements AutoCloseable {
    /** A multiple of the block sizes of all file systems that share blocks. */
    private static final long UNIT = 64 << 10;

    /** Shorter files are copied in less time than their blocks are shared. */
    private static final long MIN_SHARED_BYTES = 128 << 10;

    /** What one thread compares at a time. */
    private static final int BLOCKS_PER_TASK = 64;

    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(BlockSums.BLOCK_BYTES));

    private final OpenFile file;
    private long end;
    private boolean sharing = true;
    private boolean copying;

    private ContentStore(OpenFile file) {
        this.file = file;
    }

    /** Creates an empty store on the file system of a directory. */
    static ContentStore create(Dir dir) throws IOException {
        Optional<OpenFile> file = dir.createUnnamed();
        if (file.isEmpty()) {
            throw new IOException("the file system of " + dir.label() + " has no unnamed files (O_TMPFILE), in which"
                    + " a checkpoint is kept; use one that has, such as ext4, XFS or Btrfs");
        }
        return new ContentStore(file.get());
    }

    /** Whether all longer files share their blocks with the store. */
    boolean isShared() {
        return sharing && !copying;
    }

    /** The bytes that it holds, those of shared blocks included. */
    long size() {
        return end;
    }

    /** The time of change that the file system gives to what is changed now. */
    Stat touch() throws PosixException {
        file.chmod(0600);
        return file.stat();
    }

    /** Adds the content of a file, up to the size that it is known to have. */
    Content add(OpenFile from, Stat stat) throws IOException {
        long size = stat.size();
        if (size == 0) {
            return Content.EMPTY;
        }
        if (size >= MIN_SHARED_BYTES && sharing) {
            long at = rounded(end);
            sharing = file.share(from, 0, 0, at);
            if (sharing) {
                end = at + rounded(size);
                file.truncate(end);
                return new Content(at, size, Content.Kind.SHARED, Optional.empty(), Optional.empty());
            }
        }
        copying |= size >= MIN_SHARED_BYTES;
        boolean mayHaveHoles = stat.blocks() * 512 < size;
        SparseMap map = mayHaveHoles
                ? from.sparseMap(size)
                : SparseMap.ofSize(size).data(0, size).build();
        long at = end;
        BlockSums.Builder sums = new BlockSums.Builder();
        for (int i = 0; i < map.regions(); i++) {
            copy(from, map.offset(i), map.length(i), sums);
        }
        boolean isCompared = !map.hasHoles() && size > BlockSums.BLOCK_BYTES;
        return new Content(
                at,
                size,
                Content.Kind.COPIED,
                map.hasHoles() ? Optional.of(map) : Optional.empty(),
                isCompared ? Optional.of(sums.build()) : Optional.empty());
    }

    private static long rounded(long bytes) {
        return (bytes + UNIT - 1) / UNIT * UNIT;
    }

    private void copy(OpenFile from, long offset, long length, BlockSums.Builder sums) throws IOException {
        ByteBuffer buffer = BUFFER.get();
        for (long done = 0; done < length; done += buffer.limit()) {
            fill(from, offset + done, length - done, buffer);
            sums.add(buffer);
            file.write(buffer, end);
            end += buffer.limit();
        }
    }

    /** Reads a block whole. A file that has become shorter is taken to end in zeros; it is not quiesced, then. */
    private static void fill(OpenFile from, long at, long most, ByteBuffer buffer) throws PosixException {
        buffer.clear().limit((int) Math.min(buffer.capacity(), most));
        while (buffer.hasRemaining()) {
            int n = from.read(buffer, at + buffer.position());
            if (n == 0) {
                while (buffer.hasRemaining()) {
                    buffer.put((byte) 0);
                }
            }
        }
        buffer.flip();
    }

    /**
     * Gives a file its saved content. Where it is compared with what the file has, only blocks that differ are written.
     *
     * @param length that the file has now
     * @return number of bytes that were written or shared
     */
    long restore(Content content, OpenFile into, long length) throws IOException {
        if (content.kind() == Content.Kind.SHARED) {
            // Blocks that were changed and not written yet would be written first.
            into.truncate(0);
            if (!into.share(file, content.offset(), rounded(content.size()), 0)) {
                copyTo(into, content.offset(), 0, content.size());
            }
            into.truncate(content.size());
            return content.size();
        }
        if (content.sums().isPresent()) {
            long written = compare(content, content.sums().get(), into, length);
            if (length > content.size()) {
                into.truncate(content.size());
            }
            return written;
        }
        into.truncate(0);
        SparseMap map = content.map()
                .orElseGet(() ->
                        SparseMap.ofSize(content.size()).data(0, content.size()).build());
        long at = content.offset();
        for (int i = 0; i < map.regions(); i++) {
            copyTo(into, at, map.offset(i), map.length(i));
            at += map.length(i);
        }
        into.truncate(content.size());
        return at - content.offset();
    }

    private void copyTo(OpenFile into, long from, long to, long length) throws PosixException {
        ByteBuffer buffer = BUFFER.get();
        for (long done = 0; done < length; done += buffer.limit()) {
            fill(file, from + done, length - done, buffer);
            into.write(buffer, to + done);
        }
    }

    private long compare(Content content, BlockSums sums, OpenFile into, long length) throws IOException {
        AtomicLong written = new AtomicLong();
        List<Work> parts = new ArrayList<>();
        for (int first = 0; first < sums.blocks(); first += BLOCKS_PER_TASK) {
            int from = first;
            int to = Math.min(sums.blocks(), first + BLOCKS_PER_TASK);
            parts.add(new Work() {
                private static final long serialVersionUID = 1;

                @Override
                void run() throws IOException {
                    written.addAndGet(compare(content, sums, into, length, from, to));
                }
            });
        }
        Work.all(parts);
        return written.get();
    }

    private long compare(Content content, BlockSums sums, OpenFile into, long length, int from, int to)
            throws PosixException {
        ByteBuffer buffer = BUFFER.get();
        long written = 0;
        for (int block = from; block < to; block++) {
            long at = (long) block * BlockSums.BLOCK_BYTES;
            int bytes = BlockSums.lengthIn(content.size(), block);
            if (at + bytes <= length) {
                fill(into, at, bytes, buffer);
                if (sums.isBlock(block, buffer)) {
                    continue;
                }
            }
            fill(file, content.offset() + at, bytes, buffer);
            into.write(buffer, at);
            written += bytes;
        }
        return written;
    }

    @Override
    public void close() {
        file.close();
    }
}
