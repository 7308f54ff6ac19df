package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads and parallelism that the embedder sets. */
@Timeout(60)
class ThreadsTest {
    private final List<Thread> made = new CopyOnWriteArrayList<>();

    private Thread make(Runnable task) {
        Thread thread = new Thread(task, "embedder-" + made.size());
        thread.setDaemon(true);
        made.add(thread);
        return thread;
    }

    private RepositoryBuilder builder() {
        return Repository.at(new MemoryStorage()).encryption(Encryption.none()).threads(this::make);
    }

    @Test
    void allThreadsAreTheEmbedders_andEndWithTheRepository() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        List<Thread> others = new ArrayList<>();
        MemoryTree tree = MemoryTree.ofEverything(false)
                .add(
                        Entry.file(EntryPath.of("large"), 8 << 20, MemoryTree.attributes(0644)),
                        MemoryTree.random(1, 8 << 20));
        try (Repository repo = builder()
                .parallelism(1)
                .replica(new MemoryStorage())
                .waitForReplicas(Duration.ofSeconds(30))
                .create()) {
            Snapshot snapshot = repo.backup(tree).run();
            MemoryTree restored = new MemoryTree();
            repo.restore(snapshot).to(restored).run();
            repo.prune(Retention.keepLast(1)).run();
            others.addAll(Thread.getAllStackTraces().keySet());
            others.removeAll(before);
            others.removeAll(made);

            assertThat(restored.lines()).isEqualTo(tree.lines());
            assertThat(repo.replicaLag()).allMatch(Repository.ReplicaLag::isInSync);
            assertThat(repo.verify().readData().run().isClean()).isTrue();
        }
        assertThat(others).noneMatch(thread -> thread.getName().startsWith("lifeboat"));
        assertThat(made).isNotEmpty();
        for (Thread thread : made) {
            thread.join(10_000);
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
    }

    @Test
    void parallelism_isBounded() {
        assertThatThrownBy(() -> builder().parallelism(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parallelism is not in 1..1024: 0");
    }
}
