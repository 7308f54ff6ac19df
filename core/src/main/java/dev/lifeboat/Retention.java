package dev.lifeboat;

import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A policy that decides which snapshots are kept. It is applied to each series separately. A snapshot is kept if any
 * rule keeps it. A rule for hours, days, weeks (ISO), months or years keeps the newest snapshot of each of the latest
 * {@code n} such periods that have one. Periods are in UTC unless {@link #inZone} is called. Immutable.
 *
 * <pre>{@code Retention.keepLast(3).andDaily(7).andWeekly(4).andTagged("release")}</pre>
 */
public final class Retention {
    private enum Rule {
        LAST,
        HOURLY,
        DAILY,
        WEEKLY,
        MONTHLY,
        YEARLY;

        /** Returns a value that is equal for two snapshots if and only if they lie in the same period. */
        Object period(Snapshot snapshot, ZoneId zone) {
            ZonedDateTime time = snapshot.time().atZone(zone);
            return switch (this) {
                case LAST -> snapshot.id();
                case HOURLY -> time.truncatedTo(ChronoUnit.HOURS).toInstant();
                case DAILY -> time.toLocalDate();
                case WEEKLY -> time.get(IsoFields.WEEK_BASED_YEAR) * 100 + time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR);
                case MONTHLY -> YearMonth.from(time);
                case YEARLY -> time.getYear();
            };
        }
    }

    private final Map<Rule, Integer> counts;
    private final Map<String, Optional<String>> tags;
    private final ZoneId zone;
    private final boolean all;
    private final Set<SnapshotId> dropped;

    private Retention(
            Map<Rule, Integer> counts,
            Map<String, Optional<String>> tags,
            ZoneId zone,
            boolean all,
            Set<SnapshotId> dropped) {
        this.counts = counts;
        this.tags = tags;
        this.zone = zone;
        this.all = all;
        this.dropped = dropped;
    }

    /** Keeps every snapshot: a prune then only frees what crashed and ended backups have stored. */
    public static Retention keepAll() {
        return new Retention(Map.of(), Map.of(), ZoneOffset.UTC, true, Set.of());
    }

    /** Keeps every snapshot except the given ones: for deleting snapshots by id. */
    public static Retention keepAllExcept(SnapshotId... snapshots) {
        return new Retention(Map.of(), Map.of(), ZoneOffset.UTC, true, Set.of(snapshots));
    }

    /**
     * Keeps the newest {@code n} snapshots.
     *
     * @throws IllegalArgumentException if {@code n} is less than 1
     */
    public static Retention keepLast(int n) {
        return none().with(Rule.LAST, n);
    }

    /** Keeps the newest snapshot of each of {@code n} hours. */
    public static Retention keepHourly(int n) {
        return none().with(Rule.HOURLY, n);
    }

    /** Keeps the newest snapshot of each of {@code n} days. */
    public static Retention keepDaily(int n) {
        return none().with(Rule.DAILY, n);
    }

    private static Retention none() {
        return new Retention(Map.of(), Map.of(), ZoneOffset.UTC, false, Set.of());
    }

    /** Also keeps the newest snapshot of each of {@code n} hours. */
    public Retention andHourly(int n) {
        return with(Rule.HOURLY, n);
    }

    /** Also keeps the newest snapshot of each of {@code n} days. */
    public Retention andDaily(int n) {
        return with(Rule.DAILY, n);
    }

    /** Also keeps the newest snapshot of each of {@code n} weeks. */
    public Retention andWeekly(int n) {
        return with(Rule.WEEKLY, n);
    }

    /** Also keeps the newest snapshot of each of {@code n} months. */
    public Retention andMonthly(int n) {
        return with(Rule.MONTHLY, n);
    }

    /** Also keeps the newest snapshot of each of {@code n} years. */
    public Retention andYearly(int n) {
        return with(Rule.YEARLY, n);
    }

    /** Also keeps snapshots that have a tag of this name. */
    public Retention andTagged(String name) {
        return tagged(name, Optional.empty());
    }

    /** Also keeps snapshots that have this tag. */
    public Retention andTagged(String name, String value) {
        return tagged(name, Optional.of(value));
    }

    /** Counts hours, days, weeks, months and years in a time zone. */
    public Retention inZone(ZoneId newZone) {
        return new Retention(counts, tags, newZone, all, dropped);
    }

    private Retention tagged(String name, Optional<String> value) {
        Map<String, Optional<String>> more = new LinkedHashMap<>(tags);
        if (more.putIfAbsent(name, value) != null) {
            throw new IllegalStateException("tag '" + name + "' is kept already");
        }
        return new Retention(counts, more, zone, all, dropped);
    }

    private Retention with(Rule rule, int n) {
        if (n < 1) {
            throw new IllegalArgumentException("number of snapshots to keep is less than 1: " + n);
        }
        Map<Rule, Integer> more = new LinkedHashMap<>(counts);
        if (all || more.putIfAbsent(rule, n) != null) {
            throw new IllegalStateException(all ? "everything is kept already" : rule + " is set already");
        }
        return new Retention(more, tags, zone, false, dropped);
    }

    /** Returns the snapshots that are kept. */
    Set<SnapshotId> keep(Collection<Snapshot> snapshots) {
        Set<SnapshotId> kept = new HashSet<>();
        Map<String, List<Snapshot>> series = new HashMap<>();
        for (Snapshot snapshot : snapshots) {
            series.computeIfAbsent(snapshot.source(), s -> new java.util.ArrayList<>())
                    .add(snapshot);
        }
        for (List<Snapshot> one : series.values()) {
            one.sort(Comparator.comparing(Snapshot::time)
                    .thenComparing(Snapshot::id)
                    .reversed());
            counts.forEach((rule, n) -> keepByPeriod(one, rule, n, kept));
            for (Snapshot snapshot : one) {
                if (all || tags.entrySet().stream().anyMatch(tag -> has(snapshot, tag.getKey(), tag.getValue()))) {
                    kept.add(snapshot.id());
                }
            }
        }
        kept.removeAll(dropped);
        return kept;
    }

    private void keepByPeriod(List<Snapshot> newestFirst, Rule rule, int n, Set<SnapshotId> kept) {
        Set<Object> periods = new HashSet<>();
        for (Snapshot snapshot : newestFirst) {
            Object period = rule.period(snapshot, zone);
            if (periods.size() == n && !periods.contains(period)) {
                return;
            }
            if (periods.add(period)) {
                kept.add(snapshot.id());
            }
        }
    }

    private static boolean has(Snapshot snapshot, String name, Optional<String> value) {
        String actual = snapshot.tags().get(name);
        return actual != null && (value.isEmpty() || value.get().equals(actual));
    }

    @Override
    public String toString() {
        return all
                ? "keep all" + (dropped.isEmpty() ? "" : " except " + dropped)
                : "keep " + counts + " tags " + tags + " in " + zone;
    }
}
