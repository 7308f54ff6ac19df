package dev.lifeboat.internal.engine;

import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Holds the handle of a source that is quiesced while it is read, closes it, and measures the time between. */
public final class QuiesceScope implements QuiesceHandle.Holder, AutoCloseable {
    private final ProgressTracker events;
    private final RunningOperations.Running operation;
    private QuiesceHandle handle = QuiesceHandle.none();
    private long begun;
    private Optional<Duration> lasted = Optional.empty();

    /** Creates a scope without a handle. */
    public QuiesceScope(ProgressTracker events, RunningOperations.Running operation) {
        this.events = events;
        this.operation = operation;
    }

    @Override
    public void hold(QuiesceHandle newHandle) throws IOException {
        handle = newHandle;
        begun = System.nanoTime();
        operation.quiesced(newHandle);
        if (handle != QuiesceHandle.none()) {
            events.send(new OperationEvent.Quiesced());
        }
    }

    /** Returns how long the source was quiesced; empty if it was not. */
    public Optional<Duration> lasted() {
        return lasted;
    }

    @Override
    public void close() throws IOException {
        if (handle != QuiesceHandle.none()) {
            handle.close();
            Duration quiesced = Duration.ofNanos(System.nanoTime() - begun);
            lasted = Optional.of(quiesced);
            events.send(new OperationEvent.Resumed(quiesced));
        }
    }
}
