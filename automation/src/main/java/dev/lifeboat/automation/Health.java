package dev.lifeboat.automation;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.BackupException;
import dev.lifeboat.Repository;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Answers whether the newest good snapshot of each series is younger than it should be, such as for a health endpoint.
 *
 * <pre>{@code
 * Health health = Health.of(repo).expect("container:db", Duration.ofHours(26));
 * boolean healthy = health.check().isHealthy();
 * }</pre>
 *
 * Immutable. Each method that changes something returns a copy. Thread-safe.
 */
@CheckReturnValue
public final class Health {
    private final Repository repository;
    private final Map<String, Duration> expected;
    private final Clock clock;

    private Health(Repository repository, Map<String, Duration> expected, Clock clock) {
        this.repository = repository;
        this.expected = new LinkedHashMap<>(expected);
        this.clock = clock;
    }

    /** Returns one that expects nothing yet. */
    public static Health of(Repository repository) {
        return new Health(repository, Map.of(), Clock.systemUTC());
    }

    /**
     * Expects a good snapshot of a series.
     *
     * @param series name of the source, such as {@code container:db}
     * @param maxAge how old it may be
     */
    public Health expect(String series, Duration maxAge) {
        Map<String, Duration> more = new LinkedHashMap<>(expected);
        more.put(series, maxAge);
        return new Health(repository, more, clock);
    }

    /** Returns one with another clock. */
    public Health withClock(Clock newClock) {
        return new Health(repository, expected, newClock);
    }

    /** State of a series. */
    public enum State {
        /** Its newest good snapshot is young enough. */
        FRESH,
        /** Its newest good snapshot is older than it may be. */
        STALE,
        /** It has no good snapshot. */
        MISSING,
        /** Its newest good snapshot is of a time that has not come: a clock is wrong. */
        IN_THE_FUTURE
    }

    /**
     * What is known of a series.
     *
     * @param series its name
     * @param state its state
     * @param newestGood its newest snapshot that lacks nothing that it should have
     * @param age of that snapshot; zero if there is none
     * @param maxAge how old it may be
     * @param newestIsIncomplete whether there is a newer snapshot, which is not good
     */
    public record SeriesHealth(
            String series,
            State state,
            Optional<Snapshot> newestGood,
            Duration age,
            Duration maxAge,
            boolean newestIsIncomplete) {}

    /**
     * The state of all series.
     *
     * @param checked when it was looked at
     * @param series in the order in which they were expected
     */
    public record Report(Instant checked, List<SeriesHealth> series) {
        /** Whether all series are fresh. */
        public boolean isHealthy() {
            return series.stream().allMatch(health -> health.state() == State.FRESH);
        }
    }

    /**
     * Looks at the snapshots.
     *
     * @throws BackupException if the store fails
     */
    public Report check() {
        Instant now = clock.instant();
        List<SeriesHealth> all = new ArrayList<>();
        expected.forEach((series, maxAge) -> all.add(check(series, maxAge, now)));
        return new Report(now, List.copyOf(all));
    }

    private SeriesHealth check(String series, Duration maxAge, Instant now) {
        List<Snapshot> newestFirst = repository.snapshots(series);
        Optional<Snapshot> good = newestFirst.stream()
                .filter(snapshot -> snapshot.completeness() != Completeness.INCOMPLETE)
                .findFirst();
        Duration age =
                good.map(snapshot -> Duration.between(snapshot.time(), now)).orElse(Duration.ZERO);
        State state;
        if (good.isEmpty()) {
            state = State.MISSING;
        } else if (age.plus(Duration.ofMinutes(5)).isNegative()) {
            state = State.IN_THE_FUTURE;
        } else {
            state = age.compareTo(maxAge) > 0 ? State.STALE : State.FRESH;
        }
        boolean incomplete = !newestFirst.isEmpty() && !good.equals(Optional.of(newestFirst.get(0)));
        return new SeriesHealth(series, state, good, age, maxAge, incomplete);
    }
}
