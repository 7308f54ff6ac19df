package dev.lifeboat.internal.io;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs cleanup that must happen even on an interrupted thread. It uses a thread of its own, since a channel closes
 * itself on an interrupted thread, and a container would then stay paused. The interrupt flag of the caller is kept.
 */
public final class UninterruptibleCleanup {
    private static final Duration UNLIMITED = Duration.ofDays(365);

    /** A cleanup that may fail. */
    @FunctionalInterface
    public interface Action {
        /** Runs the cleanup. */
        void run() throws IOException;
    }

    private UninterruptibleCleanup() {}

    /** Runs an action and waits for its end without a limit. */
    public static void run(Action action) throws IOException {
        run(UNLIMITED, action);
    }

    /**
     * Runs an action and waits for its end.
     *
     * @throws IOException the exception of the action; or if the action takes longer than the limit, in which case it
     *     continues to run
     */
    public static void run(Duration limit, Action action) throws IOException {
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            action.run();
            return true;
        });
        Thread thread = new Thread(task, "lifeboat-cleanup");
        thread.setDaemon(true);
        thread.start();
        long end = System.nanoTime() + limit.toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    task.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (TimeoutException e) {
                    throw new IOException("the cleanup has not ended after " + limit, e);
                } catch (ExecutionException e) {
                    throw Io.unwrap(e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
