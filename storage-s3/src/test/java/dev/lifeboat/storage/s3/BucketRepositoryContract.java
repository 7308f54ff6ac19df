package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.testkit.FaultyStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a repository in a bucket of a real server must live through. */
@Timeout(600)
abstract class BucketRepositoryContract {
    static final Encryption KEY = Encryption.key(() -> new byte[32]);

    /** A place where nothing is. */
    abstract String newPlace();

    /** A client of its own. */
    abstract S3Storage storage(String place);

    final Repository open(String place) {
        return open(storage(place));
    }

    static Repository open(S3Storage storage) {
        return Repository.at(storage).encryption(KEY).openOrCreate();
    }

    static MemoryTree tree(int version) {
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

    /** Some 45 MB, of which a second version shares most. */
    static MemoryTree largeTree(int version) {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 9; i++) {
            int content = i == 4 ? 100 * version : i;
            tree.add(
                    Entry.file(EntryPath.of("f" + i), 0, MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("v" + content)),
                    MemoryTree.random(content, 5_000_000));
        }
        return tree;
    }

    static void assertComesBack(Repository repo, Snapshot snapshot, MemoryTree tree) {
        MemoryTree back = new MemoryTree();
        assertThat(repo.restore(snapshot).to(back).run().problems()).isEmpty();
        assertThat(back.lines()).isEqualTo(tree.lines());
    }

    private static void assertWhole(Repository repo) {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        for (Snapshot snapshot : repo.snapshots()) {
            assertComesBack(
                    repo, snapshot, tree(Integer.parseInt(snapshot.tags().get("version"))));
        }
    }

    /** Hosts of their own, each with its own connections, and prunes among them. */
    @Test
    void manyHosts_oneBucket() throws Exception {
        String place = newPlace();
        try (Repository repo = open(place)) {
            repo.backup(NamedSource.of("first", tree(0))).tag("version", "0").run();
        }
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> hosts = new ArrayList<>();
        for (int host = 0; host < 3; host++) {
            int me = host;
            Thread thread = new Thread(() -> {
                Random random = new Random(me);
                try (Repository repo = open(place)) {
                    for (int i = 0; i < 6; i++) {
                        int version = random.nextInt(20);
                        repo.backup(NamedSource.of("host-" + me, tree(version)))
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
        try (Repository repo = open(place)) {
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

    /** Dies at each call of the store in turn; at each put with effect, and without. */
    @Test
    void crashes_loseNothingCommitted() throws Exception {
        // Two at a time, each in a place of its own, since most of it is waiting.
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            boolean ended = false;
            for (int n = 0; !ended; n += 2) {
                int call = n;
                Future<Outcome> even = threads.submit(() -> crashBothWays(call));
                Future<Outcome> odd = threads.submit(() -> crashBothWays(call + 1));
                ended = even.get() == Outcome.ENDED;
                ended |= odd.get() == Outcome.ENDED;
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private Outcome crashBothWays(int call) throws IOException {
        Outcome outcome = crash(call, false);
        if (outcome == Outcome.DIED_AT_PUT) {
            crash(call, true);
        }
        return outcome;
    }

    private enum Outcome {
        ENDED,
        DIED,
        DIED_AT_PUT
    }

    @CanIgnoreReturnValue
    private Outcome crash(int call, boolean putTakesEffect) throws IOException {
        String place = newPlace();
        List<Snapshot> committed = new ArrayList<>();
        Outcome outcome = Outcome.ENDED;
        try (FaultyStorage faulty = new FaultyStorage(storage(place), call, putTakesEffect)) {
            try (Repository repo = Repository.at(faulty).encryption(KEY).openOrCreate()) {
                committed.add(repo.backup(tree(0)).tag("version", "0").run());
                committed.add(repo.backup(tree(1)).tag("version", "1").run());
                repo.prune(Retention.keepLast(1)).run();
                committed.remove(0);
            } catch (BackupException.StorageFailed e) {
                assertThat(e).hasMessageContaining("injected");
                outcome = faulty.failedAtPut() ? Outcome.DIED_AT_PUT : Outcome.DIED;
            }
        }
        try (Repository repo = open(place)) {
            if (!committed.isEmpty()) {
                assertThat(repo.snapshots()).contains(committed.get(committed.size() - 1));
            }
            repo.backup(tree(2)).tag("version", "2").run();
            repo.prune(Retention.keepLast(1)).endBackupsOlderThan(Duration.ZERO).run();
            assertWhole(repo);
        }
        return outcome;
    }

    interface Act {
        void run() throws Exception;
    }

    /** Does something before an entry is offered. */
    static SnapshotSource interrupting(MemoryTree tree, int entry, Act act) {
        return NamedSource.of(tree.name(), sink -> {
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
                public void content(Entry of, InputStream in) throws IOException {
                    sink.content(of, in);
                }

                @Override
                public void report(Problem problem) throws IOException {
                    sink.report(problem);
                }
            });
        });
    }

    /**
     * Waits until a full pack has arrived, which a test then leaves behind. S3Proxy lists what is only on its way,
     * too, under longer names.
     */
    static void awaitPack(S3Storage place) throws IOException, InterruptedException {
        List<ObjectKey> packs = new ArrayList<>();
        for (int i = 0; i < 600 && packs.isEmpty(); i++) {
            Thread.sleep(100);
            place.list("packs/", object -> {
                if (object.key().lastSegment().matches("[0-9a-f]{32}") && object.length() > 10_000_000) {
                    packs.add(object.key());
                }
            });
        }
        assertThat(packs).isNotEmpty();
    }
}
