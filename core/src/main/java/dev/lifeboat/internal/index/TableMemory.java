package dev.lifeboat.internal.index;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory for tables: on the heap up to a small share of the maximum heap, then in mapped temporary files that are
 * already unlinked. The files hold nothing that the store does not. Not thread-safe.
 */
final class TableMemory {
    private static final Logger log = LoggerFactory.getLogger(TableMemory.class);
    private static final int FILE_BYTES = 64 << 20;

    private long heapLeft;
    private @Nullable ByteBuffer file;
    private boolean noFiles;

    /** Uses at most this many bytes of heap. */
    TableMemory(long heapBytes) {
        this.heapLeft = heapBytes;
    }

    /** Uses at most an eighth of the maximum heap. */
    static TableMemory standard() {
        return new TableMemory(Runtime.getRuntime().maxMemory() / 8);
    }

    /** Returns a zeroed buffer. */
    ByteBuffer allocate(int bytes) {
        if (bytes <= heapLeft || bytes > FILE_BYTES) {
            heapLeft -= bytes;
            return ByteBuffer.allocate(bytes);
        }
        if (file == null || file.remaining() < bytes) {
            file = noFiles ? null : map();
        }
        if (file == null) {
            return ByteBuffer.allocate(bytes);
        }
        ByteBuffer part = file.slice(file.position(), bytes);
        file.position(file.position() + bytes);
        return part;
    }

    /** Returns null if no file can be mapped; then the heap has to grow. */
    private @Nullable ByteBuffer map() {
        try {
            Path path = Files.createTempFile("lifeboat-index-", ".tmp");
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                // Written, not only extended: a page that a full disk cannot hold would end the process on first
                // access.
                ByteBuffer zeros = ByteBuffer.allocate(1 << 20);
                for (long at = 0; at < FILE_BYTES; ) {
                    at += channel.write(zeros.clear(), at);
                }
                return channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES);
            } finally {
                // Where a mapped file cannot be removed, it stays until the temporary files are cleared.
                Files.deleteIfExists(path);
            }
        } catch (ClosedByInterruptException e) {
            // The current operation is being cancelled; the next allocation may map again.
            return null;
        } catch (IOException e) {
            log.warn("cannot create a temporary file for a large index, it stays on the heap [cause={}]", e.toString());
            noFiles = true;
            return null;
        }
    }
}
