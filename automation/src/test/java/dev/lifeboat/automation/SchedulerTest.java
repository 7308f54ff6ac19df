package dev.lifeboat.automation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SchedulerTest {
    private final SimulatedClock clock = new SimulatedClock("2026-11-27T12:00:00Z");
    private final Repository repository =
            Repository.at(new MemoryStorage()).encryption(Encryption.none()).create();
    private final List<String> log = new ArrayList<>();
    private final List<Run> runs = new ArrayList<>();

    @AfterEach
    void repositoryIsWhole() {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
    }

    private Step step(String name) {
        return Step.of(name, context -> {
            log.add(name + " " + context.due());
            return "done";
        });
    }

    private static Step failing(String name) {
        return Step.of(name, context -> {
            throw new IOException("no space");
        });
    }

    private static Schedule nightly() {
        return Schedule.named("nightly").at(Cron.of("0 3 * * *", "UTC"));
    }

    private Scheduler scheduler(Schedule... schedules) {
        return Scheduler.of(repository, schedules).withClock(clock).onRun(runs::add);
    }

    private Instant at(Scheduler scheduler, String time) throws InterruptedException {
        clock.set(Instant.parse(time));
        return scheduler.runDue();
    }

    @Test
    void whatIsDue_runsOnce_andNothingOfTheTimeBefore() throws Exception {
        Scheduler scheduler = scheduler(nightly().step(step("backup")));
        assertThat(scheduler.runDue()).isEqualTo(Instant.parse("2026-11-28T03:00:00Z"));
        assertThat(log).isEmpty();
        assertThat(at(scheduler, "2026-11-28T03:00:00Z")).isEqualTo(Instant.parse("2026-11-29T03:00:00Z"));
        scheduler.runDue();
        assertThat(log).containsExactly("backup 2026-11-28T03:00:00Z");
        assertThat(runs).singleElement().satisfies(run -> {
            assertThat(run.result()).isEqualTo(Run.Result.SUCCEEDED);
            assertThat(run.done()).isEqualTo(Map.of("backup", "done"));
        });
        assertThat(Scheduler.history(repository, "nightly", 5)).isEqualTo(runs);
    }

    @Test
    void missedRuns_areMadeUpOnce_orSkipped() throws Exception {
        Schedule skips = Schedule.named("skips")
                .at(Cron.of("0 3 * * *", "UTC"))
                .missed(Schedule.Missed.SKIP)
                .step(step("skipping"));
        scheduler(nightly().step(step("making up")), skips).runDue();
        at(scheduler(nightly().step(step("making up")), skips), "2026-11-30T14:00:00Z");
        assertThat(log).containsExactly("making up 2026-11-30T03:00:00Z");
        assertThat(Scheduler.history(repository, "skips", 5))
                .extracting(Run::result)
                .containsExactly(Run.Result.SKIPPED);
        at(scheduler(skips), "2026-12-01T03:20:00Z");
        assertThat(log).last().isEqualTo("skipping 2026-12-01T03:00:00Z");
    }

    @Test
    void failedSteps_areTriedAgain_withoutThoseThatSucceeded() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        Schedule schedule = nightly()
                .step(step("first"))
                .step(Step.of("second", context -> {
                    if (attempts.incrementAndGet() < 3) {
                        throw new IOException("no space");
                    }
                    return "at last";
                }))
                .step(step("third"))
                .onFailure(FailurePolicy.retry(3, Duration.ofMinutes(10)));
        scheduler(schedule).runDue();
        assertThat(at(scheduler(schedule), "2026-11-28T03:00:00Z")).isEqualTo(Instant.parse("2026-11-28T03:10:00Z"));
        // Another process goes on.
        assertThat(at(scheduler(schedule), "2026-11-28T03:10:00Z")).isEqualTo(Instant.parse("2026-11-28T03:30:00Z"));
        at(scheduler(schedule), "2026-11-28T03:30:00Z");
        assertThat(log).containsExactly("first 2026-11-28T03:00:00Z", "third 2026-11-28T03:00:00Z");
        assertThat(runs).extracting(Run::attempt).containsExactly(1, 2, 3);
        assertThat(runs.get(0).failed()).isEqualTo(Map.of("second", "java.io.IOException: no space"));
        assertThat(runs.get(2).result()).isEqualTo(Run.Result.SUCCEEDED);
        assertThat(runs.get(2).done()).containsOnlyKeys("first", "second", "third");
    }

    @Test
    void retryThatWasBrokenOff_isMadeAgain_withoutWhatSucceeded() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        Schedule schedule = nightly()
                .step(step("first"))
                .step(Step.of("second", context -> {
                    switch (attempts.incrementAndGet()) {
                        case 1 -> throw new IOException("no space");
                        case 2 -> throw new InterruptedException();
                        case 3 -> throw new Error("killed");
                        default -> {
                            return "at last";
                        }
                    }
                }))
                .onFailure(FailurePolicy.retry(2, Duration.ofMinutes(10)));
        List<String> ended = new ArrayList<>();
        scheduler(schedule).runDue();
        at(scheduler(schedule), "2026-11-28T03:00:00Z");
        assertThatThrownBy(() -> at(scheduler(schedule), "2026-11-28T03:10:00Z"))
                .isInstanceOf(InterruptedException.class);
        Scheduler killed = scheduler(schedule).as(new Member("host", "killed", ended::contains));
        assertThatThrownBy(() -> at(killed, "2026-11-28T03:11:00Z")).hasMessage("killed");
        ended.add("killed");
        at(scheduler(schedule).as(new Member("host", "next", ended::contains)), "2026-11-28T03:12:00Z");
        assertThat(runs).last().satisfies(run -> assertThat(run.result()).isEqualTo(Run.Result.SUCCEEDED));
        assertThat(log).containsExactly("first 2026-11-28T03:00:00Z");
        assertThat(attempts).hasValue(4);
    }

    @Test
    void failures_stopOrGoOn_andEnd() throws Exception {
        Schedule stops = nightly().step(failing("backup")).step(step("prune"));
        Schedule goesOn = Schedule.named("goes on")
                .at(Cron.of("0 3 * * *", "UTC"))
                .step(failing("one replica"))
                .step(step("verify"))
                .onFailure(FailurePolicy.stop().keepGoing());
        Scheduler scheduler = scheduler(stops, goesOn);
        scheduler.runDue();
        at(scheduler, "2026-11-28T03:00:00Z");
        at(scheduler, "2026-11-28T09:00:00Z");
        assertThat(log).containsExactly("verify 2026-11-28T03:00:00Z");
        assertThat(runs).extracting(Run::result).containsExactly(Run.Result.FAILED, Run.Result.FAILED);
        at(scheduler, "2026-11-29T03:00:00Z");
        assertThat(runs).hasSize(4);
    }

    @Test
    void jitterAndWindows_delayTheBegin() throws Exception {
        Schedule schedule = nightly().jitter(Duration.ofMinutes(20)).step(step("jittered"));
        Schedule windowed = Schedule.named("windowed")
                .at(Cron.of("0 * * * *", "UTC"))
                .between(LocalTime.of(22, 0), LocalTime.of(6, 0))
                .step(step("windowed"));
        scheduler(schedule, windowed).runDue();
        Instant begin = scheduler(schedule).runDue();
        assertThat(begin).isBetween("2026-11-28T03:00:00Z", "2026-11-28T03:20:00Z");
        assertThat(scheduler(windowed).runDue()).isEqualTo(Instant.parse("2026-11-27T22:00:00Z"));
        at(scheduler(schedule), begin.minusSeconds(1).toString());
        assertThat(log).isEmpty();
        at(scheduler(schedule), begin.toString());
        assertThat(log).containsExactly("jittered 2026-11-28T03:00:00Z");
        at(scheduler(windowed), "2026-11-28T05:30:00Z");
        assertThat(log).last().isEqualTo("windowed 2026-11-28T05:00:00Z");
        assertThat(at(scheduler(windowed), "2026-11-28T12:00:00Z")).isEqualTo(Instant.parse("2026-11-28T22:00:00Z"));
    }

    @Test
    void builtInSteps_doWhatTheySay_andASnapshotIsMadeOnce() throws Exception {
        MemoryTree source = tree();
        Schedule schedule = nightly()
                .step(Step.backup(source))
                .step(Step.prune(Retention.keepLast(1)))
                .step(Step.verify(100, Duration.ofMinutes(1)))
                .step(Step.syncReplicas());
        scheduler(schedule).runDue();
        at(scheduler(schedule), "2026-11-28T03:00:00Z");
        assertThat(runs)
                .last()
                .satisfies(run -> assertThat(run.result()).as(run.toString()).isEqualTo(Run.Result.SUCCEEDED));
        assertThat(repository.snapshots())
                .singleElement()
                .satisfies(snapshot -> assertThat(snapshot.tags())
                        .isEqualTo(Map.of("schedule", "nightly", "due", "2026-11-28T03:00:00Z")));
        Step again = Step.backup(source);
        assertThat(again.run(new Step.Context(repository, "nightly", Instant.parse("2026-11-28T03:00:00Z"), 2)))
                .contains("made before");
        assertThat(repository.snapshots()).hasSize(1);
    }

    @Test
    void threadRunsWhatIsDue_andCloseCancelsWhatRuns() throws Exception {
        Instant now = Instant.now();
        // A minute of this clock is over in half a second.
        Duration ahead = Duration.ofSeconds(60)
                .minus(Duration.ofMillis(now.toEpochMilli() % 60_000))
                .minusMillis(500);
        CountDownLatch runs = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Schedule schedule = Schedule.named("minutely")
                .at(Cron.of("* * * * *", "UTC"))
                .step(Step.of("hangs", context -> {
                    runs.countDown();
                    try {
                        Thread.sleep(100_000);
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                        throw e;
                    }
                    return "";
                }));
        Scheduler scheduler = Scheduler.of(repository, schedule)
                .withClock(Clock.offset(Clock.systemUTC(), ahead))
                .start();
        assertThat(runs.await(30, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> scheduler.start()).isInstanceOf(IllegalStateException.class);
        scheduler.close();
        scheduler.close();
        assertThat(interrupted.getCount()).isZero();
        assertThat(Scheduler.history(repository, "minutely", 9))
                .extracting(Run::result)
                .containsExactly(Run.Result.CANCELLED);
        AtomicInteger again = new AtomicInteger();
        Scheduler next = Scheduler.of(
                        repository,
                        Schedule.named("minutely")
                                .at(Cron.of("* * * * *", "UTC"))
                                .step(Step.of("hangs", context -> "" + again.incrementAndGet())))
                .withClock(Clock.offset(Clock.systemUTC(), ahead));
        next.runDue();
        assertThat(again).hasValue(1);
    }

    @Test
    void ofManyHosts_oneRunsWhatIsDue_andOneAtATime() throws Exception {
        Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
        AtomicInteger active = new AtomicInteger();
        Schedule schedule = Schedule.named("raced")
                .at(Cron.of("* * * * *", "UTC"))
                .step(Step.of("count", context -> {
                    assertThat(active.incrementAndGet()).isEqualTo(1);
                    counts.computeIfAbsent(context.due().toString(), due -> new AtomicInteger())
                            .incrementAndGet();
                    Thread.sleep(2);
                    active.decrementAndGet();
                    return "";
                }));
        Scheduler.of(repository, schedule).withClock(clock).runDue();
        List<Scheduler> hosts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            hosts.add(Scheduler.of(repository, schedule)
                    .withClock(clock)
                    .as(new Member("host" + i, "process" + i, process -> false)));
        }
        for (int minute = 0; minute < 60; minute++) {
            clock.forward(Duration.ofMinutes(1));
            List<Thread> threads = new ArrayList<>();
            for (Scheduler host : hosts) {
                Thread thread = new Thread(() -> {
                    try {
                        host.runDue();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
                thread.start();
                threads.add(thread);
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(counts)
                .hasSize(60)
                .allSatisfy((due, count) -> assertThat(count).hasValue(1));
        assertThat(Scheduler.history(repository, "raced", 100))
                .extracting(Run::result)
                .containsOnly(Run.Result.SUCCEEDED);
    }

    @Test
    void wrongUse_isRefused() {
        assertThatThrownBy(() -> Scheduler.of(repository)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Scheduler.of(repository, nightly())).hasMessageContaining("does nothing");
        assertThatThrownBy(() -> Scheduler.of(
                        repository,
                        Schedule.named("x").step(step("s")).at(Cron.of("@daily", "UTC")),
                        Schedule.named("x").step(step("s")).at(Cron.of("@daily", "UTC"))))
                .hasMessageContaining("two schedules");
        assertThatThrownBy(() -> Scheduler.of(repository, Schedule.named("x").step(step("s"))))
                .hasMessageContaining("at(Cron.of");
        assertThatThrownBy(() -> nightly().step(step("s")).step(step("s"))).hasMessageContaining("'s'");
        assertThatThrownBy(() -> nightly().between(LocalTime.NOON, LocalTime.NOON))
                .hasMessageContaining("empty");
    }

    static MemoryTree tree() {
        byte[] content = "content".getBytes(StandardCharsets.UTF_8);
        return new MemoryTree()
                .add(Entry.file(EntryPath.of("a"), content.length, MemoryTree.attributes(0644)), content);
    }

    /** A source of which something cannot be read. */
    private static final class Unreadable implements SnapshotSource {
        @Override
        public String name() {
            return "web";
        }

        @Override
        public void sendTo(EntrySink sink) throws IOException {
            sink.report(new Problem(EntryPath.of("b"), Problem.Kind.FAILED, "cannot be read"));
        }
    }

    @Test
    void incompleteSnapshot_isAFailure() throws Exception {
        Schedule schedule = nightly().step(Step.backup(new Unreadable()));
        scheduler(schedule).runDue();
        at(scheduler(schedule), "2026-11-28T03:00:00Z");
        assertThat(runs).singleElement().satisfies(run -> {
            assertThat(run.result()).isEqualTo(Run.Result.FAILED);
            assertThat(run.failed().values()).singleElement().asString().contains("cannot be read");
        });
        assertThat(repository.snapshots()).hasSize(1);
    }

    @Test
    void health_isThatOfTheNewestGoodSnapshot() {
        MemoryTree source = tree();
        repository.backup(source.named("web")).run();
        repository.backup(source.named("db")).run();
        Health health =
                Health.of(repository).expect("web", Duration.ofHours(26)).expect("db", Duration.ofMinutes(1));
        assertThat(health.check().isHealthy()).isTrue();
        Health later = health.withClock(Clock.offset(Clock.systemUTC(), Duration.ofHours(3)));
        Health.Report report = later.expect("gone", Duration.ofDays(1)).check();
        assertThat(report.isHealthy()).isFalse();
        assertThat(report.series())
                .extracting(Health.SeriesHealth::state)
                .containsExactly(Health.State.FRESH, Health.State.STALE, Health.State.MISSING);
        repository.backup(new Unreadable()).run();
        Health.SeriesHealth web = health.check().series().get(0);
        assertThat(web.state()).isEqualTo(Health.State.FRESH);
        assertThat(web.newestIsIncomplete()).isTrue();
        assertThat(health.withClock(Clock.offset(Clock.systemUTC(), Duration.ofDays(-1)))
                        .check()
                        .series())
                .extracting(Health.SeriesHealth::state)
                .containsOnly(Health.State.IN_THE_FUTURE);
    }

    @Test
    void aKeyThatMayOnlyWrite_isEnoughForSchedules() throws Exception {
        MemoryStorage storage = new MemoryStorage();
        byte[] ownerKey = MemoryTree.random(1, 32);
        byte[] hostKey = MemoryTree.random(2, 32);
        try (Repository owner = Repository.at(storage)
                .encryption(Encryption.key(() -> ownerKey.clone()))
                .create()) {
            owner.keys().addWriter("host", Encryption.key(() -> hostKey.clone()));
        }
        try (Repository host = Repository.at(storage)
                        .encryption(Encryption.key(() -> hostKey.clone()))
                        .open();
                Scheduler scheduler = Scheduler.of(
                                host,
                                nightly()
                                        .step(Step.backup(MemoryTree.ofEverything(false)))
                                        .step(Step.prune(Retention.keepLast(1))))
                        .withClock(clock)) {
            assertThat(host.mayRead()).isFalse();
            scheduler.runDue();
            at(scheduler, "2026-11-28T03:00:00Z");
            at(scheduler, "2026-11-29T03:00:00Z");
            assertThat(Scheduler.history(host, "nightly", 5))
                    .extracting(Run::result)
                    .containsExactly(Run.Result.SUCCEEDED, Run.Result.SUCCEEDED);
        }
        try (Repository owner = Repository.at(storage)
                .encryption(Encryption.key(() -> ownerKey.clone()))
                .open()) {
            assertThat(owner.snapshots()).hasSize(1);
            assertThat(owner.verify().readData().run().findings()).isEmpty();
        }
    }
}
