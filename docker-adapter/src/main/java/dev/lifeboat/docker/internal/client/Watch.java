package dev.lifeboat.docker.internal.client;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Does something if a thread waits for too long: not every socket has a time limit of its own. One thread waits at a
 * time; any may restart or close it.
 */
final class Watch implements AutoCloseable {
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private final long limitNanos;
    private final Runnable onExpired;
    private boolean waiting;
    private long since;
    private boolean expired;
    private boolean closed;
    private @Nullable Future<?> next;

    /**
     * Creates a watch of something that does not wait yet.
     *
     * @param onExpired is called once for each time that waiting took too long. It must be quick. It is not called
     *     after {@link #goesOn} or {@link #close} has returned
     */
    Watch(Duration limit, Runnable onExpired) {
        this.limitNanos = limit.toNanos();
        this.onExpired = onExpired;
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "lifeboat-watch");
            thread.setDaemon(true);
            return thread;
        });
        timer.setKeepAliveTime(10, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    /** Waiting begins. */
    synchronized void waits() {
        since = System.nanoTime();
        waiting = true;
        if (next == null && !closed) {
            schedule(limitNanos);
        }
    }

    /** Waiting has ended. Returns whether it took too long. */
    synchronized boolean goesOn() {
        waiting = false;
        return expired;
    }

    /** Returns whether what took too long is still waited for. */
    synchronized boolean isOverdue() {
        return expired && waiting && !closed;
    }

    /** Waiting that took too long may go on for as long again. */
    synchronized void restart() {
        expired = false;
        since = System.nanoTime();
        if (waiting && next == null && !closed) {
            schedule(limitNanos);
        }
    }

    private void schedule(long inNanos) {
        next = TIMER.schedule(this::check, inNanos, TimeUnit.NANOSECONDS);
    }

    private synchronized void check() {
        next = null;
        if (closed || expired) {
            return;
        }
        if (!waiting) {
            // It is set again when waiting begins.
            return;
        }
        long left = limitNanos - (System.nanoTime() - since);
        if (left > 0) {
            schedule(left);
        } else {
            expired = true;
            onExpired.run();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (next != null) {
            next.cancel(false);
            next = null;
        }
    }
}
