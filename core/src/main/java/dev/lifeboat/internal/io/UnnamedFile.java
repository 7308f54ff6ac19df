package dev.lifeboat.internal.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A temporary file whose name is removed as soon as it is open, where the operating system can do so: nothing is left
 * if the process is killed. Only its owner could open it. Thread-safe.
 */
public final class UnnamedFile implements Closeable {
    private final FileChannel channel;

    private UnnamedFile(FileChannel channel) {
        this.channel = channel;
    }

    /** Creates an empty file in the directory for temporary files. */
    public static UnnamedFile create(String prefix) throws IOException {
        Path path = Files.createTempFile(prefix, ".tmp");
        boolean opened = false;
        try {
            FileChannel channel = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
            opened = true;
            return new UnnamedFile(channel);
        } finally {
            if (!opened) {
                Files.deleteIfExists(path);
            }
        }
    }

    /** Writes bytes. */
    public void write(ByteBuffer bytes, long at) throws IOException {
        for (long to = at; bytes.hasRemaining(); ) {
            to += channel.write(bytes, to);
        }
    }

    /** Reads some bytes; -1 at the end. */
    public int read(ByteBuffer into, long at) throws IOException {
        return channel.read(into, at);
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
        channel.close();
    }
}
