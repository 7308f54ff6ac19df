package dev.lifeboat.kubernetes.internal.client;

import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether one request is sent again, and waits before that. What the server has not processed is sent again in
 * any case: it had too many requests (429), or refused the connection. What it may have processed is sent again only if
 * that makes no difference. Not thread-safe.
 */
final class Retries {
    /** How long a server may be overloaded or restart; that of an API server takes some seconds. */
    private static final Duration OVERLOADED = Duration.ofSeconds(30);

    /** How long it may fail: an aggregated API that is down always does. */
    private static final Duration FAILING = Duration.ofMillis(1_500);

    private static final int TOO_MANY = 429;
    private static final Set<Integer> FAILURES = Set.of(500, 502, 503, 504);
    private static final long FIRST_MILLIS = 100;
    private static final long LONGEST_MILLIS = 5_000;

    private final boolean repeatable;
    private final long start = System.nanoTime();
    private long pause = FIRST_MILLIS;

    /** Creates it for a request that may be processed twice, or may not. */
    Retries(boolean repeatable) {
        this.repeatable = repeatable;
    }

    /**
     * Waits if a request is to be sent again after an answer.
     *
     * @param retryAfter what the server says of that, in seconds
     * @return whether it is
     */
    boolean again(int code, @Nullable String retryAfter) throws IOException {
        if (code == TOO_MANY) {
            return again(OVERLOADED, seconds(retryAfter));
        }
        return repeatable && FAILURES.contains(code) && again(FAILING, Optional.empty());
    }

    /**
     * Waits if a request is to be sent again that had no answer.
     *
     * @return whether it is
     */
    boolean again(@Nullable Throwable failure) throws IOException {
        return (repeatable || isRefused(failure)) && again(OVERLOADED, Optional.empty());
    }

    /** Whether there was no connection. */
    static boolean isRefused(@Nullable Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException) {
                return true;
            }
        }
        return false;
    }

    private boolean again(Duration limit, Optional<Duration> asked) throws IOException {
        long millis = asked.map(Duration::toMillis).orElse(pause);
        if (System.nanoTime() - start + Duration.ofMillis(millis).toNanos() > limit.toNanos()) {
            return false;
        }
        Io.sleep(millis);
        pause = Math.min(2 * pause, LONGEST_MILLIS);
        return true;
    }

    private static Optional<Duration> seconds(@Nullable String text) {
        return text != null && text.matches("[1-9][0-9]{0,3}")
                ? Optional.of(Duration.ofSeconds(Long.parseLong(text)))
                : Optional.empty();
    }
}
