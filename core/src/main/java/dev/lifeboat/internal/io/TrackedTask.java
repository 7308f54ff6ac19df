package dev.lifeboat.internal.io;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * A task that signals when its thread has left it. A future that is cancelled is done earlier, possibly before the task
 * has begun.
 *
 * @param <T> type of the result
 */
public final class TrackedTask<T> extends FutureTask<T> {
    private final CountDownLatch left = new CountDownLatch(1);
    private final Runnable onLeft;

    /**
     * Creates a task.
     *
     * @param onLeft run once, when no code of the task runs any longer, regardless of how it ended
     */
    public TrackedTask(Callable<T> work, Runnable onLeft) {
        super(work);
        this.onLeft = onLeft;
    }

    /** Starts the task; if the executor refuses it, it has ended. */
    public void startOn(Executor executor) {
        boolean started = false;
        try {
            executor.execute(this);
            started = true;
        } finally {
            if (!started) {
                cancel(false);
                leave();
            }
        }
    }

    @Override
    public void run() {
        try {
            super.run();
        } finally {
            leave();
        }
    }

    private void leave() {
        onLeft.run();
        left.countDown();
    }

    /**
     * Waits until no code of the task runs any longer. The wait is not interruptible, since the caller then frees what
     * the task uses; the interrupt flag is set again.
     */
    public void awaitLeft() {
        boolean interrupted = false;
        while (true) {
            try {
                left.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
