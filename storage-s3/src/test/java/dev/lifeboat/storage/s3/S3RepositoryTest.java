package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.Snapshot;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.testkit.FaultyStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A repository in a bucket: many writers, prunes, a server that is killed. */
@Tag("s3")
@Timeout(300)
class S3RepositoryTest {
    private static final Encryption KEY = Encryption.key(() -> new byte[32]);

    @RegisterExtension
    final ScratchDir scratch = new ScratchDir();

    private static Repository open(S3Storage storage) {
        return Repository.at(storage).encryption(KEY).openOrCreate();
    }

    private static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 30; i++) {
            int content = i % 5 == 0 ? version * 1000 + i : i;
            tree.add(
                    Entry.file(EntryPath.of("f" + i), 0, MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("v" + content)),
                    MemoryTree.random(content, i == 10 ? 3_000_000 : 10_000));
        }
        return tree;
    }

    private static void assertWhole(Repository repo) {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        for (Snapshot snapshot : repo.snapshots()) {
            MemoryTree back = new MemoryTree();
            assertThat(repo.restore(snapshot).to(back).run().problems()).isEmpty();
            int version = Integer.parseInt(snapshot.tags().get("version"));
            assertThat(back.lines()).isEqualTo(tree(version).lines());
        }
    }

    private static SnapshotSource named(String name, MemoryTree tree) {
        return new SnapshotSource() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void sendTo(EntrySink sink) throws IOException {
                tree.sendTo(sink);
            }
        };
    }

    /** Hosts of their own, each with its own connections, and prunes among them. */
    @Test
    void manyHosts_oneBucket() throws Exception {
        String prefix = TestServer.newPrefix();
        try (Repository repo = open(TestServer.at(TestServer.endpoint(), prefix).build())) {
            repo.backup(named("first", tree(0))).tag("version", "0").run();
        }
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> hosts = new ArrayList<>();
        for (int host = 0; host < 3; host++) {
            int me = host;
            Thread thread = new Thread(() -> {
                Random random = new Random(me);
                try (Repository repo =
                        open(TestServer.at(TestServer.endpoint(), prefix).build())) {
                    for (int i = 0; i < 6; i++) {
                        int version = random.nextInt(20);
                        repo.backup(named("host-" + me, tree(version)))
                                .tag("version", "" + version)
                                .run();
                        if (random.nextInt(3) == 0) {
                            repo.prune(Retention.keepLast(2)).run();
                        }
                    }
                } catch (RuntimeException | AssertionError e) {
                    failures.add(e);
                }
            });
            hosts.add(thread);
            thread.start();
        }
        for (Thread host : hosts) {
            host.join();
        }
        assertThat(failures).isEmpty();
        try (Repository repo = open(TestServer.at(TestServer.endpoint(), prefix).build())) {
            assertThat(repo.snapshots().stream().map(Snapshot::source).distinct())
                    .hasSize(4);
            assertWhole(repo);
            // What the hosts' prunes have left behind takes some to come to rest.
            long freed = 1;
            for (int prune = 0; prune < 5 && freed > 0; prune++) {
                freed = repo.prune(Retention.keepLast(1)).run().bytesFreed();
            }
            assertThat(freed).isZero();
            assertWhole(repo);
        }
    }

    /** Dies at calls of the store, with and without effect; every third, for a real server takes its time. */
    @Test
    void crashes_loseNothingCommitted() {
        boolean done = false;
        for (int n = 2; !done; n += 3) {
            String prefix = TestServer.newPrefix();
            List<Snapshot> committed = new ArrayList<>();
            try (Repository repo = Repository.at(new FaultyStorage(
                            TestServer.at(TestServer.endpoint(), prefix).build(), n, n % 2 == 0))
                    .encryption(KEY)
                    .openOrCreate()) {
                committed.add(repo.backup(tree(0)).tag("version", "0").run());
                committed.add(repo.backup(tree(1)).tag("version", "1").run());
                repo.prune(Retention.keepLast(1)).run();
                committed.remove(0);
                done = true;
            } catch (BackupException.StorageFailed e) {
                assertThat(e).hasMessageContaining("injected");
            }
            try (Repository repo =
                    open(TestServer.at(TestServer.endpoint(), prefix).build())) {
                if (!committed.isEmpty()) {
                    assertThat(repo.snapshots()).contains(committed.get(committed.size() - 1));
                }
                repo.backup(tree(2)).tag("version", "2").run();
                repo.prune(Retention.keepLast(1))
                        .endBackupsOlderThan(Duration.ZERO)
                        .run();
                assertWhole(repo);
            }
        }
    }

    /** The server is killed in the middle of a backup. If it is back soon, the backup ends well; else it says so, and the next goes on from there. */
    @Test
    void serverKilled_inTheMiddle() throws Exception {
        try (OwnServer server = new OwnServer(scratch.path())) {
            MemoryTree tree = new MemoryTree();
            for (int i = 0; i < 9; i++) {
                tree.add(
                        Entry.file(EntryPath.of("f" + String.format("%02d", i)), 0, MemoryTree.attributes(0644))
                                .withFingerprint(Optional.of("v" + i)),
                        MemoryTree.random(100 + i, 5_000_000));
            }
            try (Repository repo =
                    open(TestServer.at(server.endpoint(), "killed").build())) {
                Snapshot snapshot = repo.backup(interrupting(tree, 6, () -> server.killAndRestart(1000)))
                        .run();
                MemoryTree back = new MemoryTree();
                assertThat(repo.restore(snapshot).to(back).run().problems()).isEmpty();
                assertThat(back.lines()).isEqualTo(tree.lines());
                assertThat(repo.verify().readData().run().findings()).isEmpty();
            }
            try (Repository repo = open(TestServer.at(server.endpoint(), "gone")
                    .timeout(Duration.ofSeconds(5))
                    .build())) {
                assertThatThrownBy(() -> repo.backup(interrupting(tree, 6, () -> {
                                    // Time enough for a first pack to arrive.
                                    Thread.sleep(3000);
                                    server.kill();
                                }))
                                .run())
                        .isInstanceOf(BackupException.StorageFailed.class)
                        .hasMessageContaining("cannot be reached");
                server.killAndRestart(0);
                Snapshot next = repo.backup(tree).run();
                // What had been stored before the end is found again.
                assertThat(next.stats().bytesStored()).isLessThan(35_000_000L);
                assertThat(repo.verify().readData().run().findings()).isEmpty();
            }
        }
    }

    private interface Act {
        void run() throws Exception;
    }

    /** Does something before an entry is offered. */
    private static SnapshotSource interrupting(MemoryTree tree, int entry, Act act) {
        return new SnapshotSource() {
            @Override
            public String name() {
                return tree.name();
            }

            @Override
            public void sendTo(EntrySink sink) throws IOException {
                int[] offered = {0};
                tree.sendTo(new EntrySink() {
                    @Override
                    public boolean offer(Entry next) throws IOException {
                        if (offered[0]++ == entry) {
                            try {
                                act.run();
                            } catch (Exception e) {
                                throw new AssertionError(e);
                            }
                        }
                        return sink.offer(next);
                    }

                    @Override
                    public void content(Entry of, java.io.InputStream in) throws IOException {
                        sink.content(of, in);
                    }

                    @Override
                    public void report(dev.lifeboat.entry.Problem problem) throws IOException {
                        sink.report(problem);
                    }
                });
            }
        };
    }
}
