package dev.lifeboat.internal.engine;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What runs the parallel work of a repository.
 *
 * @param threads creates the threads, which end when there is no more work for them
 * @param parallelism the useful number of parallel tasks of an operation
 */
public record WorkSettings(ThreadFactory threads, int parallelism) {
    private static final AtomicInteger THREADS = new AtomicInteger();

    /** Returns daemon threads, and as many tasks as there are processors. */
    public static WorkSettings standard() {
        return new WorkSettings(
                task -> {
                    Thread thread = new Thread(task, "lifeboat-worker-" + THREADS.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                },
                Runtime.getRuntime().availableProcessors());
    }
}
