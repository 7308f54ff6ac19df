package dev.lifeboat.internal.engine;

import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.event.OperationStarted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sums one operation up for the listeners of a repository. Thread-safe. */
public final class OperationObserver implements Consumer<OperationEvent> {
    private static final Logger log = LoggerFactory.getLogger(OperationObserver.class);

    private final String kind;
    private final String operation;
    private final Instant started;
    private final long begin = System.nanoTime();
    private final List<Consumer<? super OperationEnded>> listeners = new ArrayList<>();
    private final AtomicLong problems = new AtomicLong();
    private final AtomicReference<OperationEvent.@Nullable Progress> progress = new AtomicReference<>();
    private final AtomicReference<@Nullable Duration> quiesced = new AtomicReference<>();

    /** Tells the listeners that the operation begins. What they throw does not keep it from that. */
    OperationObserver(String kind, String operation, Instant started, OperationListeners all) {
        this.kind = kind;
        this.operation = operation;
        this.started = started;
        OperationStarted start = new OperationStarted(kind, operation, started);
        for (Function<? super OperationStarted, ? extends Consumer<? super OperationEnded>> listener : all.onStart()) {
            try {
                // The one that began last ends first.
                listeners.add(0, listener.apply(start));
            } catch (RuntimeException e) {
                log.warn("a listener of operations has failed [operation={}]", operation, e);
            }
        }
        listeners.addAll(all.onEnd());
    }

    @Override
    public void accept(OperationEvent happened) {
        if (happened instanceof OperationEvent.Progress p) {
            progress.set(p);
        } else if (happened instanceof OperationEvent.ProblemFound) {
            problems.incrementAndGet();
        } else if (happened instanceof OperationEvent.Resumed resumed) {
            quiesced.set(resumed.quiesced());
        }
    }

    /**
     * Tells the listeners. What they throw ends nothing any more.
     *
     * @param cancelled whether it was cancelled
     * @param failure message of the exception; empty if the operation has succeeded
     */
    public void end(boolean cancelled, Optional<String> failure) {
        OperationEvent.Progress last = progress.get();
        OperationEnded ended = new OperationEnded(
                kind,
                operation,
                started,
                Duration.ofNanos(System.nanoTime() - begin),
                last == null ? 0 : last.entries(),
                last == null ? 0 : last.bytesRead(),
                last == null ? 0 : last.bytesStored(),
                problems.get(),
                Optional.ofNullable(quiesced.get()),
                cancelled,
                failure);
        for (Consumer<? super OperationEnded> listener : listeners) {
            try {
                listener.accept(ended);
            } catch (RuntimeException e) {
                log.warn("a listener of ended operations has failed [operation={}]", operation, e);
            }
        }
    }
}
