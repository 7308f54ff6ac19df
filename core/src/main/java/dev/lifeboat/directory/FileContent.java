package dev.lifeboat.directory;

import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.HeldContent;
import dev.lifeboat.internal.io.Holdable;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.OpenFile;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The content of an open file, up to the length that it had when it was opened, without its holes. */
final class FileContent {
    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(1 << 18));

    /** Shorter files are read as fast as they are copied. */
    private static final long MIN_SHARED_BYTES = 128 << 10;

    private final Dir dir;
    private final OpenFile file;
    private final SparseMap map;
    private @Nullable PosixException failure;

    FileContent(Dir dir, OpenFile file, Stat stat) throws PosixException {
        this.dir = dir;
        this.file = file;
        // Only a file with fewer blocks than bytes can have holes; a query for any other file would cost two system
        // calls.
        boolean mayHaveHoles = stat.blocks() * 512 < stat.size();
        map = mayHaveHoles
                ? file.sparseMap(stat.size())
                : SparseMap.ofSize(stat.size()).data(0, stat.size()).build();
    }

    InputStream stream() {
        Regions data = new Regions(file, BUFFER.get());
        return map.hasHoles() ? new SparseInputStream(map, data) : data;
    }

    /** Returns what reading threw, to distinguish it from an exception of the sink. */
    @Nullable
    PosixException failure() {
        return failure;
    }

    /** A copy that shares the blocks of the file. */
    private final class Copy implements HeldContent {
        private final OpenFile copy;

        Copy(OpenFile copy) {
            this.copy = copy;
        }

        @Override
        public InputStream open() {
            // Another file may be half read, on this thread, through its buffer.
            return new Regions(copy, ByteBuffer.allocateDirect(1 << 18));
        }

        @Override
        public void close() {
            copy.close();
        }
    }

    /** The file, opened once more. */
    private record Again(OpenFile file) implements Holdable.Blocks {
        @Override
        public int read(ByteBuffer direct, long at) throws PosixException {
            int total = 0;
            while (direct.hasRemaining()) {
                int n = file.read(direct, at + total);
                if (n == 0) {
                    break;
                }
                total += n;
            }
            return total;
        }

        @Override
        public void close() {
            file.close();
        }
    }

    private final class Regions extends BulkInputStream implements Holdable {
        private final OpenFile file;
        private final ByteBuffer buffer;
        private int region = -1;
        private long left;

        Regions(OpenFile file, ByteBuffer buffer) {
            this.file = file;
            this.buffer = buffer.clear().limit(0);
        }

        @Override
        public Optional<HeldContent> hold() {
            return map.size() < MIN_SHARED_BYTES
                    ? Optional.empty()
                    : dir.sharedCopy(file).map(Copy::new);
        }

        @Override
        public Optional<Blocks> blocks() throws PosixException {
            return map.hasHoles() ? Optional.empty() : Optional.of(new Again(file.duplicate()));
        }

        @Override
        public int read(byte[] b, int off, int len) throws PosixException {
            if (len == 0) {
                return 0;
            }
            if (!buffer.hasRemaining() && !fill()) {
                return -1;
            }
            int n = Math.min(len, buffer.remaining());
            buffer.get(b, off, n);
            return n;
        }

        private boolean fill() throws PosixException {
            try {
                while (left == 0) {
                    if (++region >= map.regions()) {
                        region--;
                        return false;
                    }
                    left = map.length(region);
                    if (map.offset(region) > 0) {
                        file.seek(map.offset(region));
                    }
                }
                buffer.clear().limit((int) Math.min(buffer.capacity(), left));
                int n = file.read(buffer);
                buffer.flip();
                left = n == 0 ? 0 : left - n;
                if (n == 0) {
                    // The file shrank, so the regions that follow do not exist either.
                    region = map.regions() - 1;
                    return false;
                }
                return true;
            } catch (PosixException e) {
                failure = e;
                throw e;
            }
        }
    }
}
