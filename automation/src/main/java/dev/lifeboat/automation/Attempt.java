package dev.lifeboat.automation;

import dev.lifeboat.BackupException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the steps of a schedule once. Used once, by one thread. */
final class Attempt {
    private static final Logger log = LoggerFactory.getLogger(Attempt.class);

    private final Schedule schedule;
    private final Step.Context context;
    private final Map<String, String> done;
    private final Map<String, String> failed = new LinkedHashMap<>();
    private boolean interrupted;

    /**
     * Makes an attempt.
     *
     * @param done what earlier ones have done, by the names of the steps
     */
    Attempt(Schedule schedule, Step.Context context, Map<String, String> done) {
        this.schedule = schedule;
        this.context = context;
        this.done = new LinkedHashMap<>(done);
    }

    /** Runs the steps that are not done; returns whether it was interrupted, which it clears. */
    boolean run() {
        for (Step step : schedule.steps()) {
            if (done.containsKey(step.name())) {
                continue;
            }
            try {
                done.put(step.name(), String.valueOf(step.run(context)));
            } catch (Exception e) {
                interrupted = e instanceof InterruptedException || e instanceof BackupException.Cancelled;
                interrupted |= Thread.interrupted();
                if (interrupted) {
                    return true;
                }
                log.warn("step failed [schedule={}, due={}, step={}]", schedule.name(), context.due(), step.name(), e);
                failed.put(step.name(), e.toString());
                if (!schedule.failures().keepsGoing()) {
                    break;
                }
            }
        }
        interrupted = Thread.interrupted();
        return interrupted;
    }

    Run.Result result() {
        if (failed.isEmpty()
                && done.keySet()
                        .containsAll(schedule.steps().stream().map(Step::name).toList())) {
            return Run.Result.SUCCEEDED;
        }
        return interrupted ? Run.Result.CANCELLED : Run.Result.FAILED;
    }

    Map<String, String> done() {
        return done;
    }

    Map<String, String> failed() {
        return failed;
    }
}
