package dev.lifeboat.internal.engine;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.event.OperationEvent.Progress;
import dev.lifeboat.snapshot.ProblemCounts;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Counts what an operation does, and sends events to its listeners. Thread-safe. */
public final class ProgressTracker {
    private static final int MAX_PROBLEMS = 1000;
    private static final long INTERVAL_NANOS = Duration.ofMillis(250).toNanos();

    private final List<Consumer<? super OperationEvent>> listeners;
    private final AtomicReference<Progress> latest;
    private final Clock clock;
    private final long start = System.nanoTime();
    private final AtomicLong lastSent = new AtomicLong(start);
    private final AtomicLong entries = new AtomicLong();
    private final AtomicLong bytesRead = new AtomicLong();
    private final AtomicLong bytesStored = new AtomicLong();
    private final List<Problem> problems = new ArrayList<>();
    private volatile Phase phase = Phase.PREPARING;
    private volatile OptionalLong expected = OptionalLong.empty();
    private volatile @Nullable EntryPath current;
    private final Map<Problem.Kind, Long> problemCounts = new EnumMap<>(Problem.Kind.class);

    public ProgressTracker(
            List<Consumer<? super OperationEvent>> listeners, AtomicReference<Progress> latest, Clock clock) {
        this.listeners = listeners;
        this.latest = latest;
        this.clock = clock;
    }

    public Clock clock() {
        return clock;
    }

    public void send(OperationEvent event) {
        listeners.forEach(listener -> listener.accept(event));
    }

    public void phase(Phase newPhase) {
        phase = newPhase;
        send(new OperationEvent.PhaseStarted(newPhase));
    }

    /** Sets how many entries there are in all, exactly or as an estimate. */
    public void expect(long newExpected) {
        expected = OptionalLong.of(newExpected);
    }

    /** Counts an entry. */
    public void entry(EntryPath path) {
        current = path;
        entries.incrementAndGet();
        tick();
    }

    public void read(long bytes) {
        bytesRead.addAndGet(bytes);
        tick();
    }

    public void stored(long total) {
        bytesStored.set(total);
    }

    public void addStored(long bytes) {
        bytesStored.addAndGet(bytes);
    }

    public void problem(Problem problem) {
        synchronized (problems) {
            problemCounts.merge(problem.kind(), 1L, Long::sum);
            if (problems.size() < MAX_PROBLEMS) {
                problems.add(problem);
            }
        }
        send(new OperationEvent.ProblemFound(problem));
    }

    public List<Problem> problems() {
        synchronized (problems) {
            return List.copyOf(problems);
        }
    }

    /** Returns the number of problems of each kind so far. */
    public ProblemCounts problemCounts() {
        synchronized (problems) {
            return new ProblemCounts(problemCounts);
        }
    }

    public long bytesRead() {
        return bytesRead.get();
    }

    public Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private void tick() {
        long now = System.nanoTime();
        long last = lastSent.get();
        if (now - last >= INTERVAL_NANOS && lastSent.compareAndSet(last, now)) {
            progress();
        }
    }

    /** Sends the current progress. */
    public void progress() {
        Progress progress = new Progress(
                phase,
                entries.get(),
                expected,
                bytesRead.get(),
                bytesStored.get(),
                Optional.ofNullable(current),
                elapsed());
        latest.set(progress);
        send(progress);
    }
}
