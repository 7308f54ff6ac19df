package dev.lifeboat.format.chunked;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.TrackedTask;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;

/** A group of tasks that run in parallel with the caller. The first failure fails the group. Thread-safe. */
final class Tasks implements AutoCloseable {
    private final Executor executor;
    private final Deque<TrackedTask<Void>> running = new ArrayDeque<>();

    Tasks(Executor executor) {
        this.executor = executor;
    }

    /** Returns what runs the tasks. */
    Executor executor() {
        return executor;
    }

    /** Starts a task. Throws the failure of an earlier task. */
    void start(Callable<Void> work) throws IOException {
        start(work, () -> {});
    }

    /**
     * Starts a task. Throws the failure of an earlier task.
     *
     * @param onLeft runs once when the task has ended, or could not be started
     */
    void start(Callable<Void> work, Runnable onLeft) throws IOException {
        TrackedTask<Void> task = new TrackedTask<>(work, onLeft);
        boolean added = false;
        try {
            synchronized (running) {
                throwIfFailed();
                running.add(task);
                added = true;
            }
        } finally {
            if (!added) {
                onLeft.run();
            }
        }
        task.startOn(executor);
    }

    private void throwIfFailed() throws IOException {
        while (!running.isEmpty() && running.getFirst().isDone()) {
            Io.await(running.getFirst());
            running.removeFirst();
        }
    }

    /** Waits for all tasks started so far. */
    void await() throws IOException {
        while (true) {
            TrackedTask<Void> next;
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

    /** Interrupts running tasks, and waits until none is running. */
    @Override
    public void close() {
        Deque<TrackedTask<Void>> left;
        synchronized (running) {
            left = new ArrayDeque<>(running);
            running.clear();
        }
        left.forEach(task -> task.cancel(true));
        left.forEach(TrackedTask::awaitLeft);
    }
}
