package dev.lifeboat.automation.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.automation.Cron;
import dev.lifeboat.automation.FailurePolicy;
import dev.lifeboat.automation.Run;
import dev.lifeboat.automation.Schedule;
import dev.lifeboat.automation.Scheduler;
import dev.lifeboat.automation.SimulatedClock;
import dev.lifeboat.automation.Step;
import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Outcome;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.Shell;
import java.io.FileNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a drill makes of checks that pass, fail, hang and are interrupted, and what it records. */
@Timeout(120)
class DrillRunTest {
    @TempDir
    Path dir;

    private Repository repository;
    private Snapshot snapshot;
    private DirectoryDrill target;

    @BeforeEach
    void backUp() throws Exception {
        Path files = Files.createDirectories(dir.resolve("files"));
        Files.writeString(files.resolve("count"), "1000");
        repository = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.none())
                .create();
        snapshot = repository.backup(DirectorySource.of(files)).run();
        target = new DirectoryDrill(dir.resolve("drills"));
    }

    @AfterEach
    void verify() {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
        assertThat(dir.resolve("drills/drill")).doesNotExist();
    }

    private DrillReport run(Check... checks) throws InterruptedException {
        Drill drill = Drill.in(target).checkTimeout(Duration.ofMillis(500));
        for (Check check : checks) {
            drill = drill.check(check);
        }
        return drill.run(repository, snapshot);
    }

    @Test
    void checks_passFailAndHang_eachByItself() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        DrillReport report = run(
                Check.exec("prints", "files", "1000"::equals, "cat", "count"),
                Check.exec("prints something else", "files", "7"::equals, "cat", "count"),
                Check.exec("exit code", "files", "false"),
                Check.file("content", "files", "/count", content -> content.length == 4),
                Check.file("other content", "files", "/count", content -> content.length == 5),
                Check.file("missing", "files", "/none", content -> true),
                Check.of("hangs", app -> {
                    try {
                        Thread.sleep(100_000);
                    } finally {
                        interrupted.countDown();
                    }
                    return "";
                }),
                Check.of("throws an error", app -> {
                    throw new StackOverflowError("deep");
                }),
                Check.of("last", app -> app.hostAndPort("files", 80)));
        assertThat(report.checks().stream().map(CheckResult::outcome))
                .containsExactly(
                        Outcome.PASSED,
                        Outcome.FAILED,
                        Outcome.FAILED,
                        Outcome.PASSED,
                        Outcome.FAILED,
                        Outcome.FAILED,
                        Outcome.TIMED_OUT,
                        Outcome.FAILED,
                        Outcome.PASSED);
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(report.reasons())
                .hasSize(6)
                .anyMatch(reason -> reason.equals(
                        "check 'prints something else' failed: cat in files printed what was" + " not expected: 1000"))
                .anyMatch(reason -> reason.startsWith(
                        "check 'hangs' timed out: it had not ended after 0.5 s; it was in" + " java.lang.Thread.sleep"))
                .anyMatch(reason -> reason.contains(FileNotFoundException.class.getName()) && reason.contains("/none"));
        assertThat(Drill.history(repository, snapshot.source(), 1))
                .singleElement()
                .matches(record -> !record.passed()
                        && record.snapshot().equals(snapshot.id().toString())
                        && record.reason().startsWith("check 'prints something else' failed"));
    }

    @Test
    void whatPasses_saysHowLongItTook_andHowOldTheDataIs() throws Exception {
        Files.createDirectories(dir.resolve("drills"));
        Files.createFile(dir.resolve("drills/left"));
        Clock clock = Clock.fixed(snapshot.time().plus(Duration.ofHours(5)), ZoneOffset.UTC);
        DrillReport report = Drill.in(target)
                .check(Check.exec("prints", "files", "cat", "count"))
                .withClock(clock)
                .reportTo(dir.resolve("reports"))
                .run(repository, snapshot);
        assertThat(report.isPassed()).as(report.toString()).isTrue();
        assertThat(report.dataAge()).isEqualTo(Duration.ofHours(5));
        assertThat(report.timeToHealthy().orElseThrow()).isPositive().isLessThan(report.duration());
        assertThat(report.removedBefore()).containsExactly("left");
        assertThat(report.phases().stream().map(DrillReport.Phase::name))
                .containsExactly("remove leftovers", "restore until healthy", "checks", "remove all");
        try (var written = Files.walk(dir.resolve("reports"))) {
            assertThat(written.filter(Files::isRegularFile)).hasSize(3);
        }
        assertThat(Drill.history(repository, snapshot.source(), 9)).hasSize(1).allMatch(DrillRecord::passed);
    }

    @Test
    void memberThatDoesNotWork_hasNoTimeToHealthy() throws Exception {
        target.members.add(new DrillTarget.Member("db", "UNHEALTHY", false, Duration.ofSeconds(5), "exit code 1"));
        DrillReport report = run(Check.exec("prints", "files", "cat", "count"));
        assertThat(report.timeToHealthy()).isEmpty();
        assertThat(report.checks()).allMatch(check -> check.outcome() == Outcome.PASSED);
        assertThat(report.reasons()).containsExactly("db is UNHEALTHY: exit code 1");
    }

    @Test
    void nothingThatRuns_orNotForLong_orNotAllOfIt_isNoProof() throws Exception {
        target.ended = List.of("files");
        DrillReport report = run(Check.exec("prints", "files", "cat", "count"));
        assertThat(report.reasons())
                .containsExactly("files is ENDED: it worked, and did not any more after the checks");
        target.ended = List.of();
        target.failedEntries = 3;
        report = run();
        assertThat(report.reasons()).containsExactly("3 entries could not be restored");
        assertThat(report.toJUnitXml()).contains("failures=\"1\"").contains("3 entries could not be restored");
        target.failedEntries = 0;
        target.members.clear();
        report = run();
        assertThat(report.reasons()).singleElement().asString().startsWith("no container was started");
        assertThat(report.timeToHealthy()).isEmpty();
    }

    @Test
    void snapshotThatCannotBeRestored_skipsTheChecks() throws Exception {
        Snapshot other = repository
                .backup(DirectorySource.of(dir.resolve("files")).named("else"))
                .run();
        DrillReport report = Drill.in(target)
                .check(Check.exec("prints", "files", "cat", "count"))
                .run(repository, other);
        assertThat(report.failure()).hasValue("not a directory: else");
        assertThat(report.checks()).allMatch(check -> check.outcome() == Outcome.SKIPPED);
        assertThat(report.reasons()).containsExactly("the application was not restored: not a directory: else");
    }

    @Test
    void whatIsNotRemoved_isAReason() throws Exception {
        target.failsToClose = true;
        assertThat(run().reasons()).containsExactly("not all was removed: the disk does not answer");
        target.failsToClose = false;
        Shell.run("rm", "-rf", dir.resolve("drills/drill").toString());
    }

    @Test
    void interrupt_endsTheDrill_takesAllAway_andRecordsNothing() throws Exception {
        CountDownLatch checking = new CountDownLatch(1);
        Check hangs = Check.of("hangs", app -> {
            checking.countDown();
            Thread.sleep(100_000);
            return "";
        });
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                thrown.set(new AssertionError(
                        Drill.in(target).check(hangs).run(repository, snapshot).toString()));
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        thread.start();
        assertThat(checking.await(60, TimeUnit.SECONDS)).isTrue();
        thread.interrupt();
        thread.join();
        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertThat(Drill.history(repository, snapshot.source(), 1)).isEmpty();
    }

    @Test
    void wrongUse_isRefused() {
        Drill drill = Drill.in(target).check(Check.exec("a", "files", "true"));
        assertThatThrownBy(() -> drill.check(Check.exec("a", "files", "true")))
                .hasMessage("the drill has a check 'a' already");
        assertThatThrownBy(() -> drill.checkTimeout(Duration.ZERO)).hasMessage("time is not positive: PT0S");
        assertThatThrownBy(() -> Check.exec(" ", "files", "true")).hasMessage("a check has no name");
    }

    @Test
    void schedule_drillsTheNewestSnapshot_andFailsWithTheReason() throws Exception {
        Drill fails = Drill.in(target).check(Check.exec("prints", "files", "7"::equals, "cat", "count"));
        List<Run> runs = new ArrayList<>();
        Schedule schedule = Schedule.named("drills")
                .at(Cron.of("* * * * *", "UTC"))
                .step(Step.drill(snapshot.source(), fails))
                .step(Step.drill("none", fails))
                .onFailure(FailurePolicy.retry(1, Duration.ofMinutes(1)).keepGoing());
        SimulatedClock clock = new SimulatedClock(snapshot.time().toString());
        try (Scheduler scheduler =
                Scheduler.of(repository, schedule).withClock(clock).onRun(runs::add)) {
            scheduler.runDue();
            clock.forward(Duration.ofMinutes(2));
            scheduler.runDue();
        }
        assertThat(runs).isNotEmpty();
        assertThat(runs.get(0).failed().get("drill " + snapshot.source()))
                .contains("check 'prints' failed")
                .contains(snapshot.id().toString());
        assertThat(runs.get(0).failed().get("drill none")).contains("there is no snapshot of none to drill");
    }
}
