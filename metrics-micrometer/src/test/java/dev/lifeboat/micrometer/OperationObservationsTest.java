package dev.lifeboat.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Operations as spans of the real OpenTelemetry. */
class OperationObservationsTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private static String attribute(SpanData span, String name) {
        return String.valueOf(span.getAttributes().get(AttributeKey.stringKey(name)));
    }

    @Test
    void operations_areSpans_withinThatOfTheCaller() throws Exception {
        InMemorySpanExporter exporter = InMemorySpanExporter.create();
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                .build()) {
            ObservationRegistry observations = ObservationRegistry.create();
            observations
                    .observationConfig()
                    .observationHandler(new DefaultTracingObservationHandler(
                            new OtelTracer(provider.get("test"), new OtelCurrentTraceContext(), event -> {})));
            Files.write(Files.createDirectories(dir.resolve("files")).resolve("a"), new byte[10_000]);
            try (Repository repository = Repository.at(new MemoryStorage())
                    .encryption(Encryption.none())
                    .onStart(RepositoryMetrics.observations(observations))
                    .onStart(started -> {
                        throw new IllegalStateException("a listener that fails");
                    })
                    .create()) {
                Observation.createNotStarted("nightly", observations)
                        .observe(() -> repository
                                .backup(DirectorySource.of(dir.resolve("files")).named("files"))
                                .run());
                assertThatThrownBy(() -> repository
                                .backup(DirectorySource.of(dir.resolve("missing")))
                                .run())
                        .isInstanceOf(BackupException.SourceFailed.class);
                assertThat(repository.verify().readData().run().findings()).isEmpty();
            }
            assertThat(observations.getCurrentObservation()).isNull();

            List<SpanData> spans = exporter.getFinishedSpanItems();
            assertThat(spans)
                    .extracting(SpanData::getName)
                    .containsExactly("lifeboat backup", "nightly", "lifeboat backup", "lifeboat verify");
            SpanData backup = spans.get(0);
            assertThat(backup.getParentSpanId()).isEqualTo(spans.get(1).getSpanId());
            assertThat(backup.getStatus().getStatusCode()).isNotEqualTo(StatusCode.ERROR);
            assertThat(attribute(backup, "outcome")).isEqualTo("succeeded");
            assertThat(attribute(backup, "operation")).contains("back up");
            assertThat(attribute(backup, "bytes.read")).isEqualTo("10000");
            SpanData failed = spans.get(2);
            assertThat(failed.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(attribute(failed, "outcome")).isEqualTo("failed");
            assertThat(failed.getStatus().getDescription())
                    .contains(dir.resolve("missing").toString());
        }
    }
}
