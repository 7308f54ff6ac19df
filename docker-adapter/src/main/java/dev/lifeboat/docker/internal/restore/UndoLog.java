package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.quiesce.LateRecovery;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceJournal.QuiesceRecord;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps that undo what a restore has done so far; run in reverse if it fails. Each is written to the journal before
 * the change is made, so that {@link RestoreRecovery} can undo the restore if the process is killed. Not thread-safe.
 */
final class UndoLog {
    /** Name of the value that holds the id of the restore that a record belongs to. */
    static final String RESTORE = "restore";
    /** Name of the value that holds the place of a step among those of its restore. */
    static final String SEQUENCE = "sequence";
    /** Value of the action of the record that says that all content is written, and containers are started. */
    static final String STARTING = "STARTING";

    /** Value of the action of the record that says that a restore has failed, and is undone whatever runs. */
    static final String UNDOING = "UNDOING";

    /** Value of the action of the record that says that a restore has succeeded. */
    static final String COMMITTED = "COMMITTED";

    private static final Logger log = LoggerFactory.getLogger(UndoLog.class);

    private final EngineClient client;
    private final QuiesceJournal journal;
    private final Undoer undoer;
    private final String restore = UUID.randomUUID().toString();
    private final Deque<Recorded> steps = new ArrayDeque<>();
    private Optional<QuiesceRecord> started = Optional.empty();
    private int sequence;

    private record Recorded(UndoStep step, Optional<QuiesceRecord> record) {}

    UndoLog(EngineClient client, QuiesceJournal journal) {
        this.client = client;
        this.journal = journal;
        this.undoer = new Undoer(client);
    }

    /** Creates a resource and returns its id. */
    @FunctionalInterface
    interface Creation {
        String run() throws IOException;
    }

    /** Adds the step that undoes what is done next. */
    void add(UndoStep step) {
        steps.push(new Recorded(step, record(step.toValues())));
    }

    /**
     * Creates something and adds the step that undoes it, as one: an interrupt between the two would leave behind what
     * was created.
     *
     * @param step by which it is found until its id is known
     * @return the id
     * @throws InterruptedIOException if this thread is interrupted already; nothing was created
     */
    String creating(UndoStep step, Creation creation) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("the restore is cancelled");
        }
        AtomicReference<String> created = new AtomicReference<>("");
        UninterruptibleCleanup.run(() -> {
            Optional<QuiesceRecord> intent = record(step.toValues());
            boolean lost = false;
            try {
                String id = creation.run();
                created.set(id);
                add(step.withId(id));
            } catch (DockerException e) {
                // The answer was lost: it may have been created all the same.
                lost = e.kind() == DockerException.Kind.UNREACHABLE;
                throw e;
            } finally {
                if (lost) {
                    leave(intent);
                } else {
                    remove(intent);
                }
            }
        });
        return Objects.requireNonNull(created.get());
    }

    /**
     * Creates a volume. An engine answers the creation of a volume that exists as if it had created it; such a one is
     * not ours to write to.
     *
     * @throws DockerException if the volume exists
     */
    void create(Volumes volumes, VolumeSpec volume) throws IOException {
        creating(new UndoStep(UndoStep.Action.REMOVE_VOLUME, volume.name(), ""), () -> {
            if (volumes.find(volume.name()).isPresent()) {
                throw new DockerException(
                        DockerException.Kind.CONFLICT,
                        "volume " + volume.name()
                                + " was created by another after the restore was planned; plan it anew");
            }
            return volumes.create(volume);
        });
    }

    private Optional<QuiesceRecord> record(Map<String, String> values) {
        Map<String, String> all = new TreeMap<>(values);
        all.put("engine", client.uri().toString());
        all.put(RESTORE, restore);
        all.put(SEQUENCE, Integer.toString(sequence++));
        try {
            return Optional.of(journal.write(all));
        } catch (IOException e) {
            log.warn(
                    "no record was written, so a restore is not undone if this process is killed [cause={}]",
                    e.toString());
            return Optional.empty();
        }
    }

    private void leave(Optional<QuiesceRecord> record) {
        LateRecovery.leave(record, client, "restored", () -> new RestoreRecovery(client, journal).run());
    }

    private static void remove(Optional<QuiesceRecord> record) {
        try {
            if (record.isPresent()) {
                record.get().remove();
            }
        } catch (IOException e) {
            log.warn(
                    "record of a restore is not removed [file={}, cause={}]",
                    record.get().file(),
                    e.toString());
        }
    }

    /**
     * All content is written, and containers are about to be started.
     *
     * @param ids of those
     */
    void starting(List<String> ids) {
        started = record(Map.of("action", STARTING, "name", "", "id", String.join(",", ids)));
    }

    /**
     * What was done stays: forgets all steps. From here on, a process that recovers this restore completes it.
     *
     * @param last removes what the restore has replaced; it must not throw
     */
    List<String> commit(Supplier<List<String>> last) {
        Optional<QuiesceRecord> committed =
                steps.isEmpty() ? Optional.empty() : record(Map.of("action", COMMITTED, "name", "", "id", ""));
        if (committed.isEmpty()) {
            // Without it, a recovery would undo what is kept.
            forget();
        }
        List<String> left = last.get();
        if (!left.isEmpty() && committed.isPresent()) {
            leave(committed);
            steps.forEach(step -> leave(step.record()));
            steps.clear();
            forget();
        } else {
            forget();
            remove(committed);
        }
        return left;
    }

    private void forget() {
        while (!steps.isEmpty()) {
            remove(steps.pop().record());
        }
        remove(started);
        started = Optional.empty();
    }

    /**
     * Runs all steps, the last one first, even on an interrupted thread.
     *
     * @throws IOException the first failure, with the others suppressed; all steps were tried, and those that failed
     *     are left to a recovery
     */
    void undo() throws IOException {
        UninterruptibleCleanup.run(this::runAll);
    }

    private void runAll() throws IOException {
        IOException failure = null;
        List<Optional<QuiesceRecord>> failed = new ArrayList<>();
        while (!steps.isEmpty()) {
            Recorded step = steps.pop();
            try {
                undoer.run(step.step());
                remove(step.record());
            } catch (IOException e) {
                failed.add(step.record());
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            failed.add(record(Map.of("action", UNDOING, "name", "", "id", "")));
            failed.forEach(this::leave);
        }
        remove(started);
        started = Optional.empty();
        if (failure != null) {
            throw failure;
        }
    }
}
