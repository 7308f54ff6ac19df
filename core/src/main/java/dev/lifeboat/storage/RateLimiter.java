package dev.lifeboat.storage;

import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;

/** Limits the rate of bytes over all callers together. Thread-safe. */
final class RateLimiter {
    private static final int LEAST = 1024;
    private static final int PIECES_A_SECOND = 20;
    private static final int LONGEST_PIECE = 1 << 16;

    private final long bytesPerSecond;
    /** When all bytes taken so far are due at this rate. */
    private long due = System.nanoTime();

    RateLimiter(long bytesPerSecond) {
        if (bytesPerSecond < LEAST) {
            throw new IllegalArgumentException("bytes a second are fewer than " + LEAST + ": " + bytesPerSecond);
        }
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Returns the maximum number of bytes to take at once. */
    int piece() {
        return (int) Math.max(1, Math.min(LONGEST_PIECE, bytesPerSecond / PIECES_A_SECOND));
    }

    /** Waits until {@code bytes} may pass. */
    void take(int bytes) throws InterruptedIOException {
        long wait;
        synchronized (this) {
            long now = System.nanoTime();
            due = Math.max(due, now) + (long) (bytes * 1e9 / bytesPerSecond);
            wait = due - now;
        }
        try {
            TimeUnit.NANOSECONDS.sleep(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting for bandwidth");
            interrupted.initCause(e);
            throw interrupted;
        }
    }
}
