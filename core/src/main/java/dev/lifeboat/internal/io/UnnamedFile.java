package dev.lifeboat.internal.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A temporary file whose name is removed as soon as it is open, where the operating system can do so: nothing is left
 * if the process is killed. Only its owner could open it. Thread-safe; an interrupt of a thread that reads or writes
 * leaves it open for the others.
 */
public final class UnnamedFile implements Closeable {
    private final RandomAccessFile file;

    private UnnamedFile(RandomAccessFile file) {
        this.file = file;
    }

    /** Creates an empty file in the directory for temporary files. */
    public static UnnamedFile create(String prefix) throws IOException {
        Path path = Files.createTempFile(prefix, ".tmp");
        boolean opened = false;
        try {
            RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
            opened = true;
            try {
                Files.delete(path);
            } catch (IOException e) {
                // Where an open file cannot be removed.
                path.toFile().deleteOnExit();
            }
            return new UnnamedFile(file);
        } finally {
            if (!opened) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** Writes the bytes of a buffer that has an array. */
    public synchronized void write(ByteBuffer bytes, long at) throws IOException {
        file.seek(at);
        file.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        bytes.position(bytes.limit());
    }

    /** Reads some bytes into a buffer that has an array; -1 at the end. */
    public synchronized int read(ByteBuffer into, long at) throws IOException {
        file.seek(at);
        int n = file.read(into.array(), into.arrayOffset() + into.position(), into.remaining());
        into.position(into.position() + Math.max(0, n));
        return n;
    }

    /** Writes from the beginning of the file. Closing the stream leaves the file open. */
    public OutputStream output() {
        return new OutputStream() {
            private long at;

            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] b, int off, int len) throws IOException {
                UnnamedFile.this.write(ByteBuffer.wrap(b, off, len), at);
                at += len;
            }
        };
    }

    /** Reads from the beginning of the file. Closing the stream leaves the file open. */
    public InputStream input() {
        return new BulkInputStream() {
            private long at;

            @Override
            public int read(byte[] b, int off, int len) throws IOException {
                if (len == 0) {
                    return 0;
                }
                int n = UnnamedFile.this.read(ByteBuffer.wrap(b, off, len), at);
                at += Math.max(0, n);
                return n;
            }
        };
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
