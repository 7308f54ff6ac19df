package dev.lifeboat;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.NotReadableException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.audit.AuditLog;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.internal.engine.TaggedStorage;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Translates failures to {@link BackupException}. No other class does. */
final class Failures {
    private Failures() {}

    /**
     * Translates a failure of an operation.
     *
     * @param operation start of the message: "cannot back up container:web"
     * @param otherwise creates the exception for a failure that comes neither from the store nor from stored data
     */
    static BackupException translate(
            String operation, IOException e, BiFunction<String, IOException, BackupException> otherwise) {
        if (Io.isInterruption(e)) {
            // The code that throws such an exception has cleared the flag.
            Thread.currentThread().interrupt();
            return new BackupException.Cancelled(operation + ": cancelled", e);
        }
        String message = operation + ": " + e.getMessage();
        if (e instanceof TaggedStorage.Failed) {
            return new BackupException.StorageFailed(message, e.getCause());
        }
        if (e instanceof NotReadableException) {
            return new BackupException.WrongKey(message, e);
        }
        if (e instanceof DamagedException) {
            return new BackupException.Corrupt(message, e);
        }
        if (e instanceof UnsupportedVersionException) {
            return new BackupException.UnsupportedFormat(message, e);
        }
        return otherwise.apply(message, e);
    }

    /** Runs an action that uses only the store, and translates its failures. */
    static <T> T translating(String operation, Action<T> action) {
        try {
            return action.run();
        } catch (IOException e) {
            throw translate(operation, e, BackupException.StorageFailed::new);
        }
    }

    /**
     * Queries the store, as an operation of its own.
     *
     * @param what completes "cannot ... in <location>"
     * @throws IllegalStateException if the repository is closed
     */
    static <T> T query(OpenRepository repository, String what, Action<T> action) {
        String operation = "cannot " + what + " in " + repository.location();
        RunningOperations.Running running = repository.enter(operation);
        try {
            return translating(operation, action);
        } finally {
            running.close();
        }
    }

    /**
     * Does something to the store that is no {@link Operation}, and that the audit trail has to show.
     *
     * @param kind such as {@code RemoveKey}
     * @param what completes "cannot ... in <location>"
     * @param outcome what the audit trail says of a result
     * @throws IllegalStateException if the repository is closed
     */
    static <T> T audited(
            OpenRepository repository, String kind, String what, Function<T, String> outcome, Action<T> action) {
        return query(repository, what, () -> {
            if (repository.audit().isEmpty()) {
                return action.run();
            }
            AuditLog.Run run = repository.audit().get().begin(kind, what + " in " + repository.location());
            AuditTrail.Phase phase = AuditTrail.Phase.FAILED;
            String text = "";
            try {
                T result = action.run();
                phase = AuditTrail.Phase.SUCCEEDED;
                text = outcome.apply(result);
                return result;
            } catch (IOException | RuntimeException e) {
                boolean cancelled = e instanceof IOException io && Io.isInterruption(io);
                phase = cancelled ? AuditTrail.Phase.CANCELLED : AuditTrail.Phase.FAILED;
                text = cancelled ? "" : e.getClass().getSimpleName();
                throw e;
            } finally {
                run.end(AuditTrail.text(phase), text);
            }
        });
    }

    /** An action that may fail. */
    @FunctionalInterface
    interface Action<T> {
        T run() throws IOException;
    }
}
