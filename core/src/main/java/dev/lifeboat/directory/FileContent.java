package dev.lifeboat.directory;

import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.posix.OpenFile;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The content of an open file, up to the length that it had when it was opened, without its holes. */
final class FileContent {
    private static final ThreadLocal<ByteBuffer> BUFFER =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(1 << 18));

    private final OpenFile file;
    private final SparseMap map;
    private @Nullable PosixException failure;

    FileContent(OpenFile file, Stat stat) throws PosixException {
        this.file = file;
        // Only a file with fewer blocks than bytes can have holes; a query for any other file would cost two system
        // calls.
        boolean mayHaveHoles = stat.blocks() * 512 < stat.size();
        map = mayHaveHoles
                ? file.sparseMap(stat.size())
                : SparseMap.ofSize(stat.size()).data(0, stat.size()).build();
    }

    InputStream stream() {
        return map.hasHoles() ? new SparseInputStream(map, new Regions()) : new Regions();
    }

    /** Returns what reading threw, to distinguish it from an exception of the sink. */
    @Nullable
    PosixException failure() {
        return failure;
    }

    private final class Regions extends BulkInputStream {
        private final ByteBuffer buffer = BUFFER.get().clear().limit(0);
        private int region = -1;
        private long left;

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
