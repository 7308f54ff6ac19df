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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of a drill. */
final class DrillRun {
    private static final Logger log = LoggerFactory.getLogger(DrillRun.class);

    private final DrillTarget target;
    private final List<Check> checks;
    private final Duration checkTimeout;
    private final Repository repository;
    private final Snapshot snapshot;
    private final Instant started;
    private final long begin = System.nanoTime();

    private final List<Phase> phases = new ArrayList<>();
    private final List<CheckResult> results = new ArrayList<>();
    private final List<DrillTarget.Member> members = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private Restored restored = new Restored(List.of(), List.of(), 0, List.of(), Map.of());
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
            lookAgain(session);
        } catch (IOException | RuntimeException e) {
            failed(e, restoring);
        } finally {
            if (session != null) {
                remove(session);
            }
        }
        if (Thread.interrupted()) {
            left.ifPresent(why -> log.warn("a drill that was cancelled has left something [cause={}]", why));
            throw new InterruptedException("the drill is cancelled");
        }
        if (failure.isPresent()) {
            results.clear();
            checks.forEach(check -> results.add(
                    new CheckResult(check.name(), Outcome.SKIPPED, "the application was not restored", Duration.ZERO)));
        }
        return report();
    }

    private void removeLeftovers() {
        Duration since = elapsed();
        try {
            removedBefore = target.removeLeftovers();
        } catch (IOException | RuntimeException e) {
            // It has its own names; what is left over is in no one's way.
            notes.add("what an earlier drill has left could not be removed: " + e.getMessage());
        }
        if (!removedBefore.isEmpty()) {
            phase("remove leftovers", since);
        }
    }

    private void restore(DrillTarget.Session session, Duration since) throws IOException {
        restored = session.restore();
        members.addAll(restored.members());
        notes.addAll(restored.notes());
        phase("restore until healthy", since);
        if (!members.isEmpty() && members.stream().allMatch(DrillTarget.Member::good)) {
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

    /** What worked at first may have ended while it was checked. */
    private void lookAgain(DrillTarget.Session session) {
        List<String> ended;
        try {
            ended = session.ended();
        } catch (IOException e) {
            notes.add("it is not known whether all works after the checks: " + e.getMessage());
            return;
        }
        members.replaceAll(member -> {
            boolean served = member.good() && !member.state().equals("COMPLETED");
            return served && ended.contains(member.name())
                    ? new DrillTarget.Member(
                            member.name(),
                            "ENDED",
                            false,
                            member.waited(),
                            "it worked, and did not any more after the checks")
                    : member;
        });
    }

    private void remove(DrillTarget.Session session) {
        Duration since = elapsed();
        try {
            session.close();
        } catch (IOException | RuntimeException e) {
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
                members,
                results,
                restored.lost(),
                restored.failedEntries(),
                notes,
                restored.readBy(),
                failure,
                removedBefore,
                left);
    }
}
