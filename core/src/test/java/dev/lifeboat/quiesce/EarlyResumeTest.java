package dev.lifeboat.quiesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A source that is resumed before all of it is read, since the rest of it is a copy. */
class EarlyResumeTest {
    private static final long READING_MILLIS = 400;

    private final Repository repo =
            Repository.at(new MemoryStorage()).encryption(Encryption.none()).openOrCreate();
    private final List<String> steps = new CopyOnWriteArrayList<>();
    private boolean fails;

    @AfterEach
    void verify() {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
    }

    /** Reads for a while after it was resumed. */
    private final class Copied implements SnapshotSource {
        private final MemoryTree tree = new MemoryTree()
                .add(Entry.file(EntryPath.of("file"), 10, MemoryTree.attributes(0600)), MemoryTree.random(1, 10));

        @Override
        public String name() {
            return "copied";
        }

        @Override
        public void sendTo(EntrySink sink) throws IOException {
            tree.sendTo(sink);
        }

        @Override
        public void sendTo(EntrySink sink, QuiesceHandle.Holder holder) throws IOException {
            holder.hold(() -> {
                if (fails) {
                    fails = false;
                    throw new IOException("not now");
                }
                steps.add("closed");
            });
            holder.resume();
            steps.add("reads");
            try {
                Thread.sleep(READING_MILLIS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            sendTo(sink);
        }
    }

    @Test
    void resume_endsTheFreeze_beforeTheRestIsRead() {
        List<OperationEvent> events = new ArrayList<>();
        Snapshot snapshot = repo.backup(new Copied())
                .quiesceAtMost(Duration.ofMillis(READING_MILLIS / 2))
                .onEvent(event -> {
                    synchronized (events) {
                        events.add(event);
                    }
                })
                .run();
        assertThat(steps).startsWith("closed", "reads");
        assertThat(snapshot.stats().quiesced())
                .hasValueSatisfying(time -> assertThat(time).isLessThan(Duration.ofMillis(READING_MILLIS)));
        // It was resumed before the limit, which is about the freeze and not about reading.
        assertThat(snapshot.problems()).isEmpty();
        synchronized (events) {
            assertThat(events)
                    .filteredOn(OperationEvent.Resumed.class::isInstance)
                    .hasSize(1);
        }
    }

    @Test
    void resumeThatFails_endsTheBackup_andIsTriedAgain() {
        fails = true;
        assertThatThrownBy(() -> repo.backup(new Copied()).run()).hasMessageContaining("not now");
        assertThat(steps).containsExactly("closed");
        assertThat(repo.snapshots()).isEmpty();
    }
}
