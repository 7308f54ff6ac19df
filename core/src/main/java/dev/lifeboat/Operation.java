package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.internal.audit.AuditLog;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.OperationObserver;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.internal.engine.TaggedStorage;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.jfr.OperationRecording;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Describes an operation on a repository, and runs it once. Not thread-safe before it is started.
 *
 * @param <T> type of the result
 * @param <S> the operation itself
 */
public abstract class Operation<T, S extends Operation<T, S>> {
    final OpenRepository repository;
    private final List<Consumer<? super OperationEvent>> listeners = new ArrayList<>();
    private final AtomicReference<OperationEvent.Progress> progress = new AtomicReference<>();
    private final AtomicBoolean started = new AtomicBoolean();

    Operation(OpenRepository repository) {
        this.repository = repository;
    }

    /**
     * Adds a listener. Listeners are called in the order in which they were added.
     *
     * @throws IllegalStateException if the operation was started already
     */
    @CanIgnoreReturnValue
    public final S onEvent(Consumer<? super OperationEvent> listener) {
        checkNotStarted();
        listeners.add(listener);
        return self();
    }

    /**
     * Runs the operation on this thread. Interrupt the thread to cancel it.
     *
     * @throws BackupException if the operation fails or is cancelled
     * @throws IllegalStateException if it was started already, its description is incomplete or contradictory, or the
     *     repository is closed
     */
    @CanIgnoreReturnValue
    public final T run() {
        start(started);
        return execute();
    }

    /**
     * Runs the operation on a thread of its own.
     *
     * @throws IllegalStateException if it was started already, or its description is incomplete or contradictory
     */
    public final Job<T> start() {
        start(started);
        return new Job<>(this::execute, progress, getClass().getSimpleName().toLowerCase(Locale.ROOT));
    }

    private void start(AtomicBoolean flag) {
        checkNotStarted();
        check();
        if (!flag.compareAndSet(false, true)) {
            throw alreadyStarted();
        }
    }

    private T execute() {
        try (RunningOperations.Running running = repository.enter(describe())) {
            Optional<OperationRecording> recording = OperationRecording.begin(
                    getClass().getSimpleName(), describe().replaceFirst("^cannot ", ""));
            recording.ifPresent(listeners::add);
            Optional<OperationObserver> observer =
                    repository.observe(getClass().getSimpleName(), describe().replaceFirst("^cannot ", ""));
            observer.ifPresent(listeners::add);
            Optional<String> failure = Optional.of("Error");
            boolean cancelled = false;
            Optional<String> message = Optional.of("an exception that is not expected; see the log");
            Optional<AuditLog.Run> audit = Optional.empty();
            Optional<T> made = Optional.empty();
            try {
                audit = beginAudit();
                T result = execute(new ProgressTracker(List.copyOf(listeners), progress, repository.clock()), running);
                failure = Optional.empty();
                message = Optional.empty();
                made = Optional.of(result);
                return result;
            } catch (IOException e) {
                BackupException translated = Failures.translate(describe(), e, this::otherFailure);
                failure = Optional.of(translated.getClass().getSimpleName());
                message = Optional.of(String.valueOf(translated.getMessage()));
                cancelled = translated instanceof BackupException.Cancelled;
                throw translated;
            } catch (BackupException e) {
                // Of an operation within this one.
                failure = Optional.of(e.getClass().getSimpleName());
                message = Optional.of(String.valueOf(e.getMessage()));
                cancelled = e instanceof BackupException.Cancelled;
                throw e;
            } catch (RuntimeException e) {
                message = Optional.of(e.toString());
                throw e;
            } finally {
                Optional<String> end = failure;
                Optional<String> text = message;
                recording.ifPresent(r -> r.end(end));
                boolean byCaller = cancelled;
                String outcome = Stream.concat(end.stream(), Stream.of(outcome(made)))
                        .filter(part -> !part.isEmpty())
                        .collect(Collectors.joining("; "));
                audit.ifPresent(run -> run.end(phase(end, byCaller), outcome));
                observer.ifPresent(o -> o.end(byCaller, text));
                repository.heal();
            }
        }
    }

    private Optional<AuditLog.Run> beginAudit() throws IOException {
        if (repository.audit().isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(repository.audit().get().begin(getClass().getSimpleName(), auditDescription()));
        } catch (IOException e) {
            throw Io.isInterruption(e) || e instanceof TaggedStorage.Failed ? e : new TaggedStorage.Failed(e);
        }
    }

    private static String phase(Optional<String> failure, boolean cancelled) {
        if (cancelled) {
            return AuditTrail.text(AuditTrail.Phase.CANCELLED);
        }
        return AuditTrail.text(failure.isPresent() ? AuditTrail.Phase.FAILED : AuditTrail.Phase.SUCCEEDED);
    }

    final void checkNotStarted() {
        if (started.get()) {
            throw alreadyStarted();
        }
    }

    private static IllegalStateException alreadyStarted() {
        return new IllegalStateException("this operation was started already; create another one");
    }

    /** Checks the description as a whole. */
    void check() {}

    abstract S self();

    abstract T execute(ProgressTracker events, RunningOperations.Running running) throws IOException;

    /** Returns what the audit trail says of the operation before it begins. Holders of write-only keys can read it. */
    String auditDescription() {
        return describe().replaceFirst("^cannot ", "");
    }

    /**
     * Returns what the audit trail says of what was done. Holders of write-only keys can read it.
     *
     * @param result empty if the operation has failed
     */
    String outcome(Optional<T> result) {
        return "";
    }

    /** Returns the start of messages: "cannot back up x". */
    abstract String describe();

    /** Creates the exception for a failure that comes neither from the store nor from stored data. */
    BackupException otherFailure(String message, IOException cause) {
        return new BackupException.StorageFailed(message, cause);
    }
}
