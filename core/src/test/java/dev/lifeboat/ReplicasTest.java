package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.snapshot.Snapshot;
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
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replicas are complete repositories, whatever happens to them or to the primary store, and delay no backup. */
@Timeout(300)
class ReplicasTest {
    private static final byte[] KEY = new byte[32];

    private final MemoryStorage first = new MemoryStorage();
    private final MemoryStorage second = new MemoryStorage();

    private static Encryption encryption() {
        return Encryption.key(() -> KEY);
    }

    private static Repository alone(StorageTarget in) {
        return Repository.at(in).encryption(encryption()).open();
    }

    private static RepositoryBuilder at(StorageTarget storage, StorageTarget replica) {
        return Repository.at(storage).replica(replica).encryption(encryption());
    }

    /** Of a few packs' worth: one large file beside small ones. */
    private static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 200; i++) {
            tree.add(file("dir/file" + i, "1-" + i), MemoryTree.random(i, 300));
        }
        tree.add(file("changes", "2-" + version), MemoryTree.random(1000 + version, 300_000));
        tree.add(file("large", "3-3"), MemoryTree.random(7, 2_000_000));
        return tree;
    }

    private static Entry file(String path, String fingerprint) {
        return Entry.file(EntryPath.of(path), 0, MemoryTree.attributes(0644)).withFingerprint(Optional.of(fingerprint));
    }

    private static List<ObjectInfo> objects(StorageTarget in, String prefix) throws IOException {
        List<ObjectInfo> objects = new ArrayList<>();
        in.list(prefix, objects::add);
        return objects;
    }

    /** What is listed there restores without a problem, and is one of these trees. */
    private static void assertWhole(StorageTarget store, int snapshots, int versions) {
        try (Repository repo = alone(store)) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            assertThat(repo.snapshots()).hasSize(snapshots);
            List<List<String>> trees = new ArrayList<>();
            for (int i = 0; i < versions; i++) {
                trees.add(tree(i).lines());
            }
            for (Snapshot snapshot : repo.snapshots()) {
                MemoryTree back = new MemoryTree();
                assertThat(repo.restore(snapshot).to(back).run().problems()).isEmpty();
                assertThat(back.lines()).isIn(trees);
            }
        }
    }

    /** A store that can be switched off, or made to hang. */
    private static final class Moody extends ForwardingStorageTarget {
        volatile boolean off;
        volatile CountDownLatch gate = new CountDownLatch(0);

        Moody(StorageTarget delegate) {
            super(delegate);
        }

        private void pass() throws IOException {
            if (off) {
                throw new IOException("switched off");
            }
            try {
                gate.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted");
            }
        }

        @Override
        public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
            pass();
            return super.put(key, content, condition);
        }

        @Override
        public InputStream open(ObjectKey key, ByteRange range) throws IOException {
            pass();
            return super.open(key, range);
        }

        @Override
        public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
            pass();
            return super.find(key);
        }

        @Override
        public void list(String prefix, Visitor visitor) throws IOException {
            pass();
            super.list(prefix, visitor);
        }
    }

    @Test
    void replica_isARepository() throws IOException {
        MemoryStorage third = new MemoryStorage();
        try (Repository repo = at(first, second).replica(third).openOrCreate()) {
            repo.backup(tree(0)).run();
            assertThat(objects(second, "snapshots/")).hasSize(1);
            repo.backup(tree(1)).run();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            assertThat(repo.syncReplicas().run()).hasSize(2).allSatisfy(replica -> {
                assertThat(replica.isInSync()).isTrue();
                assertThat(replica.objects()).isZero();
                assertThat(replica.surplus()).isZero();
            });
        }
        for (MemoryStorage store : List.of(first, second, third)) {
            assertWhole(store, 2, 2);
        }
        assertThat(objects(second, "sessions/")).isEmpty();
        // Lost for good: the replica takes its place, and is copied to a new one.
        MemoryStorage fresh = new MemoryStorage();
        try (Repository repo = at(second, fresh).open()) {
            repo.backup(tree(2)).run();
        }
        assertWhole(fresh, 3, 3);
    }

    @Test
    void tarArchives_goToReplicasToo() throws IOException {
        try (Repository repo = Repository.at(first)
                .replica(second)
                .format(TarFormat.create())
                .encryption(Encryption.none())
                .openOrCreate()) {
            repo.backup(tree(0)).run();
            repo.backup(tree(1)).run();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            // The one that has the large file.
            ObjectKey archive = objects(first, "archives/").stream()
                    .max(java.util.Comparator.comparingLong(ObjectInfo::length))
                    .orElseThrow()
                    .key();
            byte[] bytes = first.bytes(archive);
            bytes[bytes.length / 2] ^= 1;
            first.damage(archive, bytes);
            MemoryTree back = new MemoryTree();
            assertThat(repo.restore(repo.snapshots().get(0)).to(back).run().problems())
                    .isEmpty();
            assertThat(back.lines()).isEqualTo(tree(1).lines());
            assertThat(first.bytes(archive)).isEqualTo(second.bytes(archive));
            first.delete(List.of(archive));
            assertThat(repo.repair().run().recovered()).isEqualTo(1);
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    @Test
    void replicaThatWasAway_isCaughtUp() throws IOException {
        Moody moody = new Moody(second);
        try (Repository repo = at(first, moody).openOrCreate()) {
            repo.backup(tree(0)).run();
            moody.off = true;
            repo.backup(tree(1)).run();
            assertThat(repo.syncReplicas().run().get(0).failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("switched off"));
            assertThat(repo.verify().run().findings())
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.detail()).contains("cannot be compared"));
            assertThat(objects(second, "snapshots/")).hasSize(1);
            assertWhole(second, 1, 1);
            moody.off = false;
            assertThat(repo.verify().run().findings())
                    .isNotEmpty()
                    .allSatisfy(finding -> assertThat(finding.detail()).contains("lacks it"));
            // It refers to what the replica has missed.
            repo.backup(tree(1)).run();
            assertThat(repo.syncReplicas().run().get(0).isInSync()).isTrue();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
        assertWhole(second, 3, 2);
    }

    @Test
    void replicaThatHangs_delaysNoBackup() throws IOException {
        Moody moody = new Moody(second);
        try (Repository repo =
                at(first, moody).waitForReplicas(Duration.ofMillis(300)).openOrCreate()) {
            repo.backup(tree(0)).run();
            moody.gate = new CountDownLatch(1);
            long start = System.nanoTime();
            for (int version = 1; version < 5; version++) {
                repo.backup(tree(version)).run();
            }
            // Not a matter of speed: it would hang for ever.
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(60));
            assertThat(objects(second, "snapshots/")).hasSize(1);
            moody.gate.countDown();
            assertThat(repo.syncReplicas().run().get(0).isInSync()).isTrue();
        }
        assertWhole(second, 5, 5);
    }

    @Test
    void quorum_isHadOrNothingCounts() throws IOException {
        Moody moody = new Moody(second);
        try (Repository repo = at(first, moody).quorum(2).openOrCreate()) {
            repo.backup(tree(0)).run();
            assertThat(objects(second, "snapshots/")).hasSize(1);
            moody.off = true;
            assertThatThrownBy(() -> repo.backup(tree(1)).run())
                    .isInstanceOf(BackupException.StorageFailed.class)
                    .hasMessageContaining("a snapshot needs 2 stores")
                    .hasMessageContaining("nothing was committed")
                    .hasMessageContaining("switched off");
            assertThat(repo.snapshots()).hasSize(1);
            moody.off = false;
            repo.backup(tree(1)).run();
            assertThat(objects(second, "snapshots/")).hasSize(2);
        }
        assertWhole(second, 2, 2);
        assertThatThrownBy(() -> at(first, second).quorum(3).open())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("quorum of 3");
    }

    /** Wherever a replica fails for good, what it lists is whole, and it is synced afterwards. */
    @Test
    void replicaThatDiesAnywhere_listsWholeSnapshotsOnly() throws IOException {
        try (Repository repo = at(first, second).openOrCreate()) {
            repo.backup(tree(0)).run();
        }
        boolean done = false;
        for (int n = 0; !done; n++) {
            MemoryStorage one = first.copy();
            MemoryStorage other = second.copy();
            FaultyStorage faulty = new FaultyStorage(other, n, n % 2 == 0);
            try (Repository repo = at(one, faulty).open()) {
                repo.backup(tree(1)).run();
                repo.prune(Retention.keepLast(1)).run();
                done = faulty.calls() <= n;
            }
            try (Repository repo = alone(other)) {
                assertThat(repo.verify().readData().run().findings())
                        .as("call " + n)
                        .isEmpty();
            }
            try (Repository repo = at(one, other).open()) {
                assertThat(repo.syncReplicas().run().get(0).isInSync()).isTrue();
                assertThat(repo.verify().readData().run().findings())
                        .as("call " + n)
                        .isEmpty();
            }
            try (Repository repo = alone(other)) {
                assertThat(repo.verify().readData().run().findings())
                        .as("call " + n)
                        .isEmpty();
                assertThat(repo.snapshots()).isNotEmpty();
            }
        }
    }

    private static void damage(MemoryStorage in, ObjectKey key, int kind, Random random) throws IOException {
        byte[] bytes = in.bytes(key);
        switch (kind) {
            case 0 -> in.delete(List.of(key));
            case 1 -> in.damage(key, Arrays.copyOf(bytes, bytes.length / 2));
            default -> {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
                in.damage(key, bytes);
            }
        }
    }

    /** The same damage in the primary store and in a replica: told, mended, and in the primary store not even felt. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void damage_isHealed(boolean inFirst) throws IOException {
        try (Repository repo = at(first, second).openOrCreate()) {
            repo.backup(tree(0)).run();
            repo.backup(tree(1)).run();
        }
        Random random = new Random(5);
        List<String> felt = new ArrayList<>();
        for (ObjectInfo object : objects(second, "")) {
            for (int kind = 0; kind < 3; kind++) {
                MemoryStorage one = first.copy();
                MemoryStorage other = second.copy();
                damage(inFirst ? one : other, object.key(), kind, random);
                String what = object.key() + " damage " + kind;
                boolean manifestGone =
                        inFirst && kind == 0 && object.key().value().startsWith("snapshots/");
                if (inFirst && kind == 0 && !object.key().value().contains("/")) {
                    // That there is a repository is for the primary store to say.
                    assertThatThrownBy(() -> at(one, other).open()).isInstanceOf(BackupException.NotFound.class);
                    assertThatThrownBy(() -> at(one, other).openOrCreate())
                            .isInstanceOf(BackupException.AlreadyExists.class)
                            .hasMessageContaining("replica");
                    continue;
                }
                if (inFirst && kind == 0 && object.key().value().startsWith("keys/")) {
                    assertThatThrownBy(() -> at(one, other).open()).isInstanceOf(BackupException.WrongKey.class);
                    continue;
                }
                try (Repository repo = at(one, other).open()) {
                    if (!manifestGone) {
                        for (Snapshot snapshot : repo.snapshots()) {
                            MemoryTree back = new MemoryTree();
                            assertThat(repo.restore(snapshot).to(back).run().problems())
                                    .as(what)
                                    .isEmpty();
                            assertThat(back.lines()).as(what).isIn(tree(0).lines(), tree(1).lines());
                        }
                        assertThat(repo.snapshots()).as(what).hasSize(2);
                    }
                    if (!repo.verify().readData().run().isClean()) {
                        felt.add(what);
                    }
                    Repair.Repaired repaired = repo.repair().run();
                    assertThat(repaired.quarantined()).as(what).isEmpty();
                    assertThat(repaired.findings()).as(what).isEmpty();
                    assertThat(repo.verify().readData().run().findings())
                            .as(what)
                            .isEmpty();
                    assertThat(repo.snapshots()).as(what).hasSize(manifestGone ? 1 : 2);
                }
                assertWhole(other, 2, 2);
                assertWhole(one, manifestGone ? 1 : 2, 2);
                one.checkAllClosed();
                other.checkAllClosed();
            }
        }
        // What a restore has read is healed by then, unless the whole pack was missing; in a replica nothing is,
        // since no operation reads it.
        assertThat(felt)
                .hasSizeBetween(
                        inFirst ? 1 : 12,
                        inFirst ? 2 * objects(second, "packs/").size() : 100);
    }

    /** The primary store fails in the middle of reading. */
    @Test
    void readThatBreaksOff_goesOnFromAReplica() throws IOException {
        try (Repository repo = at(first, second).openOrCreate()) {
            repo.backup(tree(0)).run();
        }
        StorageTarget worn = new ForwardingStorageTarget(first) {
            @Override
            public InputStream open(ObjectKey key, ByteRange range) throws IOException {
                InputStream in = super.open(key, range);
                if (!key.value().startsWith("packs/")) {
                    return in;
                }
                return new java.io.FilterInputStream(in) {
                    private int left = 1000;

                    @Override
                    public int read(byte[] b, int off, int len) throws IOException {
                        if (left == 0) {
                            throw new IOException("bad sector");
                        }
                        int n = super.read(b, off, Math.min(len, left));
                        left -= Math.max(n, 0);
                        return n;
                    }
                };
            }
        };
        try (Repository repo = at(worn, second).open()) {
            MemoryTree back = new MemoryTree();
            assertThat(repo.restore(repo.snapshots().get(0)).to(back).run().problems())
                    .isEmpty();
            assertThat(back.lines()).isEqualTo(tree(0).lines());
        }
        first.checkAllClosed();
        second.checkAllClosed();
        assertWhole(first, 1, 1);
    }

    /** It can be read all the same where it cannot be put back. */
    @Test
    void firstStoreThatIsReadOnly_isReadWithTheHelpOfReplicas() throws IOException {
        try (Repository repo = at(first, second).openOrCreate()) {
            repo.backup(tree(0)).run();
        }
        for (ObjectInfo pack : objects(first, "packs/")) {
            byte[] bytes = first.bytes(pack.key());
            bytes[bytes.length / 2] ^= 1;
            first.damage(pack.key(), bytes);
        }
        StorageTarget readOnly = new ForwardingStorageTarget(first) {
            @Override
            public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
                throw new IOException("read only");
            }
        };
        try (Repository repo = at(readOnly, second).open()) {
            MemoryTree back = new MemoryTree();
            assertThat(repo.restore(repo.snapshots().get(0)).to(back).run().problems())
                    .isEmpty();
            assertThat(back.lines()).isEqualTo(tree(0).lines());
        }
        assertWhole(second, 1, 1);
    }

    @Test
    void prune_reachesReplicas_andOnlyPrunesDo() throws IOException {
        Moody moody = new Moody(second);
        try (Repository repo = at(first, moody).openOrCreate()) {
            for (int version = 0; version < 3; version++) {
                repo.backup(tree(version)).run();
            }
            repo.prune(Retention.keepLast(2)).run();
            assertThat(objects(second, "snapshots/")).hasSize(2);
            assertThat(objects(second, "packs/")).hasSameSizeAs(objects(first, "packs/"));
            assertWhole(second, 2, 3);
            moody.off = true;
            repo.prune(Retention.keepLast(1)).run();
            moody.off = false;
            // This process remembers.
            repo.syncReplicas().run();
            assertThat(repo.syncReplicas().run().get(0).surplus()).isZero();
            assertWhole(second, 1, 3);
            // Something empties the primary store: no replica follows.
            first.delete(
                    objects(first, "snapshots/").stream().map(ObjectInfo::key).toList());
            first.delete(objects(first, "packs/").stream().map(ObjectInfo::key).toList());
            repo.syncReplicas().run();
            repo.backup(new MemoryTree()).run();
            assertThat(repo.syncReplicas().run().get(0).surplus()).isPositive();
        }
        try (Repository repo = alone(second)) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            assertThat(repo.snapshots()).hasSize(2);
        }
    }

    @Test
    void storeThatHoldsOtherThings_isNoReplica() throws IOException {
        try (Repository other = Repository.at(second).encryption(encryption()).create()) {
            other.backup(tree(0)).run();
        }
        MemoryStorage third = new MemoryStorage();
        third.put(new ObjectKey("photos/1"), Content.of(new byte[9]), PutCondition.ALWAYS);
        try (Repository repo =
                Repository.at(first).replica(third).encryption(encryption()).openOrCreate()) {
            repo.backup(tree(1)).run();
            assertThat(repo.syncReplicas().run().get(0).failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("holds other things"));
        }
        try (Repository repo = at(first, second).open()) {
            repo.backup(tree(1)).run();
            MemoryStorage before = second.copy();
            assertThat(repo.syncReplicas().run().get(0).failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("holds another repository"));
            assertThat(repo.verify().readData().run().findings())
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.detail()).contains("holds another repository"));
            repo.repair().run();
            assertThat(second.holdsSameAs(before)).isTrue();
        }
        assertThat(objects(third, "")).hasSize(1);
        assertWhole(second, 1, 1);
        assertWhole(first, 2, 2);
    }

    /** Backups and prunes of two repositories at once, one of them with a replica that comes and goes. */
    @Test
    void manyAtOnce_leaveReplicasWhole() throws Exception {
        Moody moody = new Moody(second);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (Repository one = at(first, moody).openOrCreate();
                Repository other = at(first, second).open()) {
            List<Future<?>> work = new ArrayList<>();
            for (int host = 0; host < 2; host++) {
                Repository repo = host == 0 ? one : other;
                Random random = new Random(host);
                work.add(threads.submit(() -> {
                    for (int i = 0; i < 12; i++) {
                        repo.backup(tree(random.nextInt(6))).run();
                        moody.off = random.nextInt(3) == 0;
                    }
                    return repo;
                }));
            }
            work.add(threads.submit(() -> {
                for (int i = 0; i < 6; i++) {
                    other.prune(Retention.keepLast(3)).run();
                }
                return other;
            }));
            for (Future<?> task : work) {
                task.get();
            }
            moody.off = false;
            assertThat(one.syncReplicas().run().get(0).isInSync()).isTrue();
            other.prune(Retention.keepLast(2)).run();
            assertThat(one.verify().readData().run().findings()).isEmpty();
        } finally {
            threads.shutdownNow();
        }
        for (StorageTarget store : List.of(first, second)) {
            try (Repository repo = alone(store)) {
                assertThat(repo.verify().readData().run().findings()).isEmpty();
                assertThat(repo.snapshots()).isNotEmpty();
            }
        }
    }

    /**
     * What is damaged in the primary store does not spread, neither by syncing nor by a repair that could not ask
     * the replica.
     */
    @Test
    void damageInFirst_doesNotReachReplicas() throws IOException {
        Moody moody = new Moody(second);
        try (Repository repo = at(first, moody).openOrCreate()) {
            repo.backup(tree(0)).run();
            MemoryStorage good = second.copy();
            for (ObjectInfo pack : objects(first, "packs/")) {
                byte[] bytes = first.bytes(pack.key());
                first.damage(pack.key(), Arrays.copyOf(bytes, bytes.length / 2));
            }
            repo.syncReplicas().run();
            assertThat(second.holdsSameAs(good)).isTrue();
            moody.off = true;
            assertThat(repo.repair().run().quarantined()).isNotEmpty();
            moody.off = false;
            repo.syncReplicas().run();
            for (ObjectInfo object : objects(good, "")) {
                assertThat(second.bytes(object.key())).isEqualTo(good.bytes(object.key()));
            }
            // What was quarantined meanwhile is not listed any more; all that is, is whole again.
            Repair.Repaired repaired = repo.repair().run();
            assertThat(repaired.findings()).isEmpty();
        }
        assertWhole(second, 1, 1);
    }

    @Test
    void quorum_doesNotWaitForWhoHangs() throws IOException {
        Moody moody = new Moody(second);
        MemoryStorage third = new MemoryStorage();
        try (Repository repo = at(first, moody)
                .replica(third)
                .quorum(2)
                .waitForReplicas(Duration.ofMillis(100))
                .openOrCreate()) {
            moody.gate = new CountDownLatch(1);
            repo.backup(tree(0)).run();
            moody.gate.countDown();
        }
        assertWhole(third, 1, 1);
    }

    @Test
    void revokedKey_doesNotComeBack() throws IOException {
        Encryption other = Encryption.key(
                () -> "another key of thirty-two bytes!".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        Keyring.Slot slot;
        try (Repository repo = at(first, second).openOrCreate()) {
            repo.backup(tree(0)).run();
            slot = repo.keys().add("other", other);
            repo.syncReplicas().run();
        }
        try (Repository repo = alone(first)) {
            repo.keys().remove(slot);
        }
        ObjectKey pack = objects(first, "packs/").get(0).key();
        first.delete(List.of(pack));
        try (Repository repo = at(first, second).open()) {
            assertThat(repo.repair().run().findings()).isEmpty();
            assertThat(repo.keys().slots()).hasSize(1);
            assertThat(repo.syncReplicas().run().get(0).surplus()).isPositive();
            assertThat(repo.syncReplicas().dropSurplus().run().get(0).surplus()).isZero();
        }
        for (StorageTarget store : List.of(first, second)) {
            assertThatThrownBy(() -> Repository.at(store).encryption(other).open())
                    .isInstanceOf(BackupException.WrongKey.class);
        }
        assertWhole(second, 1, 1);
    }

    /**
     * Who still knows what a prune has removed reads it from the replica that missed that, and does not bring it
     * back.
     */
    @Test
    void prunedPacks_doNotComeBack() throws IOException {
        try (Repository reader = at(first, second).openOrCreate()) {
            Snapshot old = reader.backup(tree(0)).run();
            reader.restore(old).to(new MemoryTree()).run();
            try (Repository repo = alone(first)) {
                repo.backup(new MemoryTree()).run();
                repo.prune(Retention.keepLast(1)).run();
            }
            List<ObjectInfo> packs = objects(first, "packs/");
            MemoryTree back = new MemoryTree();
            assertThat(reader.restore(old).to(back).run().problems()).isEmpty();
            assertThat(back.lines()).isEqualTo(tree(0).lines());
            reader.repair().run();
            assertThat(objects(first, "packs/")).containsExactlyInAnyOrderElementsOf(packs);
        }
    }

    /** Time-outs are no interruptions. */
    @Test
    void firstStoreThatTimesOut_isHelped() throws IOException {
        try (Repository repo = at(first, second).openOrCreate()) {
            repo.backup(tree(0)).run();
        }
        StorageTarget late = new ForwardingStorageTarget(first) {
            @Override
            public InputStream open(ObjectKey key, ByteRange range) throws IOException {
                if (key.value().startsWith("packs/")) {
                    throw new java.net.SocketTimeoutException("no answer");
                }
                return super.open(key, range);
            }
        };
        try (Repository repo = at(late, second).open()) {
            MemoryTree back = new MemoryTree();
            assertThat(repo.restore(repo.snapshots().get(0)).to(back).run().problems())
                    .isEmpty();
            assertThat(back.lines()).isEqualTo(tree(0).lines());
        }
    }

    /** While a replica is given what it lacks, a prune moves that elsewhere. */
    @Test
    void pruneDuringCatchUp_leavesReplicaWhole() throws IOException {
        try (Repository repo = alone(createdIn(first))) {
            for (int version = 0; version < 5; version++) {
                repo.backup(tree(version)).run();
            }
        }
        int[] prunes = {4};
        try (Repository other = alone(first)) {
            StorageTarget busy = new ForwardingStorageTarget(second) {
                @Override
                public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
                    synchronized (prunes) {
                        if (prunes[0] > 0 && key.value().startsWith("packs/")) {
                            other.prune(Retention.keepLast(prunes[0]--)).run();
                        }
                    }
                    return super.put(key, content, condition);
                }
            };
            try (Repository repo = at(first, busy).open()) {
                assertThat(repo.syncReplicas().run().get(0).isInSync()).isTrue();
                try (Repository replica = alone(second)) {
                    assertThat(replica.verify().readData().run().findings()).isEmpty();
                    assertThat(replica.snapshots()).isNotEmpty();
                }
            }
        }
    }

    private static StorageTarget createdIn(MemoryStorage store) {
        Repository.at(store).encryption(encryption()).create().close();
        return store;
    }
}
