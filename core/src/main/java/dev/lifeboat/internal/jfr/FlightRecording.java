package dev.lifeboat.internal.jfr;

import dev.lifeboat.event.OperationEvent;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/** Fills the events of Java Flight Recorder. */
final class FlightRecording implements OperationRecording {
    private final OperationJfrEvent event;
    private final AtomicLong problems = new AtomicLong();
    private final AtomicReference<OperationEvent.@Nullable Progress> progress = new AtomicReference<>();
    private final AtomicReference<@Nullable QuiescedJfrEvent> quiesced = new AtomicReference<>();
    private final String what;

    private FlightRecording(OperationJfrEvent event, String what) {
        this.event = event;
        this.what = what;
    }

    static Optional<OperationRecording> begin(String kind, String what) {
        // The first event of a process would set up the recorder: 0.07 s, although nothing is recorded.
        if (!FlightRecorder.isInitialized()) {
            return Optional.empty();
        }
        OperationJfrEvent event = new OperationJfrEvent();
        if (!event.isEnabled()) {
            return Optional.empty();
        }
        event.kind = kind;
        event.operation = what;
        event.begin();
        return Optional.of(new FlightRecording(event, what));
    }

    @Override
    public void accept(OperationEvent happened) {
        if (happened instanceof OperationEvent.Progress p) {
            progress.set(p);
        } else if (happened instanceof OperationEvent.ProblemFound) {
            problems.incrementAndGet();
        } else if (happened instanceof OperationEvent.Quiesced) {
            QuiescedJfrEvent began = new QuiescedJfrEvent();
            began.operation = what;
            began.begin();
            quiesced.set(began);
        } else if (happened instanceof OperationEvent.Resumed) {
            QuiescedJfrEvent began = quiesced.getAndSet(null);
            if (began != null) {
                began.commit();
            }
        }
    }

    @Override
    public void end(Optional<String> failure) {
        OperationEvent.Progress last = progress.get();
        if (last != null) {
            event.entries = last.entries();
            event.bytesRead = last.bytesRead();
            event.bytesStored = last.bytesStored();
        }
        event.problems = problems.get();
        event.succeeded = failure.isEmpty();
        event.failure = failure.orElse("");
        event.commit();
    }
}
