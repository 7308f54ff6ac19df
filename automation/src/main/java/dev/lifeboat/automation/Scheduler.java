package dev.lifeboat.automation;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.BackupException;
import dev.lifeboat.Repository;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs schedules on a repository. What was done is recorded in the repository, so that a scheduler that is restarted,
 * or moved to another host, goes on where the last one was. Several hosts may run the same schedules on one repository:
 * one of them does what is due, and no run of a schedule begins while another one of it is not over.
 *
 * <pre>{@code
 * Schedule nightly = Schedule.named("nightly")
 *         .at(Cron.of("0 3 * * *", "Europe/Berlin"))
 *         .step(Step.backup(docker.container("db")));
 * Scheduler scheduler = Scheduler.of(repo, nightly).start();
 * }</pre>
 *
 * <p>A new schedule begins with the first time that it is due from then on. A run that has not succeeded before the
 * next one is due is not tried again: the next one takes its place. Runs of one scheduler follow one another on one
 * thread. A store that fails for a while delays runs, and is logged.
 *
 * <p>Immutable until it is started. Thread-safe.
 */
@CheckReturnValue
public final class Scheduler implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Scheduler.class);
    /** How often the clock is looked at, which may jump. */
    private static final Duration TICK = Duration.ofSeconds(10);

    private final Repository repository;
    private final List<Schedule> schedules;
    private final Clock clock;
    private final Consumer<? super Run> onRun;
    private final Member own;
    private final Map<String, ScheduleLog> logs = new LinkedHashMap<>();
    private @Nullable Thread thread;
    private volatile boolean closed;

    private Scheduler(
            Repository repository, List<Schedule> schedules, Clock clock, Consumer<? super Run> onRun, Member own) {
        this.repository = repository;
        this.schedules = List.copyOf(schedules);
        this.clock = clock;
        this.onRun = onRun;
        this.own = own;
        for (Schedule schedule : schedules) {
            logs.put(schedule.name(), new ScheduleLog(repository, schedule.name()));
        }
    }

    /**
     * Returns a scheduler that is not started. It does not close the repository.
     *
     * @throws IllegalArgumentException if there are none, or two of one name, or one without steps
     * @throws IllegalStateException if one has no time
     */
    public static Scheduler of(Repository repository, Schedule... schedules) {
        if (schedules.length == 0) {
            throw new IllegalArgumentException("there is no schedule");
        }
        Set<String> names = new HashSet<>();
        for (Schedule schedule : schedules) {
            if (!names.add(schedule.name())) {
                throw new IllegalArgumentException("there are two schedules '" + schedule.name() + "'");
            }
            if (schedule.steps().isEmpty()) {
                throw new IllegalArgumentException(schedule + " does nothing: add steps with step(..)");
            }
            log.debug("schedule [name={}, at={}]", schedule.name(), schedule.cron());
        }
        return new Scheduler(repository, List.of(schedules), Clock.systemUTC(), run -> {}, Member.own());
    }

    /** Returns one with another clock. */
    public Scheduler withClock(Clock newClock) {
        return new Scheduler(repository, schedules, newClock, onRun, own);
    }

    /** Returns one that tells a listener of each run, on the thread of the run. */
    public Scheduler onRun(Consumer<? super Run> listener) {
        return new Scheduler(repository, schedules, clock, listener, own);
    }

    /** Returns one that is another process, for others. */
    Scheduler as(Member member) {
        return new Scheduler(repository, schedules, clock, onRun, member);
    }

    /**
     * Returns the last runs of a schedule, newest first.
     *
     * @throws BackupException if the store fails
     */
    public static List<Run> history(Repository repository, String schedule, int count) {
        List<Run> runs = new ArrayList<>();
        repository.log("schedule:" + schedule).newest(3 * count).stream()
                .map(RunEntry::new)
                .filter(entry -> entry.event() == RunEntry.Event.END)
                .limit(count)
                .forEach(entry -> runs.add(Run.of(schedule, entry)));
        return List.copyOf(runs);
    }

    /**
     * Starts a thread that runs what is due until this is closed.
     *
     * @throws IllegalStateException if it was started or closed before
     */
    public synchronized Scheduler start() {
        if (thread != null || closed) {
            throw new IllegalStateException("the scheduler was started or closed before");
        }
        thread = new Thread(this::loop, "lifeboat-scheduler");
        thread.setDaemon(true);
        thread.start();
        return this;
    }

    private void loop() {
        while (!closed) {
            try {
                Instant next;
                try {
                    next = runDue();
                } catch (BackupException e) {
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                    log.warn("schedules cannot be read or recorded now [cause={}]", e.toString());
                    next = clock.instant().plus(Decision.LOOK_AGAIN);
                } catch (RuntimeException e) {
                    log.error("a listener or a schedule failed", e);
                    next = clock.instant().plus(Decision.LOOK_AGAIN);
                }
                Instant last = clock.instant();
                while (!closed && last.isBefore(next)) {
                    Duration left = Duration.between(last, next);
                    Thread.sleep(Math.max(1, (left.compareTo(TICK) < 0 ? left : TICK).toMillis()));
                    Instant now = clock.instant();
                    if (now.isBefore(last.minus(TICK))) {
                        // The clock was set back, so that what comes next is another time.
                        break;
                    }
                    last = now;
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /**
     * Runs what is due now on this thread: for programs that have a scheduler of their own, and call this at the time
     * that it returns.
     *
     * @return when something is due next, or has to be looked at
     * @throws InterruptedException if the thread is interrupted; the run is recorded as one that is tried again
     * @throws BackupException if the store fails, so that nothing can be recorded
     */
    @CanIgnoreReturnValue
    public Instant runDue() throws InterruptedException {
        Instant next = Instant.MAX;
        for (Schedule schedule : schedules) {
            Instant ofSchedule = runDue(schedule);
            next = ofSchedule.isBefore(next) ? ofSchedule : next;
        }
        return next;
    }

    private Instant runDue(Schedule schedule) throws InterruptedException {
        ScheduleLog records = logs.get(schedule.name());
        if (records == null) {
            throw new IllegalStateException("no records of " + schedule);
        }
        while (true) {
            Instant now = clock.instant();
            Decision decision = Decision.of(schedule, records.refresh(), now, own);
            if (decision instanceof Decision.Wait wait) {
                return wait.until();
            } else if (decision instanceof Decision.Busy busy) {
                return busy.until();
            } else if (decision instanceof Decision.Anchor) {
                // If another one was faster, the next look shows it.
                boolean unused = records.append(RunEntry.anchor(now, own));
            } else if (decision instanceof Decision.Skip skip) {
                Run run = new Run(
                        schedule.name(), skip.due(), 1, own.host(), now, Run.Result.SKIPPED, Map.of(), Map.of());
                if (records.append(run.toFields())) {
                    onRun.accept(run);
                }
            } else if (decision instanceof Decision.Begin begin) {
                if (records.append(RunEntry.begin(begin.due(), begin.attempt(), now, own))) {
                    run(schedule, begin, records);
                }
            }
        }
    }

    private void run(Schedule schedule, Decision.Begin begin, ScheduleLog records) throws InterruptedException {
        Attempt attempt = new Attempt(
                schedule, new Step.Context(repository, schedule.name(), begin.due(), begin.attempt()), begin.done());
        boolean interrupted = attempt.run();
        Run run = new Run(
                schedule.name(),
                begin.due(),
                begin.attempt(),
                own.host(),
                clock.instant(),
                attempt.result(),
                attempt.done(),
                attempt.failed());
        try {
            if (!records.append(run.toFields())) {
                log.warn(
                        "another process has begun the run again, since it lasted too long; let longestRun(..) be longer"
                                + " [schedule={}, due={}]",
                        schedule.name(),
                        begin.due());
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        onRun.accept(run);
        if (interrupted) {
            Thread.interrupted();
            throw new InterruptedException("the scheduler is closed");
        }
    }

    /**
     * Cancels the run that is under way, and waits until it has ended; it is tried again by the next scheduler.
     * Repeated calls have no effect.
     */
    @Override
    public void close() {
        Thread running;
        synchronized (this) {
            closed = true;
            running = thread;
        }
        if (running == null || running == Thread.currentThread()) {
            return;
        }
        running.interrupt();
        boolean interrupted = false;
        while (running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "scheduler of " + schedules;
    }
}
