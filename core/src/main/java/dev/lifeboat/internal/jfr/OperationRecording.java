package dev.lifeboat.internal.jfr;

import dev.lifeboat.event.OperationEvent;
import java.util.Optional;
import java.util.function.Consumer;

/** Records one operation, while Java Flight Recorder records its events; else it does nothing. Thread-safe. */
public interface OperationRecording extends Consumer<OperationEvent> {
    /**
     * Begins to record an operation, on the thread that ends it.
     *
     * @param kind such as {@code Backup}
     * @param what for people
     * @return empty if nothing is recorded
     */
    static Optional<OperationRecording> begin(String kind, String what) {
        // A runtime image may lack the module.
        boolean there = ModuleLayer.boot().findModule("jdk.jfr").isPresent();
        return there ? FlightRecording.begin(kind, what) : Optional.empty();
    }

    /**
     * Ends it.
     *
     * @param failure name of the exception; empty if the operation has succeeded
     */
    void end(Optional<String> failure);
}
