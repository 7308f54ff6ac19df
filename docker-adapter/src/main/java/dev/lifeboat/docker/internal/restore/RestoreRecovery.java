package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
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
     * @param completed what restores had created that had written all, and that stays
     * @param undecided what restores may have created, or what is in use by now
     */
    public record Result(List<String> resumed, List<String> removed, List<String> completed, List<String> undecided) {}

    /** A record and what it says. */
    private record Step(QuiesceRecord record, Optional<UndoStep> undo) {
        int sequence() {
            String number = record.values().getOrDefault(UndoLog.SEQUENCE, "");
            return number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : 0;
        }

        boolean is(String action) {
            return action.equals(record.values().get("action"));
        }

        boolean undoes(UndoStep.Action action) {
            return undo.isPresent() && undo.get().action() == action;
        }
    }

    /**
     * Recovers all restores.
     *
     * @throws IOException if the journal cannot be read, or a step fails; its record stays
     */
    public Result run() throws IOException {
        Result result = new Result(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
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
                    recover(steps, result);
                } catch (IOException e) {
                    // One that fails keeps no other from it.
                    failure = failure == null ? e : failure;
                }
            }
            if (failure != null) {
                throw failure;
            }
        });
        removeHelpers(result);
        return result;
    }

    /** They are not in the journal, since they hold nothing; one that stays keeps no one from anything. */
    private void removeHelpers(Result result) throws IOException {
        try {
            result.removed().addAll(HelperContainer.removeAbandoned(client));
        } catch (DockerException e) {
            log.warn("helper containers of a process that was killed are not removed [cause={}]", e.getMessage());
        }
    }

    /**
     * What runs is not taken away: neither what the restore itself has started, unless it replaces what ran before and
     * does not run; nor what another has started after the kill.
     */
    private void recover(List<Step> steps, Result result) throws IOException {
        boolean replaces = steps.stream().anyMatch(step -> step.undoes(UndoStep.Action.RENAME));
        Optional<Step> starting =
                steps.stream().filter(step -> step.is(UndoLog.STARTING)).findFirst();
        if (steps.stream().anyMatch(step -> step.is(UndoLog.COMMITTED))) {
            complete(steps, result);
        } else if (steps.stream().anyMatch(step -> step.is(UndoLog.UNDOING))) {
            undo(steps, result);
        } else if (starting.isPresent()) {
            if (!replaces || allRun(starting.get())) {
                complete(steps, result);
            } else {
                undo(steps, result);
            }
        } else if (isInUse(steps)) {
            log.warn("what a restore that was killed had created is in use by now, and is left");
            steps.forEach(
                    step -> step.undo().ifPresent(undo -> result.undecided().add(undo.toString())));
            for (Step step : steps) {
                step.record().remove();
            }
        } else {
            undo(steps, result);
        }
    }

    private boolean allRun(Step starting) throws IOException {
        for (String id : starting.record().values().getOrDefault("id", "").split(",", -1)) {
            if (!id.isEmpty() && !undoer.runs(id)) {
                return false;
            }
        }
        return true;
    }

    private boolean isInUse(List<Step> steps) throws IOException {
        for (Step step : steps) {
            if (step.undoes(UndoStep.Action.REMOVE_CONTAINER)
                    && undoer.wasStarted(step.undo().orElseThrow())) {
                return true;
            }
        }
        return false;
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
                result.undecided().add(step.toString());
            }
        } else if (starts) {
            undoer.startUnlessRunning(step);
            log.warn("container started again, which a restore that was killed had stopped [name={}]", step.name());
            result.resumed().add(step.name());
        } else {
            if (step.action() == UndoStep.Action.REMOVE_VOLUME) {
                undoer.removeHelpers(step.name());
            }
            if (!isRemoved(step)) {
                result.undecided().add(step.toString());
            } else if (step.action() != UndoStep.Action.RENAME) {
                log.warn("a restore that was killed had created this, which is removed [resource={}]", step);
                result.removed().add(step.toString());
            }
        }
    }

    /** Carries out a step. Returns false if the engine refuses to remove a volume or network that others use by now. */
    private boolean isRemoved(UndoStep step) throws IOException {
        try {
            undoer.run(step);
            return true;
        } catch (DockerException e) {
            boolean shared =
                    step.action() == UndoStep.Action.REMOVE_VOLUME || step.action() == UndoStep.Action.REMOVE_NETWORK;
            if (!shared || e.kind() == DockerException.Kind.UNREACHABLE) {
                throw e;
            }
            log.warn(
                    "what a restore that was killed had created is left [resource={}, cause={}]", step, e.getMessage());
            return false;
        }
    }

    /** Removes the containers that were replaced; those are the ones that were renamed. */
    private void complete(List<Step> steps, Result result) throws IOException {
        for (Step step : steps) {
            if (step.undoes(UndoStep.Action.REMOVE_CONTAINER)) {
                result.completed().add(step.undo().orElseThrow().toString());
            }
        }
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
            if (!step.is(UndoLog.COMMITTED)) {
                step.record().remove();
            }
        }
        for (Step step : steps) {
            if (step.is(UndoLog.COMMITTED)) {
                step.record().remove();
            }
        }
    }
}
