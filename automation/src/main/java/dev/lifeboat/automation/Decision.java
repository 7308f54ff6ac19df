package dev.lifeboat.automation;

import dev.lifeboat.automation.RunEntry.Event;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a scheduler does next with a schedule. It depends on nothing but the records, the clock and the schedule, so
 * that every host decides the same.
 */
sealed interface Decision {
    /** Begin at a time, from now on. */
    record Wait(Instant until) implements Decision {}

    /** Another process runs it. */
    record Busy(Instant until) implements Decision {}

    /** Record that nothing before now is to be done. */
    record Anchor() implements Decision {}

    /** Record that what was due is not done. */
    record Skip(Instant due) implements Decision {}

    /**
     * Run it.
     *
     * @param done what earlier attempts have done, by the names of the steps
     */
    record Begin(Instant due, int attempt, Map<String, String> done) implements Decision {}

    /** How often records are looked at while another process runs. */
    Duration LOOK_AGAIN = Duration.ofMinutes(1);

    /** Decides; {@code entries} are in their order. */
    static Decision of(Schedule schedule, List<RunEntry> entries, Instant now, Member own) {
        if (entries.isEmpty()) {
            return new Anchor();
        }
        RunEntry last = entries.get(entries.size() - 1);
        if (last.event() == Event.BEGIN && !isDead(last, schedule, now, own)) {
            return new Busy(now.plus(LOOK_AGAIN));
        }
        // What was handled by a clock that was ahead does not count until its time has come.
        Instant handled = entries.stream()
                .filter(RunEntry::isHandled)
                .map(RunEntry::due)
                .filter(due -> !due.isAfter(now))
                .max(Instant::compareTo)
                .orElse(now);
        Optional<Instant> due = schedule.cron().lastWithin(handled, now);
        Optional<Instant> begins = due.map(time -> schedule.openFrom(schedule.beginOf(time)));
        if (due.isPresent() && !begins.get().isAfter(now)) {
            boolean late = begins.get().plus(schedule.lateness()).isBefore(now);
            if (late && schedule.missed() == Schedule.Missed.SKIP) {
                return new Skip(due.get());
            }
            Instant opens = schedule.openFrom(now);
            return opens.isAfter(now)
                    ? new Wait(opens)
                    : new Begin(due.get(), attemptAt(due.get(), entries), doneAt(schedule, due.get(), entries));
        }
        Optional<Instant> retry = retryOf(last, schedule, now);
        if (retry.isPresent() && !retry.get().isAfter(now)) {
            return new Begin(last.due(), attemptAt(last.due(), entries), doneAt(schedule, last.due(), entries));
        }
        Instant next = begins.orElseGet(() -> schedule.cron()
                .next(now)
                .map(time -> schedule.openFrom(schedule.beginOf(time)))
                .orElse(Instant.MAX));
        return new Wait(retry.filter(time -> time.isBefore(next)).orElse(next));
    }

    private static int attemptAt(Instant due, List<RunEntry> entries) {
        return 1
                + entries.stream()
                        .filter(entry ->
                                entry.event() == Event.BEGIN && entry.due().equals(due))
                        .mapToInt(RunEntry::attempt)
                        .max()
                        .orElse(0);
    }

    /** What earlier attempts have done, as far as they have ended. */
    private static Map<String, String> doneAt(Schedule schedule, Instant due, List<RunEntry> entries) {
        Map<String, String> done = new TreeMap<>();
        for (RunEntry entry : entries) {
            if (entry.event() == Event.END && entry.due().equals(due)) {
                done.putAll(Run.of(schedule.name(), entry).done());
            }
        }
        return done;
    }

    private static boolean isDead(RunEntry begin, Schedule schedule, Instant now, Member own) {
        // A clock that was ahead must not block the schedule until then.
        Duration age = Duration.between(begin.time(), now).abs();
        return own.seesEndOf(begin) || age.compareTo(schedule.longestRun()) > 0;
    }

    /** When what has failed is tried again. */
    private static Optional<Instant> retryOf(RunEntry last, Schedule schedule, Instant now) {
        boolean brokenOff = last.event() == Event.BEGIN || last.result().equals(Optional.of(Run.Result.CANCELLED));
        if (brokenOff) {
            // It was an attempt at what has failed before, or it would be due still.
            return last.due().isAfter(now) ? Optional.empty() : Optional.of(schedule.openFrom(now));
        }
        boolean failed = last.event() == Event.END
                && last.result().equals(Optional.of(Run.Result.FAILED))
                && last.attempt() < schedule.failures().attempts();
        if (!failed) {
            return Optional.empty();
        }
        Instant retry = last.time().plus(schedule.failures().pauseAfter(last.attempt()));
        Instant latest = now.plus(schedule.failures().pauseAfter(last.attempt()));
        return Optional.of(schedule.openFrom(retry.isAfter(latest) ? latest : retry));
    }
}
