package dev.lifeboat.event;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * An operation that has ended, well or not: for metrics, notifications and logs. Immutable.
 *
 * @param kind such as {@code Backup}, {@code Restore}, {@code Prune}, {@code Verify}
 * @param operation what it was to do, for people
 * @param started when it began, by the clock of the repository
 * @param duration how long it took
 * @param entries entries that it has seen
 * @param bytesRead bytes read from the source, or bytes of content restored or verified
 * @param bytesStored bytes written to the store or to the target
 * @param problems what could not be captured or restored
 * @param quiesced how long the source was quiesced; empty if it was not
 * @param cancelled whether it was cancelled, which is a failure as well
 * @param failure message of the exception; empty if the operation has succeeded
 */
public record OperationEnded(
        String kind,
        String operation,
        Instant started,
        Duration duration,
        long entries,
        long bytesRead,
        long bytesStored,
        long problems,
        Optional<Duration> quiesced,
        boolean cancelled,
        Optional<String> failure) {
    /** Returns whether it has succeeded. A backup that has succeeded may still lack something: see its snapshot. */
    public boolean succeeded() {
        return failure.isEmpty();
    }
}
