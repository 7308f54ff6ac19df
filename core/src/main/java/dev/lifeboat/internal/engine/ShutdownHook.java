package dev.lifeboat.internal.engine;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * On an orderly shutdown of the JVM (SIGTERM, {@link System#exit}) cancels all operations and resumes what they have
 * quiesced. The process has one hook, installed with the first operation. SIGKILL runs no hook.
 */
final class ShutdownHook {
    /** Time for operations to end their sessions and to undo a restore. The sources are resumed before. */
    private static final long GRACE_MILLIS = TimeUnit.SECONDS.toMillis(30);

    private static final Set<RunningOperations> ACTIVE = new LinkedHashSet<>();
    private static boolean installed;
    private static boolean shuttingDown;

    private ShutdownHook() {}

    /**
     * Registers a repository that runs operations.
     *
     * @throws IllegalStateException if the JVM is shutting down
     */
    static void add(RunningOperations operations) {
        synchronized (ACTIVE) {
            if (shuttingDown) {
                throw new IllegalStateException("the JVM is shutting down");
            }
            if (!installed) {
                Runtime.getRuntime().addShutdownHook(new Thread(ShutdownHook::run, "lifeboat-shutdown"));
                installed = true;
            }
            ACTIVE.add(operations);
        }
    }

    /** Removes a repository that no longer runs operations. */
    static void remove(RunningOperations operations) {
        synchronized (ACTIVE) {
            ACTIVE.remove(operations);
        }
    }

    private static void run() {
        List<RunningOperations> all;
        synchronized (ACTIVE) {
            shuttingDown = true;
            all = List.copyOf(ACTIVE);
        }
        all.forEach(RunningOperations::cancel);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(GRACE_MILLIS);
        // Before anything else: the process may be killed soon.
        List<Thread> resuming = new ArrayList<>();
        all.forEach(operations -> resuming.addAll(operations.resume()));
        for (Thread thread : resuming) {
            join(thread, end);
        }
        for (RunningOperations operations : all) {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (!operations.awaitEnd(Math.max(1, left))) {
                return;
            }
        }
    }

    private static void join(Thread thread, long end) {
        try {
            thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
