package dev.lifeboat.storage.s3;

import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.retries.api.AcquireInitialTokenRequest;
import software.amazon.awssdk.retries.api.AcquireInitialTokenResponse;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RecordSuccessRequest;
import software.amazon.awssdk.retries.api.RecordSuccessResponse;
import software.amazon.awssdk.retries.api.RefreshRetryTokenRequest;
import software.amazon.awssdk.retries.api.RefreshRetryTokenResponse;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.retries.api.RetryToken;
import software.amazon.awssdk.retries.api.TokenAcquisitionFailedException;

/**
 * Retries for a duration instead of a number of attempts. A server that restarts answers "connection refused" at
 * once, and ten attempts end before it is back. The SDK decides what is retried: connections that are refused, reset
 * or silent, 5xx, and throttling. Wrong keys, missing buckets and denied actions fail at once, and so does a host
 * name that is unknown before the store has ever answered. A clock that differs is corrected twice. Pauses grow up to
 * eight seconds, with full jitter. Thread-safe.
 */
final class RetryBudget implements RetryStrategy {
    private static final Logger log = LoggerFactory.getLogger(RetryBudget.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);
    /** The SDK takes the time of the store from its answer, so one repetition is enough; more cannot help. */
    private static final int CLOCK_CORRECTIONS = 2;

    private final Duration budget;
    private final Consumer<? super RetryEvent> listener;
    private final RetryStrategy delegate;
    /** When the store stopped answering, in terms of {@link System#nanoTime}; zero while it answers. */
    private final AtomicLong retryingSince = new AtomicLong();

    private volatile boolean answered;

    /** A token of the delegate, when its request began, and how often the store refused its time. */
    private record Token(RetryToken inner, long begun, int skewed) implements RetryToken {}

    RetryBudget(Duration budget, Consumer<? super RetryEvent> listener) {
        this.budget = budget;
        this.listener = listener;
        this.delegate = AwsRetryStrategy.standardRetryStrategy().toBuilder()
                .maxAttempts(Integer.MAX_VALUE)
                .backoffStrategy(BackoffStrategy.exponentialDelay(FIRST_PAUSE, LONGEST_PAUSE))
                .throttlingBackoffStrategy(
                        BackoffStrategy.exponentialDelay(FIRST_PAUSE.multipliedBy(10), LONGEST_PAUSE))
                .circuitBreakerEnabled(false)
                .build();
    }

    @Override
    public AcquireInitialTokenResponse acquireInitialToken(AcquireInitialTokenRequest request) {
        AcquireInitialTokenResponse response = delegate.acquireInitialToken(request);
        return AcquireInitialTokenResponse.create(new Token(response.token(), System.nanoTime(), 0), response.delay());
    }

    @Override
    public RefreshRetryTokenResponse refreshRetryToken(RefreshRetryTokenRequest request) {
        Token token = (Token) request.token();
        RefreshRetryTokenResponse response = delegate.refreshRetryToken(
                request.toBuilder().token(token.inner()).build());
        Duration spent = Duration.ofNanos(System.nanoTime() - token.begun());
        int skewed = token.skewed() + (isClockSkew(request.failure()) ? 1 : 0);
        if (spent.plus(response.delay()).compareTo(budget) > 0
                || skewed > CLOCK_CORRECTIONS
                || !answered && isUnknownHost(request.failure())) {
            throw new TokenAcquisitionFailedException(
                    "retried for " + spent.toSeconds() + " s", token, request.failure());
        }
        if (retryingSince.compareAndSet(0, Math.max(1, System.nanoTime()))) {
            log.warn(
                    "store is failing, retrying [budget={} s, cause={}]",
                    budget.toSeconds(),
                    String.valueOf(request.failure().getMessage()));
            listener.accept(new RetryEvent.Began(request.failure(), budget));
        }
        return RefreshRetryTokenResponse.create(new Token(response.token(), token.begun(), skewed), response.delay());
    }

    private static boolean isClockSkew(Throwable failure) {
        return failure instanceof SdkServiceException answer && answer.isClockSkewException();
    }

    private static boolean isUnknownHost(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException) {
                return true;
            }
        }
        return false;
    }

    @Override
    public RecordSuccessResponse recordSuccess(RecordSuccessRequest request) {
        Token token = (Token) request.token();
        answered = true;
        long since = retryingSince.get();
        if (since != 0 && retryingSince.compareAndSet(since, 0)) {
            Duration after = Duration.ofNanos(System.nanoTime() - since);
            log.warn("store answers again [after={} ms]", after.toMillis());
            listener.accept(new RetryEvent.Ended(after));
        }
        RecordSuccessResponse response = delegate.recordSuccess(RecordSuccessRequest.create(token.inner()));
        return RecordSuccessResponse.create(new Token(response.token(), token.begun(), 0));
    }

    @Override
    public int maxAttempts() {
        return delegate.maxAttempts();
    }

    /** Returns false, since the delegate already has the defaults. */
    @Override
    public boolean useClientDefaults() {
        return false;
    }

    @Override
    public Builder<?, ?> toBuilder() {
        return delegate.toBuilder();
    }
}
