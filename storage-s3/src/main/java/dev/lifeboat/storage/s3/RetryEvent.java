package dev.lifeboat.storage.s3;

import java.time.Duration;

/** The start or the end of a period in which a store does not answer. Immutable. */
public sealed interface RetryEvent {
    /**
     * A request failed with a transient error and is retried, while no other request was being retried.
     *
     * @param cause the failure
     * @param budget how long requests are retried
     */
    record Began(Throwable cause, Duration budget) implements RetryEvent {}

    /**
     * The store answers again.
     *
     * @param after how long the store did not answer
     */
    record Ended(Duration after) implements RetryEvent {}
}
