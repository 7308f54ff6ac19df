package dev.lifeboat.internal.engine;

import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the handle of a source that is quiesced while it is read, closes it, and measures the time between. A source
 * that is quiesced for longer than a limit is resumed at the limit, on another thread.
 */
public final class QuiesceScope implements QuiesceHandle.Holder, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(QuiesceScope.class);

    private final ProgressTracker events;
    private final RunningOperations.Running operation;
    private final Optional<Duration> limit;
    private final Executor executor;
    private final CountDownLatch read = new CountDownLatch(1);
    /** Listeners learn first that the source is quiesced, and then that it is resumed. */
    private final CountDownLatch announced = new CountDownLatch(1);

    private QuiesceHandle handle = QuiesceHandle.none();
    private long begun;
    private Optional<Duration> lasted = Optional.empty();
    private boolean limited;
    private @Nullable IOException failure;

    /**
     * Creates a scope without a handle.
     *
     * @param limit how long the source may be quiesced
     * @param executor runs what waits for that
     */
    public QuiesceScope(
            ProgressTracker events, RunningOperations.Running operation, Optional<Duration> limit, Executor executor) {
        this.events = events;
        this.operation = operation;
        this.limit = limit;
        this.executor = executor;
    }

    @Override
    public void hold(QuiesceHandle newHandle) throws IOException {
        handle = newHandle;
        begun = System.nanoTime();
        operation.quiesced(newHandle);
        if (handle != QuiesceHandle.none()) {
            limit.ifPresent(after -> executor.execute(() -> resumeAfter(after)));
            try {
                events.send(new OperationEvent.Quiesced());
            } finally {
                announced.countDown();
            }
        }
    }

    private void resumeAfter(Duration after) {
        try {
            if (read.await(after.toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
            Optional<Duration> quiesced;
            synchronized (this) {
                if (read.getCount() == 0) {
                    return;
                }
                limited = true;
                quiesced = closeHandle();
            }
            announced.await();
            quiesced.ifPresent(time -> events.send(new OperationEvent.Resumed(time)));
        } catch (InterruptedException e) {
            // The repository is being closed, which resumes the source.
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            synchronized (this) {
                failure = e;
            }
            log.warn("a source was not resumed at its time limit, which is tried again [cause={}]", e.toString());
        } catch (RuntimeException e) {
            log.warn("a source was not resumed at its time limit, which is tried again [cause={}]", e.toString());
        }
    }

    /** Returns how long the source was quiesced, if it was until now. */
    private synchronized Optional<Duration> closeHandle() throws IOException {
        handle.close();
        if (lasted.isPresent()) {
            return Optional.empty();
        }
        lasted = Optional.of(Duration.ofNanos(System.nanoTime() - begun));
        return lasted;
    }

    /** Returns how long the source was quiesced; empty if it was not. */
    public synchronized Optional<Duration> lasted() {
        return lasted;
    }

    /** Returns the limit at which the source was resumed, before all of it was read; empty if it was not. */
    public synchronized Optional<Duration> exceeded() {
        return limited ? limit : Optional.empty();
    }

    @Override
    public void resume() throws IOException {
        read.countDown();
        if (handle != QuiesceHandle.none()) {
            closeHandle().ifPresent(time -> events.send(new OperationEvent.Resumed(time)));
        }
    }

    @Override
    public void close() throws IOException {
        resume();
        synchronized (this) {
            // A second attempt may have nothing left to do, and still the first one went wrong.
            if (failure != null) {
                throw failure;
            }
        }
    }
}
