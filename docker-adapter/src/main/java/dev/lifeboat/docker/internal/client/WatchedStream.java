package dev.lifeboat.docker.internal.client;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;

/** A stream whose reads are watched. One that took too long is a time-out. */
final class WatchedStream extends FilterInputStream {
    private final Watch watch;

    /** Closing the stream closes the watch. */
    WatchedStream(InputStream in, Watch watch) {
        super(in);
        this.watch = watch;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int count = read(one, 0, 1);
        return count < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        watch.waits();
        int count;
        try {
            count = super.read(bytes, offset, length);
        } catch (IOException e) {
            throw watch.goesOn() ? timeOut(e) : e;
        }
        watch.goesOn();
        return count;
    }

    static SocketTimeoutException timeOut(Exception cause) {
        SocketTimeoutException timeOut = new SocketTimeoutException("it has sent nothing for too long");
        timeOut.initCause(cause);
        return timeOut;
    }

    @Override
    public void close() throws IOException {
        watch.close();
        super.close();
    }
}
