package dev.lifeboat.event;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

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
     * @param phase the current phase
     * @param entries entries seen so far
     * @param expectedEntries entries in all: exact for the restore of a whole snapshot, those of the parent for a
     *     backup; empty if unknown
     * @param bytesRead bytes read from the source, or bytes of content restored or verified
     * @param bytesStored bytes written to the store or to the target
     * @param current the entry that was seen last; empty before the first
     * @param elapsed time since the operation began
     */
    record Progress(
            Phase phase,
            long entries,
            OptionalLong expectedEntries,
            long bytesRead,
            long bytesStored,
            Optional<EntryPath> current,
            Duration elapsed)
            implements OperationEvent {
        /** Returns the share that is done, 0 to 1, by the number of entries; empty if their number is unknown. */
        public OptionalDouble fraction() {
            return expectedEntries.isEmpty()
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(Math.min(1, (double) entries / Math.max(1, expectedEntries.getAsLong())));
        }

        /** Returns an estimate of the time left; empty if the number of entries is unknown or nothing is done yet. */
        public Optional<Duration> remaining() {
            double done = fraction().orElse(0);
            return done > 0
                    ? Optional.of(Duration.ofMillis((long) (elapsed.toMillis() / done * (1 - done))))
                    : Optional.empty();
        }

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
        /** Reads a source that still runs, so that less is to be read while it is quiesced. */
        PRE_COPYING,
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
