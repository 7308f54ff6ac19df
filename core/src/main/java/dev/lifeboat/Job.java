package dev.lifeboat;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/**
 * An operation that runs on its own thread. Thread-safe.
 *
 * @param <T> what it gives
 */
public final class Job<T> {
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private final AtomicReference<OperationEvent.Progress> progress;
    private final Thread thread;

    Job(Operation<T, ?> operation, AtomicReference<OperationEvent.Progress> progress, String name) {
        this.progress = progress;
        thread = new Thread(
                () -> {
                    try {
                        result.complete(operation.run());
                    } catch (Throwable e) {
                        // Whatever it is belongs to who asks for the result.
                        result.completeExceptionally(e);
                    }
                },
                "lifeboat-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Completes with the result, or exceptionally with a {@link BackupException}. Completing it from outside cancels nothing. */
    public CompletableFuture<T> result() {
        return result.copy();
    }

    /** How far it is; empty before the first progress. */
    public Optional<OperationEvent.Progress> progress() {
        return Optional.ofNullable(progress.get());
    }

    /** Asks it to stop; the result then completes with {@link BackupException.Cancelled} once everything is undone. */
    public void cancel() {
        thread.interrupt();
    }
}
