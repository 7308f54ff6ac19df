package dev.lifeboat.micrometer;

import dev.lifeboat.event.OperationEnded;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;

/** Meters of operations that have ended. Thread-safe. */
final class OperationMeters {
    private static final List<String> KINDS =
            List.of("backup", "restore", "prune", "verify", "repair", "copy", "diff", "replicasync");

    private final CopyOnWriteArrayList<MeterRegistry> registries = new CopyOnWriteArrayList<>();

    /** All timers are there from the begin: a counter that begins with 1 has no increase that an alert sees. */
    void add(MeterRegistry registry) {
        // A framework may bind what its user has bound.
        registries.addIfAbsent(registry);
        for (String kind : KINDS) {
            for (String outcome : List.of("succeeded", "failed", "cancelled")) {
                Timer unused = timer(registry, Tags.of("kind", kind, "outcome", outcome));
            }
        }
    }

    private static Timer timer(MeterRegistry registry, Tags tags) {
        return Timer.builder("lifeboat.operations")
                .description("Operations that have ended")
                .tags(tags)
                .register(registry);
    }

    static String outcome(OperationEnded ended) {
        if (ended.cancelled()) {
            return "cancelled";
        }
        return ended.succeeded() ? "succeeded" : "failed";
    }

    void record(OperationEnded ended) {
        Tags kind = Tags.of("kind", ended.kind().toLowerCase(Locale.ROOT));
        Tags outcome = kind.and("outcome", outcome(ended));
        for (MeterRegistry registry : registries) {
            timer(registry, outcome).record(ended.duration());
            counter(registry, "lifeboat.operations.read", "Bytes read", kind, ended.bytesRead());
            counter(registry, "lifeboat.operations.stored", "Bytes written", kind, ended.bytesStored());
            Counter.builder("lifeboat.operations.problems")
                    .description("What could not be captured or restored")
                    .tags(kind)
                    .register(registry)
                    .increment((double) ended.problems());
            ended.quiesced()
                    .ifPresent(time -> Timer.builder("lifeboat.operations.quiesced")
                            .description("How long sources were quiesced")
                            .tags(kind)
                            .register(registry)
                            .record(time));
        }
    }

    private static void counter(MeterRegistry registry, String name, String description, Tags tags, long value) {
        Counter.builder(name)
                .description(description)
                .baseUnit("bytes")
                .tags(tags)
                .register(registry)
                .increment((double) value);
    }
}
