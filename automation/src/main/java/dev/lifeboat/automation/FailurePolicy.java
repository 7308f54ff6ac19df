package dev.lifeboat.automation;

import java.time.Duration;

/**
 * What follows when a step fails.
 *
 * @param attempts how often a run is tried at most, the first time included; what has succeeded is not done again
 * @param backoff how long until the second attempt; it doubles each time, up to an hour
 * @param keepsGoing whether the steps behind one that failed run all the same
 */
public record FailurePolicy(int attempts, Duration backoff, boolean keepsGoing) {
    private static final Duration MAX_BACKOFF = Duration.ofHours(1);

    public FailurePolicy {
        if (attempts < 1) {
            throw new IllegalArgumentException("a run is tried at least once: " + attempts);
        }
        if (backoff.isNegative()) {
            throw new IllegalArgumentException("backoff is negative: " + backoff);
        }
    }

    /** Tries once, and does not go on behind a step that failed. */
    public static FailurePolicy stop() {
        return new FailurePolicy(1, Duration.ZERO, false);
    }

    /** Tries several times, and does not go on behind a step that failed. */
    public static FailurePolicy retry(int attempts, Duration backoff) {
        return new FailurePolicy(attempts, backoff, false);
    }

    /** Runs the steps behind one that failed all the same. */
    public FailurePolicy keepGoing() {
        return new FailurePolicy(attempts, backoff, true);
    }

    /** How long to wait after an attempt, from 1. */
    Duration pauseAfter(int attempt) {
        Duration pause = backoff;
        for (int i = 1; i < attempt && pause.compareTo(MAX_BACKOFF) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        return backoff.compareTo(MAX_BACKOFF) > 0 || pause.compareTo(MAX_BACKOFF) < 0 ? pause : MAX_BACKOFF;
    }
}
