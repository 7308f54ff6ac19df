package dev.lifeboat.automation;

import dev.lifeboat.Prune;
import dev.lifeboat.ReplicaSync;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.Verify;
import dev.lifeboat.automation.drill.Drill;
import dev.lifeboat.automation.drill.DrillReport;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What a schedule does. Steps run one after the other. */
public interface Step {
    /** Returns its name, for records and messages; unique in its schedule. */
    String name();

    /**
     * Does it.
     *
     * @return what it has done, for the record: a few words without secrets
     * @throws InterruptedException if the scheduler is closed
     * @throws Exception if it fails; the schedule's {@link FailurePolicy} says what follows
     */
    String run(Context context) throws Exception;

    /**
     * What a step runs for.
     *
     * @param repository of the scheduler, which the step does not close
     * @param schedule its name
     * @param due when the run was due
     * @param attempt from 1; what earlier ones have done may be there
     */
    record Context(Repository repository, String schedule, Instant due, int attempt) {}

    /** A step of the caller's own. */
    @FunctionalInterface
    interface Action {
        /** Does it, as {@link Step#run} says. */
        String run(Context context) throws Exception;
    }

    /** Returns a step that does something of the caller's own. */
    static Step of(String name, Action action) {
        return new NamedStep(name, action);
    }

    /**
     * Backs up a source. The snapshot has the tags {@code schedule} and {@code due}; if there is one of this run
     * already, since the process was killed behind it, there is no second one. A snapshot that lacks something that it
     * should have is a failure, but stays.
     */
    static Step backup(SnapshotSource source) {
        return of("backup " + source, context -> {
            Optional<Snapshot> before = context.attempt() == 1
                    ? Optional.empty()
                    : context.repository().snapshots(source.name()).stream()
                            .filter(made ->
                                    context.schedule().equals(made.tags().get("schedule"))
                                            && context.due()
                                                    .toString()
                                                    .equals(made.tags().get("due")))
                            .findFirst();
            Snapshot snapshot = before.isPresent()
                    ? before.get()
                    : context.repository()
                            .backup(source)
                            .tag("schedule", context.schedule())
                            .tag("due", context.due().toString())
                            .run();
            if (snapshot.completeness() == Completeness.INCOMPLETE) {
                throw new IOException("snapshot " + snapshot.id() + " is incomplete: "
                        + snapshot.problems().stream()
                                .findFirst()
                                .map(Object::toString)
                                .orElse("see its problems"));
            }
            return "snapshot " + snapshot.id() + (before.isPresent() ? ", made before" : "");
        });
    }

    /** Removes snapshots that a policy does not keep, and frees what no snapshot needs. */
    static Step prune(Retention retention) {
        return of("prune", context -> {
            Prune.Pruned pruned = context.repository().prune(retention).run();
            return pruned.removed().size() + " snapshots removed, " + pruned.bytesFreed() + " bytes freed";
        });
    }

    /**
     * Verifies the repository, and reads a share of its content, another one each time. Damage is a failure.
     *
     * @param percent of the content, above 0, at most 100
     * @param budget after which no more content is read
     */
    static Step verify(double percent, Duration budget) {
        return of("verify", context -> {
            Verify.Verified verified =
                    context.repository().verify().readSample(percent, budget).run();
            if (!verified.isClean()) {
                throw new IOException(
                        "the repository has " + verified.findings().size() + " damages: "
                                + verified.findings().get(0));
            }
            return verified.bytesRead() + " bytes read";
        });
    }

    /**
     * Drills the newest snapshot of a series. A drill that is not passed is a failure; its report says why.
     *
     * @param series name of the source, such as {@code compose:shop}
     */
    static Step drill(String series, Drill drill) {
        return of("drill " + series, context -> {
            Snapshot snapshot = context.repository()
                    .findLatest(series)
                    .orElseThrow(() -> new IOException("there is no snapshot of " + series + " to drill"));
            DrillReport report = drill.run(context.repository(), snapshot);
            if (!report.isPassed()) {
                throw new IOException(report.toString());
            }
            return "snapshot " + snapshot.id() + " works"
                    + report.timeToHealthy()
                            .map(time -> ", healthy after " + time.toMillis() + " ms")
                            .orElse("");
        });
    }

    /** Brings replicas in sync with the primary store. */
    static Step syncReplicas() {
        return of("sync replicas", context -> {
            List<ReplicaSync.Replica> synced =
                    context.repository().syncReplicas().run();
            Optional<String> failure = synced.stream()
                    .map(ReplicaSync.Replica::failure)
                    .flatMap(Optional::stream)
                    .findFirst();
            if (failure.isPresent()) {
                throw new IOException(failure.get());
            }
            return synced.size() + " replicas";
        });
    }
}
