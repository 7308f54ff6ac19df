package dev.lifeboat.internal.checkpoint;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RecursiveAction;
import org.jspecify.annotations.Nullable;

/**
 * A part of the work on a tree, which may be split further. A part that fails lets the others end, which use the same
 * descriptors.
 */
abstract class Work extends RecursiveAction {
    private static final long serialVersionUID = 1;

    /** Beyond that, threads wait for each other in the kernel. */
    private static final int MAX_THREADS = 4;

    private transient volatile @Nullable Throwable failure;

    abstract void run() throws IOException;

    @Override
    protected final void compute() {
        try {
            run();
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
        }
    }

    /**
     * Does all parts and waits for their end, on the threads of the pool that this thread belongs to.
     *
     * @throws IOException what one of them has thrown
     */
    static void all(Collection<? extends Work> parts) throws IOException {
        ForkJoinTask.invokeAll(parts);
        check(parts);
    }

    /** Does all of it, on threads that end with it. */
    static void start(Work work) throws IOException {
        ForkJoinPool pool =
                new ForkJoinPool(Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors()));
        try {
            pool.invoke(work);
        } finally {
            pool.shutdownNow();
        }
        check(List.of(work));
    }

    private static void check(Collection<? extends Work> parts) throws IOException {
        for (Work part : parts) {
            Throwable thrown = part.failure;
            if (thrown instanceof IOException io) {
                throw io;
            }
            if (thrown instanceof RuntimeException e) {
                throw e;
            }
            if (thrown instanceof Error e) {
                throw e;
            }
        }
    }
}
