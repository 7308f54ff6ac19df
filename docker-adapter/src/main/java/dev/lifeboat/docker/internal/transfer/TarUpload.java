package dev.lifeboat.docker.internal.transfer;

import com.github.dockerjava.transport.DockerHttpClient.Request;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.tar.TarHeaders;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** Sends a tar to the engine while it is written, on a thread of its own. Used by one writing thread at a time. */
public final class TarUpload implements AutoCloseable {
    private final PipedInputStream in = new PipedInputStream(1 << 18);
    private final OutputStream out;
    private final FutureTask<String> sending;
    private volatile @Nullable IOException cut;
    private boolean broken;

    public TarUpload(EngineClient client, Request.Method method, String path, String what) throws IOException {
        out = new BufferedOutputStream(new PipedOutputStream(in), 1 << 16);
        sending = new FutureTask<>(() -> {
            try (in) {
                return client.send(method, path, new Cuttable(), what);
            }
        });
        Thread thread = new Thread(sending, "lifeboat-upload");
        thread.setDaemon(true);
        thread.start();
    }

    public void write(byte[] bytes) throws IOException {
        write(bytes, 0, bytes.length);
    }

    private void write(byte[] bytes, int offset, int length) throws IOException {
        if (broken) {
            throw new IOException(
                    "cannot send more: the content of an entry ended in the middle of a stream to the engine");
        }
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Copies content to its end and pads the last block. If the stream fails or ends early, the upload becomes
     * unusable.
     */
    public void writeContent(InputStream content, long size) throws IOException {
        boolean whole = false;
        try {
            copy(content, size);
            whole = true;
        } finally {
            broken = !whole;
        }
    }

    private void copy(InputStream content, long size) throws IOException {
        byte[] buffer = new byte[Io.BUFFER_BYTES];
        long left = size;
        for (int n; (n = content.read(buffer)) >= 0; left -= n) {
            Io.checkInterrupt();
            if (n > left) {
                throw new IOException("content is longer than the " + size + " bytes that its entry declares");
            }
            write(buffer, 0, n);
        }
        if (left > 0) {
            throw new IOException(
                    "content is " + left + " bytes shorter than the " + size + " bytes that its entry declares");
        }
        write(new byte[TarHeaders.padding(size)]);
    }

    /** Ends the tar and returns the output of the engine. */
    public String finish() throws IOException {
        write(TarHeaders.endOfArchive());
        try {
            out.close();
        } catch (IOException e) {
            throw failure(e);
        }
        return Io.await(sending);
    }

    /** Returns the error that the engine sent, if any; it is more precise than the broken connection. */
    private IOException failure(IOException e) {
        if (e instanceof InterruptedIOException) {
            // The pipe has cleared the interrupt flag, and the sender waits for this thread.
            Thread.currentThread().interrupt();
            return e;
        }
        try {
            Io.await(sending);
            return e;
        } catch (IOException told) {
            told.addSuppressed(e);
            return told;
        }
    }

    /** Aborts the upload if it was not finished: the engine sees a broken stream, not the end of one. */
    @Override
    public void close() {
        if (!sending.isDone()) {
            cut = new IOException("the upload was aborted");
            try {
                out.close();
                Io.await(sending);
            } catch (IOException e) {
                // Expected: the sender fails when the upload is aborted.
                return;
            }
        }
    }

    private final class Cuttable extends BulkInputStream {
        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            int n = in.read(b, off, len);
            IOException given = cut;
            if (given != null) {
                throw given;
            }
            return n;
        }
    }
}
