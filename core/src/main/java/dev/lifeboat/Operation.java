package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.NotReadableException;
import dev.lifeboat.format.UnsupportedVersionException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * An operation being described; then it runs, once. Not thread-safe while it is described.
 *
 * @param <T> what it gives
 * @param <S> its own type
 */
public abstract sealed class Operation<T, S extends Operation<T, S>>
        permits Backup, CatchUp, Copy, Restore, Diff, Prune, Repair, Verify {
    final Repository repository;
    private final List<Consumer<? super OperationEvent>> listeners = new ArrayList<>();
    private final AtomicReference<OperationEvent.Progress> progress = new AtomicReference<>();
    private final AtomicBoolean started = new AtomicBoolean();

    Operation(Repository repository) {
        this.repository = repository;
    }

    /**
     * Adds a listener, called in the order they were added.
     *
     * @throws IllegalStateException if the operation was started
     */
    @CanIgnoreReturnValue
    public final S onEvent(Consumer<? super OperationEvent> listener) {
        checkDescribing();
        listeners.add(listener);
        return self();
    }

    /**
     * Runs here and now. Interrupt the thread to cancel.
     *
     * @throws BackupException if it fails or is cancelled
     * @throws IllegalStateException if it was started before, or what was described contradicts itself
     */
    @CanIgnoreReturnValue
    public final T run() {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("this operation was started before; describe another one");
        }
        check();
        repository.enter();
        try {
            return execute(new Events(List.copyOf(listeners), progress, repository.clock()));
        } catch (IOException e) {
            throw failure(e);
        } finally {
            repository.heal();
            repository.leave();
        }
    }

    /** Runs on a thread of its own. */
    public final Job<T> start() {
        return new Job<>(this, progress, getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT));
    }

    final void checkDescribing() {
        if (started.get()) {
            throw new IllegalStateException("this operation was started already");
        }
    }

    private BackupException failure(IOException e) {
        String message = describe() + ": " + e.getMessage();
        if (e instanceof InterruptedIOException || e instanceof ClosedByInterruptException) {
            Thread.currentThread().interrupt();
            return new BackupException.Cancelled(describe() + ": cancelled", e);
        }
        if (e instanceof StorageGate.Failed) {
            return new BackupException.StorageFailed(message, e.getCause());
        }
        if (e instanceof DamagedException) {
            return new BackupException.Corrupt(message, e);
        }
        if (e instanceof NotReadableException) {
            return new BackupException.WrongKey(message, e);
        }
        if (e instanceof UnsupportedVersionException) {
            return new BackupException.UnsupportedFormat(message, e);
        }
        return otherFailure(message, e);
    }

    /** Checks the description as a whole. */
    void check() {}

    abstract S self();

    abstract T execute(Events events) throws IOException;

    /** Begins messages: "cannot back up x". */
    abstract String describe();

    /** An exception that is neither the store's nor that of stored data. */
    BackupException otherFailure(String message, IOException cause) {
        return new BackupException.StorageFailed(message, cause);
    }
}
