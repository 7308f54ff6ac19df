package dev.lifeboat.internal.io;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;

/** Stream and thread helpers. */
public final class Io {
    /** Size of copy buffers. */
    public static final int BUFFER_BYTES = 1 << 16;

    private static final int READ_BYTES = 1 << 18;
    private static final int MAX_KNOWN_BYTES = 32 << 20;

    private Io() {}

    /**
     * Throws if the thread is interrupted; the flag stays set.
     *
     * @throws InterruptedIOException if the thread is interrupted
     */
    public static void checkInterrupt() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted");
        }
    }

    /** Reads until the array is full or the stream ends; returns the number of bytes read. */
    public static int readFully(InputStream in, byte[] into, int offset, int length) throws IOException {
        return in.readNBytes(into, offset, length);
    }

    /**
     * Reads bytes whose number is known, into one array: {@code readNBytes} collects small ones and joins them, which
     * takes twice as long. The result is shorter if the stream ends earlier.
     */
    public static byte[] read(InputStream in, int length) throws IOException {
        // The number may be of a damaged object: a large array is not allocated because of what it claims.
        if (length > MAX_KNOWN_BYTES) {
            return in.readNBytes(length);
        }
        byte[] bytes = new byte[length];
        int read = 0;
        // A channel copies each read through a buffer of the same size outside of the heap.
        for (int n; read < length; read += n) {
            n = in.read(bytes, read, Math.min(length - read, READ_BYTES));
            if (n < 0) {
                return Arrays.copyOf(bytes, read);
            }
        }
        return bytes;
    }

    /** Reads to the end and discards the bytes; returns their number. */
    public static long drain(InputStream in) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long total = 0;
        for (int n; (n = in.read(buffer)) >= 0; ) {
            checkInterrupt();
            total += n;
        }
        return total;
    }

    /**
     * Waits for a task and rethrows what it threw.
     *
     * @throws InterruptedIOException if this thread is interrupted; the flag is set again
     */
    public static <T> T await(Future<T> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw unwrap(e);
        }
    }

    /**
     * Waits on a monitor that the caller holds. May return early, so the caller must check its condition again.
     *
     * @throws InterruptedIOException if this thread is interrupted; the flag is set again
     */
    @SuppressWarnings("WaitNotInLoop") // The caller waits in a loop.
    public static void await(Object monitor, long millis) throws InterruptedIOException {
        try {
            monitor.wait(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        }
    }

    /**
     * Takes a lock. The caller unlocks it.
     *
     * @throws InterruptedIOException if this thread is interrupted; the flag is set again, and the lock is not taken
     */
    public static void lock(Lock lock) throws InterruptedIOException {
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        }
    }

    /**
     * Sleeps.
     *
     * @throws InterruptedIOException if this thread is interrupted; the flag is set again
     */
    public static void sleep(long millis) throws InterruptedIOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted(e);
        }
    }

    /**
     * Returns whether this thread was asked to stop. A time-out is also an {@code InterruptedIOException}, but not an
     * interruption.
     */
    public static boolean isInterruption(IOException e) {
        return e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)
                || e instanceof ClosedByInterruptException;
    }

    /** Returns the message of an exception of another thread. */
    public static String message(ExecutionException failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return String.valueOf(cause.getMessage());
    }

    /** Creates the exception for an interrupted wait. */
    public static InterruptedIOException interrupted(InterruptedException cause) {
        InterruptedIOException interrupted = new InterruptedIOException("interrupted");
        interrupted.initCause(cause);
        return interrupted;
    }

    /** Returns an exception of another thread as one of this thread; errors and unchecked exceptions are thrown. */
    public static IOException unwrap(ExecutionException failure) {
        Throwable cause = failure.getCause();
        if (cause instanceof IOException io) {
            return io;
        }
        if (cause instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return new IOException(cause);
    }
}
