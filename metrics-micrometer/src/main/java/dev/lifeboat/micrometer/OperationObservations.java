package dev.lifeboat.micrometer;

import dev.lifeboat.event.OperationEnded;
import dev.lifeboat.event.OperationStarted;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Function;

/** Operations as observations, of which a tracer makes spans. Thread-safe. */
final class OperationObservations implements Function<OperationStarted, Consumer<OperationEnded>> {
    private static final String NAME = "lifeboat.operation";

    private final ObservationRegistry registry;

    OperationObservations(ObservationRegistry registry) {
        this.registry = registry;
    }

    /** What an operation has failed with. The stack is that of the operation, and not known here. */
    private static final class OperationFailedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        OperationFailedException(String message) {
            super(message, null, false, false);
        }
    }

    @Override
    public Consumer<OperationEnded> apply(OperationStarted operation) {
        String kind = operation.kind().toLowerCase(Locale.ROOT);
        Observation observation = Observation.createNotStarted(NAME, registry)
                .contextualName("lifeboat " + kind)
                .lowCardinalityKeyValue("kind", kind)
                .highCardinalityKeyValue("operation", operation.operation())
                .start();
        Observation.Scope scope = observation.openScope();
        return ended -> {
            scope.close();
            end(observation, ended);
        };
    }

    private static void end(Observation observation, OperationEnded ended) {
        observation
                .lowCardinalityKeyValue("outcome", OperationMeters.outcome(ended))
                .highCardinalityKeyValue("entries", Long.toString(ended.entries()))
                .highCardinalityKeyValue("bytes.read", Long.toString(ended.bytesRead()))
                .highCardinalityKeyValue("bytes.stored", Long.toString(ended.bytesStored()))
                .highCardinalityKeyValue("problems", Long.toString(ended.problems()));
        ended.quiesced()
                .ifPresent(time -> observation.highCardinalityKeyValue("quiesced.ms", Long.toString(time.toMillis())));
        ended.failure().ifPresent(message -> observation.error(new OperationFailedException(message)));
        observation.stop();
    }
}
