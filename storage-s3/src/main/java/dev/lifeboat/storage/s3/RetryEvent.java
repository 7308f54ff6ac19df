package dev.lifeboat.storage.s3;

import java.time.Duration;

/** What happens while a store does not answer. Immutable. */
public sealed interface RetryEvent {
    /**
     * A request failed in a way that may pass, and is tried again; none was being tried again before.
     *
     * @param cause of the failure
     * @param budget how long requests are tried again
     */
    record Began(Throwable cause, Duration budget) implements RetryEvent {}

    /**
     * The store answers again.
     *
     * @param after how long it did not
     */
    record Ended(Duration after) implements RetryEvent {}
}
