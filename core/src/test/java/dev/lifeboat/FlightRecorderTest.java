package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Operations are seen by Java Flight Recorder. */
class FlightRecorderTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    /** Reads for some time while it is quiesced. */
    private static SnapshotSource slow(MemoryTree tree) {
        return new SnapshotSource() {
            @Override
            public String name() {
                return "slow";
            }

            @Override
            public QuiesceHandle quiesce() {
                return () -> {};
            }

            @Override
            public void sendTo(EntrySink sink) throws IOException {
                try {
                    Thread.sleep(50);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException(e);
                }
                tree.sendTo(sink);
            }
        };
    }

    private List<RecordedEvent> recorded(Runnable action) throws IOException {
        Path file = dir.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.lifeboat.Operation");
            recording.enable("dev.lifeboat.Quiesced");
            recording.start();
            action.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file);
    }

    @Test
    void backups_areRecorded_withWhatTheyDidAndHowTheyEnded() throws IOException {
        MemoryTree tree = new MemoryTree()
                .add(
                        Entry.file(EntryPath.of("file"), 100_000, MemoryTree.attributes(0600)),
                        MemoryTree.random(1, 100_000));
        try (Repository repository =
                Repository.at(new MemoryStorage()).encryption(Encryption.none()).create()) {
            List<RecordedEvent> events = recorded(() -> {
                repository.backup(slow(tree)).run();
                assertThatThrownBy(() -> repository
                                .backup(slow(tree).named("failing"))
                                .onEvent(event -> {
                                    throw new IllegalStateException("a listener");
                                })
                                .run())
                        .isInstanceOf(IllegalStateException.class);
            });
            List<RecordedEvent> operations = events.stream()
                    .filter(event -> event.getEventType().getName().equals("dev.lifeboat.Operation"))
                    .toList();
            assertThat(operations).hasSize(2);
            RecordedEvent good = operations.get(0);
            assertThat(good.getString("kind")).isEqualTo("Backup");
            assertThat(good.getBoolean("succeeded")).isTrue();
            assertThat(good.getLong("bytesRead")).isEqualTo(100_000);
            assertThat(good.getLong("entries")).isPositive();
            assertThat(good.getDuration()).isGreaterThan(Duration.ofMillis(50));
            assertThat(operations.get(1).getBoolean("succeeded")).isFalse();
            assertThat(events.stream()
                            .filter(event -> event.getEventType().getName().equals("dev.lifeboat.Quiesced"))
                            .map(RecordedEvent::getDuration))
                    .first()
                    .isNotNull();
            assertThat(repository.verify().readData().run().findings()).isEmpty();
        }
    }
}
