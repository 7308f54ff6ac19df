package dev.lifeboat.automation.drill;

import dev.lifeboat.BackupException;
import dev.lifeboat.Repository;
import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Outcome;
import dev.lifeboat.automation.drill.DrillReport.Phase;
import dev.lifeboat.automation.drill.DrillTarget.Restored;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One run of a drill. */
final class DrillRun {
    private final DrillTarget target;
    private final List<Check> checks;
    private final Duration checkTimeout;
    private final Repository repository;
    private final Snapshot snapshot;
    private final Instant started;
    private final long begin = System.nanoTime();

    private final List<Phase> phases = new ArrayList<>();
    private final List<CheckResult> results = new ArrayList<>();
    private Restored restored = new Restored(List.of(), List.of(), List.of(), Map.of());
    private Optional<Duration> timeToHealthy = Optional.empty();
    private Optional<String> failure = Optional.empty();
    private Optional<String> left = Optional.empty();
    private List<String> removedBefore = List.of();

    DrillRun(
            DrillTarget target,
            List<Check> checks,
            Duration checkTimeout,
            Clock clock,
            Repository repository,
            Snapshot snapshot) {
        this.target = target;
        this.checks = checks;
        this.checkTimeout = checkTimeout;
        this.repository = repository;
        this.snapshot = snapshot;
        this.started = clock.instant();
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    private void phase(String name, Duration since) {
        phases.add(new Phase(name, since, elapsed().minus(since)));
    }

    DrillReport run() throws InterruptedException {
        removeLeftovers();
        Duration restoring = elapsed();
        DrillTarget.Session session = null;
        try {
            session = target.begin(repository, snapshot);
            restore(session, restoring);
            if (!checks.isEmpty()) {
                check(session.application());
            }
        } catch (IOException | RuntimeException e) {
            failed(e, restoring);
        } finally {
            if (session != null) {
                remove(session);
            }
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("the drill is cancelled");
        }
        if (failure.isPresent()) {
            checks.forEach(check -> results.add(
                    new CheckResult(check.name(), Outcome.SKIPPED, "the application was not restored", Duration.ZERO)));
        }
        return report();
    }

    private void removeLeftovers() {
        Duration since = elapsed();
        try {
            removedBefore = target.removeLeftovers();
        } catch (IOException e) {
            // It has its own names; what is left over is in no one's way.
            left = Optional.of("of an earlier drill: " + e.getMessage());
        }
        if (!removedBefore.isEmpty()) {
            phase("remove leftovers", since);
        }
    }

    private void restore(DrillTarget.Session session, Duration since) throws IOException {
        restored = session.restore();
        phase("restore until healthy", since);
        if (restored.members().stream().allMatch(DrillTarget.Member::good)) {
            timeToHealthy = Optional.of(elapsed().minus(since));
        }
    }

    private void failed(Exception cause, Duration since) throws InterruptedException {
        if (cause instanceof BackupException.Cancelled) {
            Thread.currentThread().interrupt();
            return;
        }
        boolean expected = cause instanceof IOException || cause instanceof BackupException;
        failure = Optional.of(expected ? String.valueOf(cause.getMessage()) : cause.toString());
        if (phases.stream().noneMatch(phase -> phase.begin().equals(since))) {
            phase("restore", since);
        }
    }

    private void check(RestoredApplication application) {
        Duration since = elapsed();
        for (Check check : checks) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            results.add(new TimedCheck(check, checkTimeout).run(application));
        }
        phase("checks", since);
    }

    private void remove(DrillTarget.Session session) {
        Duration since = elapsed();
        try {
            session.close();
        } catch (IOException e) {
            left = Optional.of(String.valueOf(e.getMessage()));
        }
        phase("remove all", since);
    }

    private DrillReport report() {
        return new DrillReport(
                snapshot,
                target.location(),
                started,
                phases,
                timeToHealthy,
                Duration.between(snapshot.time(), started),
                restored.members(),
                results,
                restored.lost(),
                restored.notes(),
                restored.readBy(),
                failure,
                removedBefore,
                left);
    }
}
