package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.tar.TarExport;
import dev.lifeboat.format.tar.TarSource;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.snapshot.BackupStrategy;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.FaultyStorage;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a repository must give, in whatever format and with whatever encryption. */
@Timeout(300)
abstract class RepositoryContract {
    /** How new snapshots are written. */
    abstract ArchiveFormat format();

    /** How it is encrypted. */
    abstract Encryption encryption();

    /** Where the objects of the format are. */
    abstract String prefix();

    /** How many objects a store has there, if it has one small snapshot. */
    abstract int objectsOfOneSnapshot();

    final MemoryStorage storage = new MemoryStorage();
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    Repository open(StorageTarget in) {
        return Repository.at(in)
                .encryption(encryption())
                .format(format())
                .clock(clock())
                .openOrCreate();
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public Instant instant() {
                return now.updateAndGet(t -> t.plusSeconds(1));
            }

            @Override
            public ZoneOffset getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                throw new UnsupportedOperationException("not needed here");
            }
        };
    }

    /** Every test of a repository ends with verify. */
    @AfterEach
    void verify() {
        storage.checkAllClosed();
        try (Repository repo = open(storage)) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        tree.add(Entry.directory(EntryPath.root(), MemoryTree.attributes(0755)));
        for (int i = 0; i < 20; i++) {
            int seed = i == version % 20 ? 1000 + version : i;
            tree.add(
                    Entry.file(EntryPath.of("f" + i), 0, MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("v" + seed)),
                    MemoryTree.random(seed, 5000));
        }
        return tree;
    }

    static MemoryTree restored(Repository repo, Snapshot snapshot) {
        MemoryTree back = new MemoryTree();
        repo.restore(snapshot).to(back).run();
        return back;
    }

    @Test
    void backup_thenRestore_isIdentity() {
        MemoryTree tree = MemoryTree.ofEverything(true);
        try (Repository repo = open(storage)) {
            List<OperationEvent> events = new ArrayList<>();
            Snapshot snapshot =
                    repo.backup(tree).tag("release", "42").onEvent(events::add).run();
            assertThat(snapshot.strategy()).isEqualTo(BackupStrategy.FULL);
            assertThat(snapshot.tags()).containsEntry("release", "42");
            assertThat(snapshot.stats().entries()).isEqualTo(tree.paths().size());
            assertThat(events).hasAtLeastOneElementOfType(OperationEvent.Progress.class);
            assertThat(restored(repo, snapshot).lines()).isEqualTo(tree.lines());
            assertThat(repo.snapshots()).containsExactly(snapshot);
            assertThat(repo.snapshot(snapshot.id())).isEqualTo(snapshot);
            assertThat(repo.latest("memory:tree")).isEqualTo(snapshot);
        }
        try (Repository again = open(storage)) {
            assertThat(again.snapshots().get(0).stats().entries())
                    .isEqualTo(tree.paths().size());
            assertThat(restored(again, again.latest("memory:tree")).lines()).isEqualTo(tree.lines());
        }
    }

    @Test
    void strategies_chooseTheirParents() {
        try (Repository repo = open(storage)) {
            Snapshot full = repo.backup(tree(1)).strategy(BackupStrategy.FULL).run();
            Snapshot incremental = repo.backup(tree(2)).run();
            Snapshot differential =
                    repo.backup(tree(3)).strategy(BackupStrategy.DIFFERENTIAL).run();
            Snapshot last = repo.backup(tree(4)).run();
            assertThat(full.parent()).isEmpty();
            assertThat(incremental.parent()).contains(full.id());
            assertThat(differential.parent()).contains(full.id());
            assertThat(last.parent()).contains(differential.id());
            assertThat(incremental.stats().unchanged()).isEqualTo(19);
            assertThat(incremental.stats().bytesRead()).isEqualTo(2 * 5000);
            for (int i = 1; i <= 4; i++) {
                Snapshot snapshot =
                        List.of(full, incremental, differential, last).get(i - 1);
                assertThat(restored(repo, snapshot).lines()).isEqualTo(tree(i).lines());
            }
        }
    }

    @Test
    void prune_keepsWhatKeptSnapshotsNeed() {
        try (Repository repo = open(storage)) {
            List<Snapshot> all = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                now.updateAndGet(t -> t.plus(Duration.ofDays(1)));
                all.add(repo.backup(tree(i)).tag("n", "" + i).run());
            }
            Prune.Pruned dry = repo.prune(Retention.keepLast(2).andTagged("n", "4"))
                    .dryRun()
                    .run();
            assertThat(repo.snapshots()).hasSize(10);
            Prune.Pruned pruned =
                    repo.prune(Retention.keepLast(2).andTagged("n", "4")).run();
            assertThat(pruned).isEqualTo(dry);
            assertThat(pruned.kept()).containsExactly(all.get(9), all.get(8), all.get(4));
            assertThat(repo.snapshots()).isEqualTo(pruned.kept());
            for (int i : new int[] {4, 8, 9}) {
                assertThat(restored(repo, all.get(i)).lines()).isEqualTo(tree(i).lines());
            }
            Snapshot full = repo.backup(tree(11)).strategy(BackupStrategy.FULL).run();
            Prune.Pruned last = repo.prune(Retention.keepLast(1)).run();
            assertThat(last.bytesFreed()).isPositive();
            assertThat(restored(repo, full).lines()).isEqualTo(tree(11).lines());
            assertThat(keys(prefix())).hasSize(objectsOfOneSnapshot());
        }
    }

    List<String> keys(String prefix) {
        List<String> keys = new ArrayList<>();
        try {
            storage.list(prefix, object -> keys.add(object.key().value()));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return keys;
    }

    @Test
    void diff_tellsEachKind() {
        MemoryTree one = tree(1);
        MemoryTree two = tree(2);
        two.remove(EntryPath.of("f10"));
        two.add(Entry.file(EntryPath.of("new"), 0, MemoryTree.attributes(0644)), new byte[3]);
        EntryPath f11 = EntryPath.of("f11");
        two.add(
                two.get(f11).withAttributes(MemoryTree.attributes(0600)).withFingerprint(Optional.of("other")),
                two.content(f11));
        try (Repository repo = open(storage)) {
            Snapshot a = repo.backup(one).run();
            Snapshot b = repo.backup(two).run();
            List<Diff.Change> changes = new ArrayList<>();
            Diff.Compared compared = repo.diff(a, b).onChange(changes::add).run();
            assertThat(changes)
                    .containsExactly(
                            new Diff.Change(EntryPath.of("f1"), Diff.Kind.CONTENT),
                            new Diff.Change(EntryPath.of("f10"), Diff.Kind.REMOVED),
                            new Diff.Change(f11, Diff.Kind.METADATA),
                            new Diff.Change(EntryPath.of("f2"), Diff.Kind.CONTENT),
                            new Diff.Change(EntryPath.of("new"), Diff.Kind.ADDED));
            assertThat(compared.changes(Diff.Kind.CONTENT)).isEqualTo(2);
        }
    }

    @Test
    void restore_ofSubtreeAndFilter() {
        MemoryTree tree = MemoryTree.ofEverything(false);
        try (Repository repo = open(storage)) {
            Snapshot snapshot = repo.backup(tree).run();
            MemoryTree dir = new MemoryTree();
            repo.restore(snapshot).subtree(EntryPath.of("dir")).to(dir).run();
            assertThat(dir.lines()).isEqualTo(tree.below(EntryPath.of("dir")).lines());
            MemoryTree some = new MemoryTree();
            repo.restore(snapshot)
                    .only(e -> e.path().equals(EntryPath.of("hello")))
                    .to(some)
                    .run();
            assertThat(some.paths()).containsExactly(EntryPath.of("hello"));
            assertThatThrownBy(() -> repo.restore(snapshot)
                            .subtree(EntryPath.of("none"))
                            .to(some)
                            .run())
                    .isInstanceOf(BackupException.NotFound.class)
                    .hasMessageContaining("none");
            assertThatThrownBy(() -> repo.restore(snapshot)
                            .only(e -> true)
                            .deleteExtra()
                            .to(some)
                            .run())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("subtree");
            assertThatThrownBy(() -> repo.restore(snapshot).run()).isInstanceOf(IllegalStateException.class);
            List<RestoreChange> changes = new ArrayList<>();
            repo.restore(snapshot).to(some).dryRun().onChange(changes::add).run();
            assertThat(some.paths()).hasSize(tree.paths().size());
        }
    }

    @Test
    void subtreeThatIsNoDirectory_isTold() {
        try (Repository repo = open(storage)) {
            Snapshot snapshot = repo.backup(MemoryTree.ofEverything(false)).run();
            assertThatThrownBy(() -> repo.restore(snapshot)
                            .subtree(EntryPath.of("hello"))
                            .only(e -> true)
                            .to(new MemoryTree())
                            .run())
                    .isInstanceOf(BackupException.TargetFailed.class)
                    .hasMessageContaining("no directory");
            MemoryTree nothing = new MemoryTree();
            repo.restore(snapshot)
                    .subtree(EntryPath.of("dir"))
                    .only(e -> false)
                    .to(nothing)
                    .run();
            assertThat(nothing.paths()).isEmpty();
        }
    }

    @Test
    void opening_tellsWhatIsWrong() throws IOException {
        MemoryStorage empty = new MemoryStorage();
        assertThatThrownBy(() -> Repository.at(empty)
                        .encryption(encryption())
                        .format(format())
                        .open())
                .isInstanceOf(BackupException.NotFound.class)
                .hasMessageContaining("lifeboat.json");
        assertThatThrownBy(() -> Repository.at(empty).openOrCreate())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Encryption.none()");
        empty.put(new ObjectKey("photos/cat"), Content.of(new byte[1]), PutCondition.ALWAYS);
        assertThatThrownBy(() -> open(empty))
                .isInstanceOf(BackupException.AlreadyExists.class)
                .hasMessageContaining("photos/cat");
        open(storage).close();
        assertThatThrownBy(() -> Repository.at(storage)
                        .encryption(encryption())
                        .format(format())
                        .create())
                .isInstanceOf(BackupException.AlreadyExists.class);
        ObjectKey descriptor = new ObjectKey("lifeboat.json");
        String text = new String(storage.bytes(descriptor), StandardCharsets.UTF_8);
        MemoryStorage newer = storage.copy();
        newer.damage(descriptor, text.replace("\"version\":1", "\"version\":2").getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> open(newer))
                .isInstanceOf(BackupException.UnsupportedFormat.class)
                .hasMessageContaining("newer release");
        for (String bad : List.of(
                "",
                "{}",
                "hello",
                text.replace("\"encryption\":\"", "\"encryption\":\"x"),
                text.substring(0, 40),
                text + "x")) {
            MemoryStorage damaged = storage.copy();
            damaged.damage(descriptor, bad.getBytes(StandardCharsets.UTF_8));
            assertThatThrownBy(() -> open(damaged)).as(bad).isInstanceOf(BackupException.Corrupt.class);
        }
    }

    /** Who comes second finds one that is in use already, not a place that holds strange things. */
    @Test
    void madeByTwoAtOnce_isOne() {
        AtomicReference<Boolean> made = new AtomicReference<>(false);
        StorageTarget late = new ForwardingStorageTarget(storage) {
            @Override
            public void list(String prefix, Visitor visitor) throws IOException {
                if (!made.getAndSet(true)) {
                    try (Repository other = RepositoryContract.this.open(storage)) {
                        other.backup(new MemoryTree()).run();
                    }
                }
                super.list(prefix, visitor);
            }
        };
        try (Repository repo = open(late)) {
            assertThat(repo.snapshots()).hasSize(1);
        }
    }

    @Test
    void missingThings_areTold() {
        try (Repository repo = open(storage)) {
            SnapshotId none = new SnapshotId("0".repeat(32));
            assertThatThrownBy(() -> repo.snapshot(none))
                    .isInstanceOf(BackupException.NotFound.class)
                    .hasMessageContaining(none.value());
            assertThatThrownBy(() -> repo.latest("container:web"))
                    .isInstanceOf(BackupException.NotFound.class)
                    .hasMessageContaining("container:web");
            Backup used = repo.backup(tree(1));
            used.run();
            assertThatThrownBy(used::run).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void failingSource_isResumedAndLeavesNothing() {
        List<String> calls = new ArrayList<>();
        SnapshotSource source = new SnapshotSource() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public QuiesceHandle quiesce() {
                calls.add("quiesced");
                return () -> calls.add("resumed");
            }

            @Override
            public void sendTo(EntrySink sink) throws IOException {
                tree(1).sendTo(sink);
                throw new IOException("the disk is on fire");
            }
        };
        try (Repository repo = open(storage)) {
            assertThatThrownBy(() -> repo.backup(source).run())
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining("failing")
                    .hasMessageContaining("the disk is on fire");
            assertThat(calls).containsExactly("quiesced", "resumed");
            assertThat(repo.snapshots()).isEmpty();
            // A failed backup has ended its own session, so a prune need not wait for it.
            assertThat(keys("sessions/")).isEmpty();
            repo.prune(Retention.keepAll()).run();
            assertThat(keys(prefix())).isEmpty();
        }
    }

    @Test
    void progress_knowsHowMuchThereIs() {
        try (Repository repo = open(storage)) {
            List<OperationEvent.Progress> first = new ArrayList<>();
            List<OperationEvent.Progress> second = new ArrayList<>();
            List<OperationEvent.Progress> restore = new ArrayList<>();
            repo.backup(tree(1)).onEvent(event -> addProgress(event, first)).run();
            Snapshot snapshot = repo.backup(tree(2))
                    .onEvent(event -> addProgress(event, second))
                    .run();
            repo.restore(snapshot)
                    .to(new MemoryTree())
                    .onEvent(event -> addProgress(event, restore))
                    .run();
            assertThat(first.get(first.size() - 1).fraction())
                    .as("there is no parent")
                    .isEmpty();
            for (List<OperationEvent.Progress> known : List.of(second, restore)) {
                OperationEvent.Progress last = known.get(known.size() - 1);
                assertThat(last.fraction()).hasValue(1);
                assertThat(last.remaining()).contains(Duration.ZERO);
                assertThat(last.current()).isPresent();
            }
            assertThat(restore.get(restore.size() - 1).phase()).isEqualTo(OperationEvent.Phase.RESTORING);
        }
    }

    private static void addProgress(OperationEvent event, List<OperationEvent.Progress> to) {
        if (event instanceof OperationEvent.Progress progress) {
            to.add(progress);
        }
    }

    @Test
    void browse_listsReadsAndFinds() throws Exception {
        MemoryTree tree = MemoryTree.ofEverything(true);
        for (int i = 0; i < 3000; i++) {
            tree.add(
                    Entry.file(EntryPath.of("many/d" + i % 7 + "/f" + i), 0, MemoryTree.attributes(0644)),
                    MemoryTree.random(i, 10));
        }
        try (Repository repo = open(storage)) {
            Snapshot snapshot = repo.backup(tree).run();
            Map<EntryPath, List<EntryPath>> expected = new java.util.TreeMap<>();
            for (EntryPath path : tree.paths()) {
                if (!path.isRoot()) {
                    for (EntryPath child = path; !child.isRoot(); child = child.parent()) {
                        List<EntryPath> children = expected.computeIfAbsent(child.parent(), p -> new ArrayList<>());
                        if (!children.contains(child)) {
                            children.add(child);
                        }
                    }
                }
            }
            try (SnapshotTree browsed = repo.browse(snapshot)) {
                for (Map.Entry<EntryPath, List<EntryPath>> directory : expected.entrySet()) {
                    if (directory.getKey().toString().startsWith("many")) {
                        continue;
                    }
                    assertThat(browsed.list(directory.getKey()))
                            .extracting(Entry::path)
                            .containsExactlyElementsOf(
                                    directory.getValue().stream().sorted().toList());
                }
                EntryPath file = EntryPath.of("many/d3/f10");
                try (InputStream in = browsed.open(file)) {
                    assertThat(in.readAllBytes()).isEqualTo(MemoryTree.random(10, 10));
                }
                assertThat(browsed.stat(file).orElseThrow().path()).isEqualTo(file);
                assertThat(browsed.stat(EntryPath.of("many/d3/none"))).isEmpty();
                List<EntryPath> found = new ArrayList<>();
                browsed.find("many/d3/f1?", entry -> found.add(entry.path()));
                assertThat(found).containsExactly(EntryPath.of("many/d3/f10"), EntryPath.of("many/d3/f17"));
                assertThatThrownBy(() -> browsed.list(EntryPath.of("nowhere")))
                        .isInstanceOf(FileNotFoundException.class)
                        .hasMessageContaining("nowhere");
                assertThatThrownBy(() -> browsed.list(file)).isInstanceOf(NotDirectoryException.class);
                assertThatThrownBy(() -> browsed.open(EntryPath.of("many/d3/none")))
                        .isInstanceOf(FileNotFoundException.class);
            }
        }
    }

    @Test
    void snapshots_areFoundByWhatAPersonTypes_andDroppedOneByOne() {
        try (Repository repo = open(storage)) {
            assertThat(repo.findLatest("memory")).isEmpty();
            Snapshot first = repo.backup(tree(1)).run();
            Snapshot second = repo.backup(tree(2)).run();
            assertThat(repo.snapshot(first.id().toString()).id()).isEqualTo(first.id());
            assertThat(repo.snapshot(second.id().value()).id()).isEqualTo(second.id());
            assertThatThrownBy(() -> repo.snapshot(first.id().value().substring(0, 8)))
                    .as("both are of one series")
                    .isInstanceOf(BackupException.NotFound.class)
                    .hasMessageContaining("2 snapshots");
            assertThatThrownBy(() -> repo.snapshot("")).isInstanceOf(BackupException.NotFound.class);
            assertThat(repo.size().bytes()).isGreaterThan(10_000);
            repo.prune(Retention.keepAllExcept(first.id())).run();
            assertThat(repo.snapshots()).extracting(Snapshot::id).containsExactly(second.id());
            assertThat(repo.findLatest(second.source()).orElseThrow().id()).isEqualTo(second.id());
        }
    }

    /** Never ends by itself. */
    private static final class EndlessSource implements SnapshotSource {
        private final CountDownLatch reading = new CountDownLatch(1);
        private final List<String> calls = Collections.synchronizedList(new ArrayList<>());

        @Override
        public String name() {
            return "endless";
        }

        @Override
        public QuiesceHandle quiesce() {
            return () -> calls.add("resumed");
        }

        @Override
        public void sendTo(EntrySink sink) throws IOException {
            Entry entry = Entry.file(EntryPath.of("zeros"), Long.MAX_VALUE / 2, MemoryTree.attributes(0644));
            assertThat(sink.offer(entry)).isTrue();
            sink.content(entry, new InputStream() {
                @Override
                public int read() {
                    return 0;
                }

                @Override
                public int read(byte[] b, int off, int len) {
                    reading.countDown();
                    return len;
                }
            });
        }

        void awaitReading() throws InterruptedException {
            assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
        }
    }

    private void assertCancelledWithoutTrace(Job<Snapshot> job, EndlessSource source, Repository repo) {
        assertThatThrownBy(() -> job.result().get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(BackupException.Cancelled.class);
        assertThat(source.calls).contains("resumed");
        assertThat(repo.snapshots()).isEmpty();
        assertThat(keys("sessions/")).isEmpty();
        repo.prune(Retention.keepAll()).run();
        assertThat(keys(prefix())).isEmpty();
    }

    @Test
    void cancelledJob_resumesTheSourceAndLeavesNothing() throws Exception {
        try (Repository repo = open(storage)) {
            EndlessSource source = new EndlessSource();
            Job<Snapshot> job = repo.backup(source).start();
            source.awaitReading();
            job.cancel();
            assertCancelledWithoutTrace(job, source, repo);
        }
    }

    @Test
    void closedJob_hasEnded() throws Exception {
        try (Repository repo = open(storage)) {
            EndlessSource source = new EndlessSource();
            Job<Snapshot> job = repo.backup(source).start();
            source.awaitReading();
            job.close();
            assertThat(job.result()).isCompletedExceptionally();
            assertCancelledWithoutTrace(job, source, repo);
        }
    }

    @Test
    void cancelledOrTimedOutResult_cancelsTheJob() throws Exception {
        try (Repository repo = open(storage)) {
            for (boolean timeout : new boolean[] {false, true}) {
                EndlessSource source = new EndlessSource();
                Job<Snapshot> job = repo.backup(source).start();
                source.awaitReading();
                if (timeout) {
                    assertThatThrownBy(() -> job.result()
                                    .orTimeout(50, TimeUnit.MILLISECONDS)
                                    .get(60, TimeUnit.SECONDS))
                            .hasCauseInstanceOf(TimeoutException.class);
                } else {
                    assertThat(job.result().cancel(true)).isTrue();
                }
                assertCancelledWithoutTrace(job, source, repo);
            }
        }
    }

    @Test
    void closingTheRepository_cancelsJobsAndWaitsForThem() throws Exception {
        EndlessSource source = new EndlessSource();
        Job<Snapshot> job;
        try (Repository repo = open(storage)) {
            job = repo.backup(source).start();
            source.awaitReading();
        }
        assertThat(source.calls).contains("resumed");
        try (Repository repo = open(storage)) {
            assertCancelledWithoutTrace(job, source, repo);
        }
    }

    @Test
    @SuppressWarnings("try") // Closed by hand, too.
    void closedByItsOwnOperation_isRefused() {
        try (Repository repo = open(storage)) {
            assertThatThrownBy(() ->
                            repo.backup(tree(1)).onEvent(event -> repo.close()).run())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("its own operation");
            assertThat(repo.backup(tree(1)).run().completeness()).isEqualTo(Completeness.COMPLETE);
        }
    }

    /** The manifest is stored, but the answer is lost: the backup fails, and the snapshot counts or can be freed. */
    @Test
    void commitWithoutAnswer_isEitherListedOrFreed() throws Exception {
        StorageTarget losesAnswers = new ForwardingStorageTarget(storage) {
            @Override
            public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
                ObjectInfo info = super.put(key, content, condition);
                if (key.value().startsWith("snapshots/")) {
                    throw new IOException("connection reset");
                }
                return info;
            }
        };
        try (Repository repo = open(losesAnswers)) {
            assertThatThrownBy(() -> repo.backup(tree(1)).run()).isInstanceOf(BackupException.StorageFailed.class);
        }
        try (Repository repo = open(storage)) {
            repo.prune(Retention.keepAll()).run();
            assertThat(repo.snapshots()).hasSize(1);
            assertThat(restored(repo, repo.snapshots().get(0)).lines()).isEqualTo(tree(1).lines());
        }
    }

    /** A backup reads the newest manifest of its own series, however many others there are. */
    @Test
    void otherSeries_costNothing() {
        List<Snapshot> all = new ArrayList<>();
        try (Repository repo = open(storage)) {
            for (int round = 0; round < 2; round++) {
                for (int series = 0; series < 7; series++) {
                    all.add(repo.backup(NamedSource.of("series-" + series, tree(round)))
                            .run());
                }
            }
        }
        List<String> opened = Collections.synchronizedList(new ArrayList<>());
        StorageTarget watched = new ForwardingStorageTarget(storage) {
            @Override
            public InputStream open(ObjectKey key, ByteRange range) throws IOException {
                if (key.value().startsWith("snapshots/")) {
                    opened.add(key.lastSegment());
                }
                return super.open(key, range);
            }
        };
        try (Repository repo = open(watched)) {
            Snapshot next = repo.backup(NamedSource.of("series-3", tree(2))).run();
            assertThat(next.parent()).contains(all.get(10).id());
            assertThat(opened).containsOnly(all.get(10).id().value());
            assertThat(repo.snapshots("series-3")).containsExactly(next, all.get(10), all.get(3));
            assertThat(repo.latest("series-3")).isEqualTo(next);
            assertThat(opened).hasSizeLessThan(6);
            assertThat(repo.snapshots("series-9")).isEmpty();
            assertThatThrownBy(() -> repo.latest("series-9"))
                    .isInstanceOf(BackupException.NotFound.class)
                    .hasMessageContaining("series-0, series-1");
            assertThat(repo.snapshots()).hasSize(15).containsAll(all);
            repo.prune(Retention.keepLast(1)).run();
            assertThat(repo.snapshots("series-3")).containsExactly(next);
            assertThat(repo.snapshots()).hasSize(7);
        }
    }

    @Test
    void strict_endsAtTheFirstProblem() {
        SnapshotSource source = NamedSource.of("lossy", sink -> {
            sink.report(new Problem(EntryPath.of("x"), Problem.Kind.FAILED, "unreadable"));
        });
        try (Repository repo = open(storage)) {
            Snapshot snapshot = repo.backup(source).run();
            assertThat(snapshot.problems()).hasSize(1);
            assertThat(repo.snapshot(snapshot.id()).problems()).isEqualTo(snapshot.problems());
            assertThatThrownBy(() -> repo.backup(source).strict().run())
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining("unreadable");
        }
    }

    /**
     * Dies at every call of the store in turn: what was committed restores, what was not is garbage, the next backup
     * works.
     */
    @Test
    void crashAnywhere_losesNothingCommitted() {
        for (boolean effect : new boolean[] {false, true}) {
            boolean done = false;
            for (int n = 0; !done; n++) {
                MemoryStorage crashed = new MemoryStorage();
                List<Snapshot> committed = new ArrayList<>();
                FaultyStorage faulty = new FaultyStorage(crashed, n, effect);
                try (Repository repo = open(faulty)) {
                    for (int i = 0; i < 3; i++) {
                        committed.add(repo.backup(tree(i)).run());
                    }
                    repo.prune(Retention.keepLast(1)).run();
                    committed = committed.subList(2, 3);
                    committed.add(repo.backup(tree(3)).run());
                    done = true;
                } catch (BackupException.StorageFailed e) {
                    assertThat(e).hasMessageContaining("injected");
                }
                String what = "crash at call " + n + ", effect " + effect;
                try (Repository repo = open(crashed)) {
                    assertThat(repo.verify().readData().run().findings())
                            .as(what)
                            .isEmpty();
                    List<Snapshot> left = repo.snapshots();
                    if (!committed.isEmpty()) {
                        assertThat(left).as(what).contains(committed.get(committed.size() - 1));
                    }
                    Snapshot next = repo.backup(tree(7)).run();
                    assertThat(restored(repo, next).lines()).as(what).isEqualTo(tree(7).lines());
                    repo.prune(Retention.keepLast(1))
                            .endBackupsOlderThan(Duration.ZERO)
                            .run();
                    assertThat(repo.verify().readData().run().findings())
                            .as(what)
                            .isEmpty();
                    assertThat(restored(repo, next).lines()).as(what).isEqualTo(tree(7).lines());
                }
            }
        }
    }

    /** Writers and prunes on one store at once; whatever was acknowledged and not pruned restores. */
    @Test
    void manyAtOnce_nothingIsLost() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        open(storage).close();
        for (int t = 0; t < 4; t++) {
            int me = t;
            Thread thread = new Thread(() -> {
                Random random = new Random(me);
                try (Repository repo = Repository.at(slow(storage, random))
                        .encryption(encryption())
                        .format(format())
                        .open()) {
                    for (int i = 0; i < 15; i++) {
                        if (random.nextInt(3) == 0) {
                            repo.prune(Retention.keepLast(1)).run();
                        } else {
                            int version = random.nextInt(1000);
                            Snapshot snapshot = repo.backup(NamedSource.of("series-" + me, tree(version)))
                                    .run();
                            assertThat(restored(repo, snapshot).lines())
                                    .isEqualTo(tree(version).lines());
                        }
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join(250_000);
            assertThat(thread.isAlive()).isFalse();
        }
        assertThat(failures).isEmpty();
    }

    /** Changes the order in which threads meet. */
    private static StorageTarget slow(StorageTarget storage, Random random) {
        return new dev.lifeboat.storage.ForwardingStorageTarget(storage) {
            private void wait(int most) {
                try {
                    TimeUnit.MICROSECONDS.sleep(random.nextInt(most));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public InputStream open(ObjectKey key, ByteRange range) throws IOException {
                wait(2000);
                return super.open(key, range);
            }

            @Override
            public void list(String prefix, Visitor visitor) throws IOException {
                wait(5000);
                super.list(prefix, visitor);
                wait(5000);
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void deadBackups_areEndedAndTheirRemainsFreed() throws IOException {
        FaultyStorage dying = new FaultyStorage(storage, 8, false);
        try (Repository repo = open(dying)) {
            assertThatThrownBy(() -> repo.backup(tree(1)).run()).isInstanceOf(BackupException.StorageFailed.class);
        }
        assertThat(keys("sessions/")).hasSize(1);
        try (Repository repo = open(storage)) {
            assertThat(repo.prune(Retention.keepAll())
                            .endBackupsOlderThan(Duration.ofDays(3650))
                            .run()
                            .endedBackups())
                    .isEmpty();
            now.set(Instant.now().plus(Duration.ofDays(3)));
            Prune.Pruned pruned = repo.prune(Retention.keepAll()).run();
            assertThat(pruned.endedBackups()).hasSize(1);
            assertThat(keys("sessions/")).isEmpty();
            assertThat(keys(prefix())).isEmpty();
            assertThat(repo.snapshots()).isEmpty();
        }
    }

    @Test
    void endedBackup_cannotCommit() {
        try (Repository repo = open(storage);
                Repository pruner = open(storage)) {
            SnapshotSource overtaken = NamedSource.of("overtaken", sink -> {
                tree(1).sendTo(sink);
                now.set(Instant.now().plus(Duration.ofDays(3)));
                pruner.prune(Retention.keepAll()).run();
            });
            assertThatThrownBy(() -> repo.backup(overtaken).run()).isInstanceOf(BackupException.SessionEnded.class);
            assertThat(repo.snapshots()).isEmpty();
        }
    }

    @Test
    void copy_toAnotherFormatAndKey_isTheSame() {
        MemoryStorage otherStorage = new MemoryStorage();
        MemoryTree tree = MemoryTree.ofEverything(true);
        try (Repository repo = open(storage);
                Repository other = Repository.at(otherStorage)
                        .encryption(Encryption.key(() -> new byte[32]))
                        .openOrCreate()) {
            Snapshot original = repo.backup(tree).tag("release", "42").run();
            Snapshot copy = repo.copy(original, other).run();
            assertThat(copy.time()).isEqualTo(original.time());
            assertThat(copy.tags()).isEqualTo(original.tags());
            assertThat(copy.source()).isEqualTo(original.source());
            assertThat(restored(other, copy).lines()).isEqualTo(tree.lines());
            assertThat(other.verify().readData().run().findings()).isEmpty();
            Snapshot back = other.copy(copy, repo).run();
            assertThat(restored(repo, back).lines()).isEqualTo(tree.lines());
            assertThat(repo.diff(original, back).run().changes()).isEmpty();
        }
    }

    @Test
    void export_isAPlainTar() throws IOException {
        MemoryTree tree = MemoryTree.ofEverything(true);
        Path file = Files.createTempFile("lifeboat-test-", ".tar");
        try (Repository repo = open(storage)) {
            Snapshot original = repo.backup(tree).run();
            assertThat(repo.restore(original).to(TarExport.to(file)).run().problems())
                    .isEmpty();
            Snapshot imported =
                    repo.backup(TarSource.of(file).named("memory:tree")).run();
            assertThat(restored(repo, imported).lines()).isEqualTo(tree.lines());
        } finally {
            Files.delete(file);
        }
    }
}
