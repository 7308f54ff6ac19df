package dev.lifeboat.internal.engine;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * On an orderly shutdown of the JVM (SIGTERM, {@link System#exit}) cancels all operations and resumes what they have
 * quiesced. One hook for the process, installed with the first operation. SIGKILL runs no hook.
 */
final class ShutdownHook {
    /** How long operations get to end their sessions and to undo what a restore began; the sources are resumed by then. */
    private static final long GRACE_MILLIS = TimeUnit.SECONDS.toMillis(30);

    private static final Set<RunningOperations> ACTIVE = new LinkedHashSet<>();
    private static boolean installed;

    private ShutdownHook() {}

    /**
     * Notes that operations run.
     *
     * @throws IllegalStateException if the JVM is shutting down
     */
    static void add(RunningOperations operations) {
        synchronized (ACTIVE) {
            if (!installed) {
                Runtime.getRuntime().addShutdownHook(new Thread(ShutdownHook::run, "lifeboat-shutdown"));
                installed = true;
            }
            ACTIVE.add(operations);
        }
    }

    /** Notes that no operation runs any more. */
    static void remove(RunningOperations operations) {
        synchronized (ACTIVE) {
            ACTIVE.remove(operations);
        }
    }

    private static void run() {
        List<RunningOperations> all;
        synchronized (ACTIVE) {
            all = List.copyOf(ACTIVE);
        }
        all.forEach(RunningOperations::cancel);
        // First of all: the supervisor that ends us may lose its patience soon.
        all.forEach(RunningOperations::resume);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(GRACE_MILLIS);
        for (RunningOperations operations : all) {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (!operations.awaitEnd(Math.max(1, left))) {
                return;
            }
        }
    }
}
