package dev.lifeboat.automation.drill;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.BackupException;
import dev.lifeboat.Repository;
import dev.lifeboat.snapshot.Snapshot;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Proves a backup: restores it under throw-away names on an isolated network, starts the application, waits until it is
 * healthy, checks it, and takes all away again.
 *
 * <pre>{@code
 * Drill drill = Drill.in(DockerDrill.on(docker))
 *         .check(Check.http("the shop is open", "web", 80, "/"))
 *         .check(Check.exec("there are orders", "db", count -> !count.equals("0"),
 *                 "psql", "-qAtc", "select count(*) from orders"))
 *         .reportTo(Path.of("/var/lib/shop/drills"));
 * DrillReport report = drill.run(repo, repo.findLatest("compose:shop").orElseThrow());
 * if (!report.isPassed()) {
 *     System.err.println(report.reasons());
 * }
 * }</pre>
 *
 * Immutable. Each method that changes something returns a copy. Several drills may run at once.
 */
@CheckReturnValue
public final class Drill {
    private static final Duration CHECK_TIMEOUT = Duration.ofMinutes(1);

    private final DrillTarget target;
    private final List<Check> checks;
    private final Duration checkTimeout;
    private final Consumer<? super DrillReport> onReport;
    private final Clock clock;

    private Drill(
            DrillTarget target,
            List<Check> checks,
            Duration checkTimeout,
            Consumer<? super DrillReport> onReport,
            Clock clock) {
        this.target = target;
        this.checks = List.copyOf(checks);
        this.checkTimeout = checkTimeout;
        this.onReport = onReport;
        this.clock = clock;
    }

    /** Returns a drill that restores to a target, and only waits for healthy containers. */
    public static Drill in(DrillTarget target) {
        return new Drill(target, List.of(), CHECK_TIMEOUT, report -> {}, Clock.systemUTC());
    }

    /**
     * Adds a check behind the others. All are run, even if one fails.
     *
     * @throws IllegalArgumentException if there is one of that name
     */
    public Drill check(Check check) {
        if (checks.stream().anyMatch(other -> other.name().equals(check.name()))) {
            throw new IllegalArgumentException("the drill has a check '" + check.name() + "' already");
        }
        List<Check> more = new ArrayList<>(checks);
        more.add(check);
        return new Drill(target, more, checkTimeout, onReport, clock);
    }

    /**
     * Sets how long each check may take; a minute unless set.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Drill checkTimeout(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("time is not positive: " + timeout);
        }
        return new Drill(target, checks, timeout, onReport, clock);
    }

    /**
     * Writes each report to a directory, as {@link DrillReport#writeTo} does: below it, one directory for each drill,
     * named by its time and the snapshot. None is removed.
     */
    public Drill reportTo(Path directory) {
        return onReport(report -> DrillRecord.write(report, directory));
    }

    /**
     * Adds a receiver of the report of each drill, called even if an earlier one fails, on the thread of the drill,
     * after all is removed and the result is recorded.
     */
    public Drill onReport(Consumer<? super DrillReport> receiver) {
        Consumer<? super DrillReport> first = onReport;
        return new Drill(
                target,
                checks,
                checkTimeout,
                report -> {
                    try {
                        first.accept(report);
                    } finally {
                        receiver.accept(report);
                    }
                },
                clock);
    }

    /** Returns one with another clock, for the times in the report. */
    public Drill withClock(Clock newClock) {
        return new Drill(target, checks, checkTimeout, onReport, newClock);
    }

    /**
     * Runs it. What fails is in the report, not an exception. The result is recorded in the repository; see {@link
     * #history}.
     *
     * @throws InterruptedException if the thread is interrupted; all is taken away, and nothing is recorded
     * @throws java.io.UncheckedIOException if the report cannot be written
     */
    public DrillReport run(Repository repository, Snapshot snapshot) throws InterruptedException {
        DrillReport report = new DrillRun(target, checks, checkTimeout, clock, repository, snapshot).run();
        DrillRecord.of(report).append(repository);
        onReport.accept(report);
        return report;
    }

    /**
     * Returns the results of the last drills of a series, newest first, whoever ran them.
     *
     * @param series name of the source, such as {@code compose:shop}
     * @throws BackupException if the store fails
     */
    public static List<DrillRecord> history(Repository repository, String series, int count) {
        return DrillRecord.newest(repository, series, count);
    }

    @Override
    public String toString() {
        return "drill in " + target.location() + " with " + checks.size() + " checks";
    }
}
