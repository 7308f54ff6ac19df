package dev.lifeboat.event;

import dev.lifeboat.entry.Problem;
import java.time.Duration;

/**
 * What happens during an operation. Immutable. Given to listeners on the threads that do the work, of which there may be several;
 * listeners must be thread-safe and quick, and what they throw ends the operation.
 */
public sealed interface OperationEvent {
    /** A stage begins. */
    record PhaseStarted(Phase phase) implements OperationEvent {}

    /**
     * How far it is; at most four a second, and once at the end.
     *
     * @param entries seen so far
     * @param bytesRead from the source, or of content restored or verified
     * @param bytesStored in the store, or written to the target
     * @param elapsed since the operation began
     */
    record Progress(long entries, long bytesRead, long bytesStored, Duration elapsed) implements OperationEvent {
        /** Bytes read a second, on average. */
        public long bytesPerSecond() {
            return bytesRead * 1000 / Math.max(1, elapsed.toMillis());
        }
    }

    /** Something could not be kept or brought back, and the operation goes on. */
    record ProblemFound(Problem problem) implements OperationEvent {}

    /** The source is quiesced. */
    record Quiesced() implements OperationEvent {}

    /** The source was resumed. */
    record Resumed(Duration quiesced) implements OperationEvent {}

    /** The stages of operations. */
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
