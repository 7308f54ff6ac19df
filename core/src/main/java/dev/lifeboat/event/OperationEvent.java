package dev.lifeboat.event;

import dev.lifeboat.entry.Problem;
import java.time.Duration;

/**
 * An event of an operation. Immutable. Listeners are called on the threads that do the work, of which there may be
 * several. They must be thread-safe and return quickly. An exception that a listener throws ends the operation.
 */
public sealed interface OperationEvent {
    /** A phase begins. */
    record PhaseStarted(Phase phase) implements OperationEvent {}

    /**
     * The progress of an operation; at most four events a second, and one at the end.
     *
     * @param entries entries seen so far
     * @param bytesRead bytes read from the source, or bytes of content restored or verified
     * @param bytesStored bytes written to the store or to the target
     * @param elapsed time since the operation began
     */
    record Progress(long entries, long bytesRead, long bytesStored, Duration elapsed) implements OperationEvent {
        /** Returns the average number of bytes read a second. */
        public long bytesPerSecond() {
            return bytesRead * 1000 / Math.max(1, elapsed.toMillis());
        }
    }

    /** Something could not be captured or restored; the operation continues. */
    record ProblemFound(Problem problem) implements OperationEvent {}

    /** The source is quiesced. */
    record Quiesced() implements OperationEvent {}

    /** The source was resumed. */
    record Resumed(Duration quiesced) implements OperationEvent {}

    /** The phases of an operation. */
    enum Phase {
        PREPARING,
        READING,
        COMMITTING,
        RESTORING,
        VERIFYING,
        PRUNING,
        REPAIRING,
        COMPARING,
        COPYING
    }
}
