package dev.lifeboat.format.chunked;

import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/** Work that runs beside the caller, as one: the first failure is the failure of all. Thread-safe. */
final class Tasks implements AutoCloseable {
    private final Executor executor;
    private final Deque<Tracked> running = new ArrayDeque<>();

    Tasks(Executor executor) {
        this.executor = executor;
    }

    /** Starts a task; throws what an earlier one threw. */
    void start(Callable<Void> work) throws IOException {
        Tracked task = new Tracked(work);
        synchronized (running) {
            throwIfFailed();
            running.add(task);
        }
        executor.execute(task);
    }

    private void throwIfFailed() throws IOException {
        while (!running.isEmpty() && running.getFirst().isDone()) {
            Io.await(running.getFirst());
            running.removeFirst();
        }
    }

    /** Waits for all that was started so far. */
    void await() throws IOException {
        while (true) {
            Tracked next;
            synchronized (running) {
                next = running.peekFirst();
            }
            if (next == null) {
                return;
            }
            Io.await(next);
            synchronized (running) {
                running.remove(next);
            }
        }
    }

    /** Interrupts what runs, and waits until nothing does. */
    @Override
    public void close() {
        Deque<Tracked> left;
        synchronized (running) {
            left = new ArrayDeque<>(running);
            running.clear();
        }
        left.forEach(task -> task.cancel(true));
        left.forEach(Tracked::awaitLeft);
    }

    /** A task that is cancelled is done before its thread has left it, so it says that itself. */
    private static final class Tracked extends FutureTask<Void> {
        private final CountDownLatch left = new CountDownLatch(1);

        Tracked(Callable<Void> work) {
            super(work);
        }

        @Override
        public void run() {
            try {
                super.run();
            } finally {
                left.countDown();
            }
        }

        void awaitLeft() {
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
}
