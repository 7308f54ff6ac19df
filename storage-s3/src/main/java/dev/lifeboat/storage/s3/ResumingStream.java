package dev.lifeboat.storage.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * Content of an object. When the connection breaks, the stream resumes at the same offset, provided that the object is
 * unchanged.
 */
final class ResumingStream extends InputStream {
    private static final int MAX_RESUMES = 5;
    /** The attempts are counted anew after this many further bytes. */
    private static final int PROGRESS_BYTES = 1 << 20;

    /** Opens the object again, from an offset, only if it still has this tag. */
    @FunctionalInterface
    interface Reopen {
        ResponseInputStream<GetObjectResponse> from(long offset, String tag) throws IOException;
    }

    private final Reopen reopen;
    private final String tag;
    private final long length;
    private ResponseInputStream<GetObjectResponse> in;
    private long given;
    private long givenAtResume;
    private int resumes;
    private volatile boolean closed;

    ResumingStream(ResponseInputStream<GetObjectResponse> in, Reopen reopen) {
        this.in = in;
        this.reopen = reopen;
        this.tag = in.response().eTag();
        this.length = in.response().contentLength();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
        while (true) {
            if (closed) {
                throw new IOException("the stream is closed");
            }
            if (Thread.currentThread().isInterrupted()) {
                in.abort();
                throw new InterruptedIOException("interrupted while reading an object");
            }
            try {
                int n = in.read(b, off, len);
                if (n < 0 && given < length) {
                    throw new IOException(
                            "the connection ended " + (length - given) + " bytes before the end of the object");
                }
                given += Math.max(n, 0);
                return n;
            } catch (InterruptedIOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                resume(e);
            } catch (IOException | SdkException e) {
                resume(e instanceof IOException io ? io : new IOException(e.getMessage(), e));
            }
        }
    }

    private void resume(IOException cause) throws IOException {
        resumes = given - givenAtResume >= PROGRESS_BYTES ? 0 : resumes;
        if (closed || given == length || resumes++ == MAX_RESUMES) {
            throw cause;
        }
        givenAtResume = given;
        in.abort();
        try {
            in = reopen.from(given, tag);
        } catch (IOException e) {
            e.addSuppressed(cause);
            throw e;
        }
    }

    /** Closes the connection without reading the rest. */
    @Override
    public void close() {
        closed = true;
        if (given < length) {
            in.abort();
        } else {
            try {
                in.close();
            } catch (IOException e) {
                in.abort();
            }
        }
    }
}
