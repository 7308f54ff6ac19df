package dev.lifeboat.automation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A week of two hosts that share a repository, whose processes are killed and whose clocks jump. */
@Timeout(120)
class SimulatedWeekTest {
    private static final String BEGIN = "2026-03-25T12:00:00Z";
    private static final String END = "2026-04-01T12:00:00Z";

    /** The process ends here. */
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private final SimulatedClock clock = new SimulatedClock(BEGIN);
    private final Set<String> ended = new HashSet<>();

    private final class Host {
        private final String name;
        private final Repository repository;
        private final Random random;
        private final List<Schedule> schedules;
        private Duration ahead = Duration.ZERO;
        private Instant downUntil = Instant.MIN;
        private String process = "";
        private Optional<Scheduler> scheduler = Optional.empty();

        Host(String name, Repository repository, Random random, List<Schedule> schedules) {
            this.name = name;
            this.repository = repository;
            this.random = random;
            this.schedules = schedules;
        }

        void tick() throws InterruptedException {
            if (clock.instant().isBefore(downUntil)) {
                return;
            }
            if (scheduler.isEmpty()) {
                process = name + random.nextInt();
                Member own = new Member(name, process, token -> token.startsWith(name) && ended.contains(token));
                scheduler = Optional.of(Scheduler.of(repository, schedules.toArray(new Schedule[0]))
                        .withClock(clock.ahead(ahead))
                        .as(own));
            }
            try {
                scheduler.get().runDue();
            } catch (Killed e) {
                end();
                downUntil = clock.instant().plusSeconds(random.nextInt(1200));
            }
        }

        void end() {
            ended.add(process);
            scheduler = Optional.empty();
        }

        void jump(Duration to) {
            ahead = to;
            // A process sees the jump of its clock; here it is another one.
            end();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void nothingIsMissed_andNothingIsDoneTwice(long seed) throws Exception {
        Random random = new Random(seed);
        MemoryTree tree = SchedulerTest.tree();
        Map<String, Cron> crons =
                Map.of("hourly", Cron.of("15 * * * *", "UTC"), "nightly", Cron.of("30 2 * * *", "Europe/Berlin"));
        try (Repository repository =
                Repository.at(new MemoryStorage()).encryption(Encryption.none()).create()) {
            List<Schedule> schedules = new ArrayList<>();
            for (Map.Entry<String, Cron> cron : crons.entrySet()) {
                schedules.add(Schedule.named(cron.getKey())
                        .at(cron.getValue())
                        .longestRun(Duration.ofMinutes(20))
                        .onFailure(FailurePolicy.retry(3, Duration.ofMinutes(2)))
                        .step(Step.of("before", context -> {
                            maybe(random, 20);
                            if (random.nextInt(20) == 0) {
                                throw new IOException("a failure");
                            }
                            return "";
                        }))
                        .step(Step.backup(tree.named(cron.getKey())))
                        .step(Step.of("after", context -> {
                            maybe(random, 20);
                            return "";
                        })));
            }
            Host one = new Host("one", repository, random, schedules);
            Host two = new Host("two", repository, random, schedules);
            for (int minute = 0; clock.instant().isBefore(Instant.parse(END)); minute++) {
                if (minute > 0 && random.nextInt(400) == 0) {
                    one.jump(Duration.ofMinutes(random.nextInt(360)));
                } else if (random.nextInt(200) == 0) {
                    one.jump(Duration.ZERO);
                }
                one.tick();
                two.tick();
                clock.forward(Duration.ofMinutes(1));
            }
            // What was begun last is brought to an end.
            one.jump(Duration.ZERO);
            crons.forEach((name, cron) -> check(repository, name, cron));
            assertThat(repository.verify().run().findings()).isEmpty();
        }
    }

    private static void maybe(Random random, int oneOf) {
        if (random.nextInt(oneOf) == 0) {
            throw new Killed();
        }
    }

    private static void check(Repository repository, String name, Cron cron) {
        Instant end = Instant.parse(END).minus(Duration.ofHours(2));
        Map<String, Integer> made = new TreeMap<>();
        for (Snapshot snapshot : repository.snapshots(name)) {
            made.merge(snapshot.tags().getOrDefault("due", ""), 1, Integer::sum);
        }
        assertThat(made.values()).as("made twice: " + made).containsOnly(1);
        Set<String> expected = new TreeSet<>();
        for (Instant due = cron.next(Instant.parse(BEGIN)).orElseThrow();
                due.isBefore(end);
                due = cron.next(due).orElseThrow()) {
            expected.add(due.toString());
        }
        expected.removeAll(made.keySet());
        // What was begun and did not succeed before the next one was due is not tried again.
        repository.log("schedule:" + name).newest(10_000).stream()
                .map(RunEntry::new)
                .filter(entry -> entry.event() == RunEntry.Event.BEGIN)
                .forEach(entry -> expected.remove(entry.due().toString()));
        assertThat(expected).as("missed by " + name).isEmpty();
        assertThat(made.size()).isGreaterThan(name.equals("hourly") ? 155 : 6);
        List<Run> runs = new ArrayList<>(Scheduler.history(repository, name, 1000));
        Map<Instant, Integer> succeeded = new TreeMap<>();
        runs.stream()
                .filter(run -> run.result() == Run.Result.SUCCEEDED)
                .forEach(run -> succeeded.merge(run.due(), 1, Integer::sum));
        assertThat(succeeded.values()).as("succeeded twice").containsOnly(1);
    }
}
