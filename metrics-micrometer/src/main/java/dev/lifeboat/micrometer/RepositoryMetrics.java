package dev.lifeboat.micrometer;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.Repository;
import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.event.OperationStarted;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Metrics of a repository: of each series, what its newest snapshots are; how large the repository is; how far replicas
 * are behind; how the last drills ended. They are read from the repository, so they include what other processes do.
 * Names and meanings: docs/monitoring.md.
 *
 * <pre>{@code
 * try (RepositoryMetrics.Binding metrics = RepositoryMetrics.of(repo).named("shop").bind(meters)) {
 *     Thread.sleep(Long.MAX_VALUE);
 * }
 * }</pre>
 *
 * <p>Immutable. Each method that changes something returns a copy. For the operations of this process, see {@link
 * #operations}.
 */
@CheckReturnValue
public final class RepositoryMetrics {
    private static final Duration EVERY = Duration.ofMinutes(1);
    private static final Duration SIZES_EVERY = Duration.ofHours(1);

    private final Repository repository;
    private final String name;
    private final Duration every;
    private final Duration sizesEvery;

    private RepositoryMetrics(Repository repository, String name, Duration every, Duration sizesEvery) {
        this.repository = repository;
        this.name = name;
        this.every = every;
        this.sizesEvery = sizesEvery;
    }

    /**
     * Returns the metrics of a repository.
     *
     * @param repository which this does not close
     */
    public static RepositoryMetrics of(Repository repository) {
        return new RepositoryMetrics(repository, repository.location(), EVERY, SIZES_EVERY);
    }

    /** Sets the value of the tag {@code repository}; its location unless set. */
    public RepositoryMetrics named(String newName) {
        return new RepositoryMetrics(repository, newName, every, sizesEvery);
    }

    /**
     * Sets how often the list of snapshots is read; a minute unless set.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public RepositoryMetrics every(Duration interval) {
        return new RepositoryMetrics(repository, name, positive(interval), sizesEvery);
    }

    /**
     * Sets how often all objects of all stores are listed, for sizes and replicas; an hour unless set.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public RepositoryMetrics sizesEvery(Duration interval) {
        return new RepositoryMetrics(repository, name, every, positive(interval));
    }

    private static Duration positive(Duration interval) {
        if (interval.isNegative() || interval.isZero()) {
            throw new IllegalArgumentException("interval is not positive: " + interval);
        }
        return interval;
    }

    /** Metrics that are kept up to date until this is closed. */
    public interface Binding extends AutoCloseable {
        /** Ends it, and removes its gauges. Repeated calls have no effect. */
        @Override
        void close();
    }

    /**
     * Reads all once, on this thread, and then again and again on a daemon thread. A store that fails does not end it:
     * the gauges keep their values, and {@code lifeboat.metrics.failures} counts.
     *
     * @return to be closed before the repository is
     */
    public Binding bind(MeterRegistry registry) {
        RepositoryGauges gauges = new RepositoryGauges(repository, name, registry);
        return new Refresher(gauges, every, sizesEvery);
    }

    /**
     * Returns a binder for the operations of this process, and the listener that feeds it:
     *
     * <pre>{@code
     * OperationMetrics operations = RepositoryMetrics.operations();
     * operations.bindTo(meters);
     * Repository repo = Repository.at(storage).encryption(Encryption.none()).onEnd(operations).open();
     * }</pre>
     */
    public static OperationMetrics operations() {
        return new OperationMetrics();
    }

    /**
     * Returns a listener that makes an observation of each operation, named {@code lifeboat.operation}. With a tracer,
     * such as that of OpenTelemetry, each becomes a span; what the operation calls on its thread is within it:
     *
     * <pre>{@code
     * Repository repo = Repository.at(storage)
     *         .encryption(Encryption.none())
     *         .onStart(RepositoryMetrics.observations(observations))
     *         .open();
     * }</pre>
     */
    public static Function<OperationStarted, Consumer<OperationEnded>> observations(ObservationRegistry registry) {
        return new OperationObservations(registry);
    }

    /** The operations of this process, as they end: a timer and counters by kind and outcome. Thread-safe. */
    public static final class OperationMetrics implements MeterBinder, Consumer<OperationEnded> {
        private final OperationMeters meters = new OperationMeters();

        private OperationMetrics() {}

        @Override
        public void bindTo(MeterRegistry registry) {
            meters.add(registry);
        }

        @Override
        public void accept(OperationEnded ended) {
            meters.record(ended);
        }
    }
}
