package dev.lifeboat.internal.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Content kept for a while: first in memory, then in a temporary file. Thread-safe. Closing it frees both.
 */
public final class ContentSpool implements AutoCloseable {
    private static final int BLOCK_BYTES = 1 << 18;

    private final long memoryBytes;
    private final long limit;
    private final List<byte[]> memory = new ArrayList<>();
    private @Nullable UnnamedFile file;
    private long length;

    /** A stretch of bytes in the spool. */
    private record Extent(long at, long length) {}

    /**
     * Creates an empty spool.
     *
     * @param memoryBytes how much of it may be in memory
     * @param limit how many bytes it takes
     */
    public ContentSpool(long memoryBytes, long limit) {
        this.memoryBytes = Math.min(memoryBytes, limit) / BLOCK_BYTES * BLOCK_BYTES;
        this.limit = limit;
    }

    /**
     * Adds bytes.
     *
     * @return where they are
     * @throws IOException if the limit is reached, or the temporary file cannot be written
     */
    private synchronized long append(byte[] bytes, int from, int count) throws IOException {
        if (length + count > limit) {
            throw new IOException("the spool is full: it takes " + limit + " bytes");
        }
        long start = length;
        int done = 0;
        while (done < count && length < memoryBytes) {
            int within = (int) (length % BLOCK_BYTES);
            if (within == 0) {
                memory.add(new byte[BLOCK_BYTES]);
            }
            int n = Math.min(count - done, BLOCK_BYTES - within);
            System.arraycopy(bytes, from + done, memory.get((int) (length / BLOCK_BYTES)), within, n);
            done += n;
            length += n;
        }
        if (done < count) {
            file().write(ByteBuffer.wrap(bytes, from + done, count - done), length - memoryBytes);
            length += count - done;
        }
        return start;
    }

    private UnnamedFile file() throws IOException {
        if (file == null) {
            file = UnnamedFile.create("lifeboat-spool-");
        }
        return file;
    }

    private synchronized int read(long at, byte[] into, int from, int count) throws IOException {
        if (at < memoryBytes) {
            int within = (int) (at % BLOCK_BYTES);
            int n = Math.min(count, BLOCK_BYTES - within);
            System.arraycopy(memory.get((int) (at / BLOCK_BYTES)), within, into, from, n);
            return n;
        }
        int n = file().read(ByteBuffer.wrap(into, from, count), at - memoryBytes);
        if (n <= 0) {
            throw new IOException("the temporary file of the spool was truncated by another");
        }
        return n;
    }

    /** Starts to add content. Several may be added at once. */
    public Part part() {
        return new Part();
    }

    /** One content in a spool. Used by one thread at a time. */
    public final class Part {
        private final List<Extent> extents = new ArrayList<>();

        private Part() {}

        /**
         * Adds bytes.
         *
         * @throws IOException if the limit of the spool is reached, or its temporary file cannot be written; the
         *     content then ends before these bytes
         */
        public void write(byte[] bytes, int from, int count) throws IOException {
            long at = append(bytes, from, count);
            int last = extents.size() - 1;
            if (last >= 0 && extents.get(last).at() + extents.get(last).length() == at) {
                extents.set(
                        last,
                        new Extent(extents.get(last).at(), extents.get(last).length() + count));
            } else {
                extents.add(new Extent(at, count));
            }
        }

        /** Reads the content from its beginning. */
        public InputStream open() {
            return new PartStream(extents);
        }
    }

    private final class PartStream extends BulkInputStream {
        private final List<Extent> extents;
        private int extent;
        private long within;

        PartStream(List<Extent> extents) {
            this.extents = List.copyOf(extents);
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            if (len == 0) {
                return 0;
            }
            while (extent < extents.size() && within == extents.get(extent).length()) {
                extent++;
                within = 0;
            }
            if (extent == extents.size()) {
                return -1;
            }
            Extent now = extents.get(extent);
            int n = ContentSpool.this.read(now.at() + within, b, off, (int) Math.min(len, now.length() - within));
            within += n;
            return n;
        }
    }

    /** Frees memory and file. What was added can no longer be read. */
    @Override
    public synchronized void close() throws IOException {
        memory.forEach(block -> Arrays.fill(block, (byte) 0));
        memory.clear();
        if (file != null) {
            file.close();
        }
    }
}
