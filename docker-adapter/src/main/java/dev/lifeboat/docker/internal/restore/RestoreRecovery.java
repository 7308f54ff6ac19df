package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceJournal.QuiesceRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends restores whose process was killed: one that had not succeeded is undone, one that had is completed. Volumes that
 * existed before keep what was written into them.
 */
public final class RestoreRecovery {
    private static final Logger log = LoggerFactory.getLogger(RestoreRecovery.class);

    private final EngineClient client;
    private final QuiesceJournal journal;
    private final Undoer undoer;

    /** Recovers restores to one engine by the records of one journal. */
    public RestoreRecovery(EngineClient client, QuiesceJournal journal) {
        this.client = client;
        this.journal = journal;
        this.undoer = new Undoer(client);
    }

    /**
     * What was done.
     *
     * @param resumed names of containers that run again
     * @param removed what restores had created, and is removed
     * @param left what restores may have created, and may belong to others, too
     */
    public record Result(List<String> resumed, List<String> removed, List<String> left) {}

    /** A record and what it says. */
    private record Step(QuiesceRecord record, Optional<UndoStep> undo) {
        int sequence() {
            String number = record.values().getOrDefault(UndoLog.SEQUENCE, "");
            return number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : 0;
        }

        boolean isCommit() {
            return UndoLog.COMMITTED.equals(record.values().get("action"));
        }
    }

    /**
     * Recovers all restores.
     *
     * @throws IOException if the journal cannot be read, or a step fails; its record stays
     */
    public Result run() throws IOException {
        Result result = new Result(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        journal.exclusively(() -> {
            Map<String, List<Step>> restores = new TreeMap<>();
            for (QuiesceRecord record : journal.abandoned()) {
                String restore = record.values().get(UndoLog.RESTORE);
                boolean ours = client.uri().toString().equals(record.values().get("engine"));
                if (restore != null && ours) {
                    restores.computeIfAbsent(restore, key -> new ArrayList<>())
                            .add(new Step(record, UndoStep.from(record.values())));
                }
            }
            IOException failure = null;
            for (List<Step> steps : restores.values()) {
                steps.sort(Comparator.comparingInt(Step::sequence).reversed());
                try {
                    if (steps.stream().anyMatch(Step::isCommit)) {
                        complete(steps);
                    } else {
                        undo(steps, result);
                    }
                } catch (IOException e) {
                    // One that fails keeps no other from it.
                    failure = failure == null ? e : failure;
                }
            }
            if (failure != null) {
                throw failure;
            }
        });
        return result;
    }

    private void undo(List<Step> steps, Result result) throws IOException {
        IOException failure = null;
        for (Step step : steps) {
            try {
                if (step.undo().isPresent()) {
                    undo(step.undo().get(), result);
                }
                step.record().remove();
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void undo(UndoStep step, Result result) throws IOException {
        boolean starts = step.action() == UndoStep.Action.START || step.action() == UndoStep.Action.START_PAUSED;
        if (step.isUncertain()) {
            if (undoer.exists(step)) {
                log.warn("a restore that was killed may have created this, which is left [resource={}]", step);
                result.left().add(step.toString());
            }
        } else if (starts) {
            undoer.startUnlessRunning(step);
            log.warn("container started again, which a restore that was killed had stopped [name={}]", step.name());
            result.resumed().add(step.name());
        } else {
            undoer.run(step);
            if (step.action() != UndoStep.Action.RENAME) {
                log.warn("a restore that was killed had created this, which is removed [resource={}]", step);
                result.removed().add(step.toString());
            }
        }
    }

    /** Removes the containers that were replaced; those are the ones that were renamed. */
    private void complete(List<Step> steps) throws IOException {
        for (Step step : steps) {
            Optional<UndoStep> undo = step.undo();
            if (undo.isPresent() && undo.get().action() == UndoStep.Action.RENAME) {
                undoer.run(new UndoStep(
                        UndoStep.Action.REMOVE_CONTAINER,
                        undo.get().name(),
                        undo.get().id()));
            }
        }
        for (Step step : steps) {
            if (!step.isCommit()) {
                step.record().remove();
            }
        }
        for (Step step : steps) {
            if (step.isCommit()) {
                step.record().remove();
            }
        }
    }
}
