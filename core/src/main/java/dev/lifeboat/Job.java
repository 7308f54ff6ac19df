package dev.lifeboat;

import dev.lifeboat.event.OperationEvent;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * An operation that runs on a thread of its own. Thread-safe.
 *
 * <p>The JVM does not exit while a job runs: {@code main} may return. An orderly shutdown (SIGTERM,
 * {@link System#exit}) cancels it, resumes what it has quiesced, and waits for it up to 30 seconds.
 *
 * @param <T> type of the result
 */
public final class Job<T> implements AutoCloseable {
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private final AtomicReference<OperationEvent.Progress> progress;
    private final Thread thread;

    Job(Supplier<T> work, AtomicReference<OperationEvent.Progress> progress, String name) {
        this.progress = progress;
        thread = new Thread(
                () -> {
                    try {
                        result.complete(work.get());
                    } catch (Throwable e) {
                        // Errors, too, are for the caller who reads the result.
                        result.completeExceptionally(e);
                    }
                },
                "lifeboat-" + name);
        thread.setDaemon(false);
        thread.start();
    }

    /**
     * Completes with the result, or exceptionally with a {@link BackupException}. Completing it from outside
     * ({@link CompletableFuture#cancel}, {@link CompletableFuture#orTimeout}) cancels the job.
     */
    public CompletableFuture<T> result() {
        CompletableFuture<T> copy = result.copy();
        var unused = copy.whenComplete((value, failure) -> {
            if (!result.isDone()) {
                cancel();
            }
        });
        return copy;
    }

    /** Returns the latest progress; empty before the first progress event. */
    public Optional<OperationEvent.Progress> progress() {
        return Optional.ofNullable(progress.get());
    }

    /**
     * Requests that the job stops, and returns at once. The result completes with {@link BackupException.Cancelled}
     * after the source is resumed, and a container, volumes and networks that a restore has created are removed.
     */
    public void cancel() {
        thread.interrupt();
    }

    /**
     * Cancels the job and waits until it has ended. Not interruptible; the interrupt flag is kept.
     *
     * @throws IllegalStateException if the job itself calls it
     */
    @Override
    public void close() {
        boolean interrupted = false;
        if (Thread.currentThread() == thread) {
            throw new IllegalStateException("a job cannot wait for itself; cancel() it");
        }
        if (!result.isDone()) {
            cancel();
        }
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
