package dev.lifeboat.automation;

import com.google.errorprone.annotations.CheckReturnValue;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What is to be done when.
 *
 * <pre>{@code
 * Schedule nightly = Schedule.named("nightly")
 *         .at(Cron.of("0 3 * * *", "Europe/Berlin"))
 *         .jitter(Duration.ofMinutes(15))
 *         .step(Step.backup(docker.container("db")))
 *         .step(Step.prune(Retention.keepLast(3).andDaily(7)))
 *         .onFailure(FailurePolicy.retry(3, Duration.ofMinutes(5)));
 * }</pre>
 *
 * Immutable. Each method that changes something returns a copy.
 */
@CheckReturnValue
public final class Schedule {
    private final Values values;

    /** What becomes of runs that were due while no scheduler ran. */
    public enum Missed {
        /** The latest of them is made up as soon as possible; those before it are not. */
        MAKE_UP,
        /** None is made up. */
        SKIP
    }

    private static final class Values {
        private final String name;
        private Optional<Cron> cron = Optional.empty();
        private Duration jitter = Duration.ZERO;
        private Optional<Window> window = Optional.empty();
        private Missed missed = Missed.MAKE_UP;
        private Duration lateness = Duration.ofMinutes(30);
        private Duration longestRun = Duration.ofHours(12);
        private List<Step> steps = List.of();
        private FailurePolicy failures = FailurePolicy.stop();

        Values(String name) {
            this.name = name;
        }

        Values(Values other) {
            name = other.name;
            cron = other.cron;
            jitter = other.jitter;
            window = other.window;
            missed = other.missed;
            lateness = other.lateness;
            longestRun = other.longestRun;
            steps = other.steps;
            failures = other.failures;
        }
    }

    /** A part of each day. It may include midnight. */
    private record Window(LocalTime from, LocalTime to) {
        boolean contains(LocalTime time) {
            boolean afterFrom = !time.isBefore(from);
            boolean beforeTo = time.isBefore(to);
            return from.isBefore(to) ? afterFrom && beforeTo : afterFrom || beforeTo;
        }
    }

    private Schedule(Values values) {
        this.values = values;
    }

    private Schedule with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new Schedule(changed);
    }

    /**
     * Returns a schedule without a time and without steps.
     *
     * @param name by which the repository knows what it has done; 1 to 200 characters
     */
    public static Schedule named(String name) {
        if (name.isBlank() || name.length() > 200) {
            throw new IllegalArgumentException("name of a schedule is not in 1..200 characters: '" + name + "'");
        }
        return new Schedule(new Values(name));
    }

    /** Sets when it is due. */
    public Schedule at(Cron cron) {
        return with(v -> v.cron = Optional.of(cron));
    }

    /**
     * Delays each run by a part of this time, so that not all that is due at the same time begins at the same moment. A
     * run is delayed by the same time on all hosts.
     */
    public Schedule jitter(Duration most) {
        if (most.isNegative()) {
            throw new IllegalArgumentException("jitter is negative: " + most);
        }
        return with(v -> v.jitter = most);
    }

    /** Lets runs begin in a part of each day only, by the clock of the cron expression's zone; others wait for it. */
    public Schedule between(LocalTime from, LocalTime to) {
        if (from.equals(to)) {
            throw new IllegalArgumentException("the window is empty: it begins and ends at " + from);
        }
        return with(v -> v.window = Optional.of(new Window(from, to)));
    }

    /** Sets what becomes of runs that were due while no scheduler ran; {@link Missed#MAKE_UP} unless set. */
    public Schedule missed(Missed policy) {
        return with(v -> v.missed = policy);
    }

    /** Sets how late a run may begin without being one that was missed; 30 minutes unless set. */
    public Schedule lateBy(Duration most) {
        if (most.isNegative()) {
            throw new IllegalArgumentException("time is negative: " + most);
        }
        return with(v -> v.lateness = most);
    }

    /**
     * Sets after which time a run of another host that has not ended is considered ended, so that its steps are done
     * again; 12 hours unless set. On the host itself a process that was killed is noticed at once.
     */
    public Schedule longestRun(Duration most) {
        if (most.isNegative() || most.isZero()) {
            throw new IllegalArgumentException("time is not positive: " + most);
        }
        return with(v -> v.longestRun = most);
    }

    /**
     * Adds a step behind the others.
     *
     * @throws IllegalArgumentException if there is one of that name
     */
    public Schedule step(Step step) {
        Set<String> names = new HashSet<>();
        values.steps.forEach(other -> names.add(other.name()));
        if (!names.add(step.name())) {
            throw new IllegalArgumentException("schedule " + values.name + " has a step '" + step.name() + "' already");
        }
        List<Step> more = new ArrayList<>(values.steps);
        more.add(step);
        return with(v -> v.steps = List.copyOf(more));
    }

    /** Sets what follows when a step fails; {@link FailurePolicy#stop} unless set. */
    public Schedule onFailure(FailurePolicy policy) {
        return with(v -> v.failures = policy);
    }

    /** Returns its name. */
    public String name() {
        return values.name;
    }

    Cron cron() {
        return values.cron.orElseThrow(() -> new IllegalStateException(
                "schedule " + values.name + " is never due: give it a time with at(Cron.of(..))"));
    }

    Missed missed() {
        return values.missed;
    }

    Duration lateness() {
        return values.lateness;
    }

    Duration longestRun() {
        return values.longestRun;
    }

    List<Step> steps() {
        return values.steps;
    }

    FailurePolicy failures() {
        return values.failures;
    }

    /** When a run begins that is due at a time: after its jitter. */
    Instant beginOf(Instant due) {
        long most = values.jitter.toMillis();
        int hash = (values.name + due).hashCode() * 0x9E3779B9;
        return most == 0 ? due : due.plusMillis(Math.floorMod((long) hash, most));
    }

    /** The first time from another one on at which runs may begin. */
    Instant openFrom(Instant time) {
        if (values.window.isEmpty()) {
            return time;
        }
        ZonedDateTime local = time.atZone(cron().zone());
        Window window = values.window.get();
        if (window.contains(local.toLocalTime())) {
            return time;
        }
        ZonedDateTime opens = local.with(window.from());
        return (opens.isBefore(local) ? local.plusDays(1).with(window.from()) : opens).toInstant();
    }

    @Override
    public String toString() {
        return "schedule " + values.name;
    }
}
