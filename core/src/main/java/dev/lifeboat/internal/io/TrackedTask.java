package dev.lifeboat.internal.io;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * A task that tells when its thread has left it; one that is cancelled is done before that, or without having begun.
 *
 * @param <T> what it gives
 */
public final class TrackedTask<T> extends FutureTask<T> {
    private final CountDownLatch left = new CountDownLatch(1);
    private final Runnable onLeft;

    /**
     * Makes a task.
     *
     * @param onLeft run once, when nothing of the task runs any more, however it ended
     */
    public TrackedTask(Callable<T> work, Runnable onLeft) {
        super(work);
        this.onLeft = onLeft;
    }

    /** Starts it; if that is refused, it has ended. */
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

    /** Waits until nothing of it runs any more. Not to be interrupted, for what it uses is freed then; the flag is set again. */
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
