package dev.lifeboat.automation;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.util.Map;
import java.util.Optional;

/**
 * Times at which something is due: a cron expression of five fields (crontab(5)), or one of {@code @hourly},
 * {@code @daily}, {@code @weekly}, {@code @monthly}, {@code @yearly}, in a time zone. A time that clocks skip is due as
 * they skip it; one that they show twice is due at the first, unless it is due in every hour. Immutable.
 */
public final class Cron {
    private static final Map<String, String> NICKNAMES = Map.of(
            "@hourly", "0 * * * *",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@weekly", "0 0 * * 0",
            "@monthly", "0 0 1 * *",
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *");

    private final String expression;
    private final ZoneId zone;
    private final ExecutionTime times;

    private Cron(String expression, ZoneId zone, ExecutionTime times) {
        this.expression = expression;
        this.zone = zone;
        this.times = times;
    }

    /**
     * Parses an expression.
     *
     * @param zone name of a time zone, such as {@code Europe/Berlin} or {@code UTC}
     * @throws IllegalArgumentException if it is not a cron expression, is never due, or there is no such zone
     */
    public static Cron of(String expression, String zone) {
        try {
            return of(expression, ZoneId.of(zone));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "there is no time zone '" + zone + "'; give a name such as Europe/Berlin or UTC", e);
        }
    }

    /**
     * Parses an expression.
     *
     * @throws IllegalArgumentException if it is not a cron expression, or is never due
     */
    public static Cron of(String expression, ZoneId zone) {
        ExecutionTime times;
        try {
            CronParser parser = new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));
            times = ExecutionTime.forCron(parser.parse(NICKNAMES.getOrDefault(expression.strip(), expression)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'" + expression
                            + "' is not a cron expression of minute, hour, day of month, month and day of week: "
                            + e.getMessage(),
                    e);
        }
        Cron cron = new Cron(expression, zone, times);
        if (cron.next(Instant.EPOCH).isEmpty()) {
            throw new IllegalArgumentException(
                    "cron expression '" + expression + "' is never due: no year has such a day");
        }
        return cron;
    }

    /** Returns the time zone. */
    public ZoneId zone() {
        return zone;
    }

    /** Returns the first time after another one at which it is due; empty if there is none. */
    public Optional<Instant> next(Instant after) {
        Optional<Instant> regular = times.nextExecution(after.atZone(zone)).map(ZonedDateTime::toInstant);
        ZoneOffsetTransition transition = zone.getRules().nextTransition(after);
        while (transition != null
                && (regular.isEmpty() || transition.getInstant().isBefore(regular.get()))) {
            if (transition.isGap() && isDueWithin(transition)) {
                return Optional.of(transition.getInstant());
            }
            transition = regular.isEmpty() ? null : zone.getRules().nextTransition(transition.getInstant());
        }
        return regular;
    }

    /** Whether it is due at a time that clocks skip. */
    private boolean isDueWithin(ZoneOffsetTransition gap) {
        LocalDateTime before = gap.getDateTimeBefore().minusSeconds(1);
        return times.nextExecution(before.atZone(ZoneOffset.UTC))
                .map(ZonedDateTime::toLocalDateTime)
                .filter(due -> due.isBefore(gap.getDateTimeAfter()))
                .isPresent();
    }

    /** Returns the last time at which it was due in a stretch of time. */
    Optional<Instant> lastWithin(Instant after, Instant until) {
        ZonedDateTime from = until.plusNanos(1).atZone(zone);
        Optional<Instant> last = times.lastExecution(from).map(ZonedDateTime::toInstant);
        Instant start = last.filter(due -> due.isAfter(after)).orElse(after);
        // A time that clocks skip may be later.
        for (Optional<Instant> next = next(start);
                next.isPresent() && !next.get().isAfter(until);
                next = next(next.get())) {
            start = next.get();
        }
        return start.isAfter(after) ? Optional.of(start) : Optional.empty();
    }

    @Override
    public String toString() {
        return expression + " " + zone;
    }
}
