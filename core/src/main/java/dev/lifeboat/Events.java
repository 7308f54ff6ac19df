package dev.lifeboat;

import dev.lifeboat.OperationEvent.Phase;
import dev.lifeboat.OperationEvent.Progress;
import dev.lifeboat.entry.Problem;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Counts what an operation does, and tells its listeners. Thread-safe. */
final class Events {
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
    private long problemCount;

    Events(List<Consumer<? super OperationEvent>> listeners, AtomicReference<Progress> latest, Clock clock) {
        this.listeners = listeners;
        this.latest = latest;
        this.clock = clock;
    }

    Clock clock() {
        return clock;
    }

    void send(OperationEvent event) {
        listeners.forEach(listener -> listener.accept(event));
    }

    void phase(Phase phase) {
        send(new OperationEvent.PhaseStarted(phase));
    }

    void entry() {
        entries.incrementAndGet();
        tick();
    }

    void read(long bytes) {
        bytesRead.addAndGet(bytes);
        tick();
    }

    void stored(long total) {
        bytesStored.set(total);
    }

    void addStored(long bytes) {
        bytesStored.addAndGet(bytes);
    }

    void problem(Problem problem) {
        synchronized (problems) {
            problemCount++;
            if (problems.size() < MAX_PROBLEMS) {
                problems.add(problem);
            }
        }
        send(new OperationEvent.ProblemFound(problem));
    }

    List<Problem> problems() {
        synchronized (problems) {
            return List.copyOf(problems);
        }
    }

    long problemCount() {
        synchronized (problems) {
            return problemCount;
        }
    }

    long bytesRead() {
        return bytesRead.get();
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private void tick() {
        long now = System.nanoTime();
        long last = lastSent.get();
        if (now - last >= INTERVAL_NANOS && lastSent.compareAndSet(last, now)) {
            progress();
        }
    }

    /** Tells how far it is, now. */
    void progress() {
        Progress progress = new Progress(entries.get(), bytesRead.get(), bytesStored.get(), elapsed());
        latest.set(progress);
        send(progress);
    }
}
