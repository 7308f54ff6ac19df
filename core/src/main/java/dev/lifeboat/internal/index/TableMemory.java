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
 * Memory for tables: on the heap as long as that is little beside what the heap may be, then in temporary files that are mapped and have no name any
 * more. They hold nothing that the store does not. Not thread-safe.
 */
final class TableMemory {
    private static final Logger log = LoggerFactory.getLogger(TableMemory.class);
    private static final int FILE_BYTES = 64 << 20;

    private long heapLeft;
    private @Nullable ByteBuffer file;
    private boolean noFiles;

    /** At most so much on the heap. */
    TableMemory(long heapBytes) {
        this.heapLeft = heapBytes;
    }

    /** At most an eighth of what the heap may be. */
    static TableMemory standard() {
        return new TableMemory(Runtime.getRuntime().maxMemory() / 8);
    }

    /** Gives zeros. */
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

    /** Null if there is no place for it: then it is the heap that has to grow. */
    private @Nullable ByteBuffer map() {
        try {
            Path path = Files.createTempFile("lifeboat-index-", ".tmp");
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                // Written, not only made longer: a page that a full disk cannot hold would end the process when it is
                // touched.
                ByteBuffer zeros = ByteBuffer.allocate(1 << 20);
                for (long at = 0; at < FILE_BYTES; ) {
                    at += channel.write(zeros.clear(), at);
                }
                return channel.map(FileChannel.MapMode.READ_WRITE, 0, FILE_BYTES);
            } finally {
                // Where a mapped file cannot be removed, it stays until somebody clears the temporary files.
                Files.deleteIfExists(path);
            }
        } catch (ClosedByInterruptException e) {
            // Whoever is being cancelled; the next one may map again.
            return null;
        } catch (IOException e) {
            log.warn("no temporary file for a large index, it stays on the heap [cause={}]", e.toString());
            noFiles = true;
            return null;
        }
    }
}
