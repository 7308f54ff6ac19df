package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.pack.PackScan;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.FaultyStorage;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever object is damaged, and however: after a repair and a backup all is well again but what only the damaged
 * object held.
 */
@Timeout(300)
class RepairTest {
    private static final int KINDS = 6;

    private static Repository open(MemoryStorage in, boolean encrypted) {
        return Repository.at(in)
                .encryption(encrypted ? Encryption.key(() -> new byte[32]) : Encryption.none())
                .openOrCreate();
    }

    private static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 1500; i++) {
            int seed = i % 500 == 0 ? i + version : i;
            tree.add(
                    Entry.file(
                                    EntryPath.of(String.format("dir%02d/file%05d", i / 100, i)),
                                    0,
                                    MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("1-" + seed)),
                    MemoryTree.random(seed, 300));
        }
        tree.add(
                Entry.file(EntryPath.of("large"), 0, MemoryTree.attributes(0600))
                        .withFingerprint(Optional.of("2-2")),
                MemoryTree.random(7, 4_000_000));
        return tree;
    }

    private static List<ObjectInfo> objects(MemoryStorage in, String prefix) throws IOException {
        List<ObjectInfo> objects = new ArrayList<>();
        in.list(prefix, objects::add);
        return objects;
    }

    private static void damage(MemoryStorage in, ObjectKey key, int kind, Random random) throws IOException {
        byte[] bytes = in.bytes(key);
        switch (kind) {
            case 0 -> in.delete(List.of(key));
            case 1 -> in.damage(key, Arrays.copyOf(bytes, bytes.length / 2));
            case 2 -> {
                Arrays.fill(bytes, bytes.length / 3, bytes.length / 2, (byte) 0);
                in.damage(key, bytes);
            }
            case 3 -> {
                bytes[4 + random.nextInt(bytes.length - 4)] ^= (byte) (1 << random.nextInt(8));
                in.damage(key, bytes);
            }
            case 4 -> in.damage(key, new byte[0]);
            default -> {
                // Swapped: in its place is another of its sort.
                String sort = key.toString().substring(0, key.toString().indexOf('/') + 1);
                for (ObjectInfo other : objects(in, sort)) {
                    if (!other.key().equals(key)) {
                        in.damage(key, in.bytes(other.key()));
                        return;
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anyDamage_isRepairedByRepairBackupAndPrune(boolean encrypted) throws IOException {
        MemoryStorage storage = new MemoryStorage();
        List<String> first = tree(0).lines();
        List<String> second = tree(1).lines();
        try (Repository repo = open(storage, encrypted)) {
            repo.backup(tree(0)).run();
            repo.backup(tree(1)).run();
        }
        Random random = new Random(11);
        long saved = 0;
        int replaced = 0;
        int quarantine = 0;
        for (ObjectInfo object : objects(storage, "")) {
            String key = object.key().toString();
            // Without these it does not open, which says so; a key slot is mended by adding another.
            if (key.equals("lifeboat.json") || key.startsWith("keys/")) {
                continue;
            }
            for (int kind = 0; kind < KINDS; kind++) {
                MemoryStorage damaged = storage.copy();
                damage(damaged, object.key(), kind, random);
                String what = key + " damage " + kind;
                try (Repository repo = open(damaged, encrypted)) {
                    Repair.Repaired repaired = repo.repair().run();
                    assertThat(repaired.postponed()).as(what).isEmpty();
                    saved += repaired.chunksSaved();
                    replaced += repaired.replaced().size();
                    quarantine += repaired.quarantined().size();
                    assertThat(repaired.quarantined())
                            .as(what)
                            .allSatisfy(k -> assertThat(damaged.bytes(k)).isNotNull());
                    assertThat(repo.verify().readData().run().findings())
                            .as(what)
                            .allSatisfy(finding -> assertThat(finding.path()).isPresent());
                    for (Snapshot snapshot : repo.snapshots()) {
                        MemoryTree back = new MemoryTree();
                        List<String> lost = repo.restore(snapshot).to(back).run().problems().stream()
                                .map(p -> p.path().toString())
                                .toList();
                        List<String> written = back.lines().equals(first) ? first : second;
                        if (lost.isEmpty() && repaired.replaced().isEmpty()) {
                            assertThat(back.lines()).as(what).isIn(first, second);
                        } else {
                            assertThat(first.containsAll(back.lines()) || written.containsAll(back.lines()))
                                    .as(what)
                                    .isTrue();
                        }
                    }
                }
                try (Repository repo = open(damaged, encrypted)) {
                    Snapshot next = repo.backup(tree(1)).run();
                    MemoryTree back = new MemoryTree();
                    assertThat(repo.restore(next).to(back).run().problems())
                            .as(what)
                            .isEmpty();
                    assertThat(back.lines()).as(what).isEqualTo(second);
                    try {
                        repo.prune(Retention.keepLast(1)).run();
                        assertThat(repo.verify().readData().run().findings())
                                .as(what)
                                .isEmpty();
                    } catch (BackupException.Corrupt e) {
                        // What a snapshot that was quarantined needs is not known, and is kept until a person drops it.
                        assertThat(e).as(what).hasMessageContaining("dropQuarantined");
                        assertThat(objects(damaged, "quarantine/snapshots/"))
                                .as(what)
                                .isNotEmpty();
                    }
                    repo.prune(Retention.keepLast(1)).dropQuarantined().run();
                    assertThat(objects(damaged, "quarantine/")).as(what).isEmpty();
                    assertThat(repo.verify().readData().run().findings())
                            .as(what)
                            .isEmpty();
                    MemoryTree again = new MemoryTree();
                    assertThat(repo.restore(next).to(again).run().problems())
                            .as(what)
                            .isEmpty();
                    assertThat(again.lines()).as(what).isEqualTo(second);
                }
                damaged.checkAllClosed();
            }
        }
        assertThat(List.of(saved, (long) replaced, (long) quarantine)).allMatch(count -> count > 2);
    }

    /**
     * The target of a hard link, a list of slices, and what names all pages: none of them takes the rest of the
     * snapshot with it.
     */
    @Test
    void partsOfTheList_takeNothingElseWithThem() throws IOException {
        MemoryStorage storage = new MemoryStorage();
        MemoryTree tree = tree(0);
        tree.add(Entry.hardLink(
                EntryPath.of("dir99-link"), EntryPath.of("dir00/file00001"), MemoryTree.attributes(0644)));
        // First of all, so that its chunks do not fill the heap of a test: it is read as it is made.
        Entry huge = Entry.file(EntryPath.of("a-huge"), 45_000_000, MemoryTree.attributes(0600));
        SnapshotSource source = NamedSource.of(tree.name(), sink -> {
            sink.offer(huge);
            sink.content(huge, new PseudoRandom(45_000_000));
            tree.sendTo(sink);
        });
        try (Repository repo = open(storage, false)) {
            repo.backup(source).run();
        }
        ObjectKey trees = objects(storage, "packs/").stream()
                .min(java.util.Comparator.comparingLong(ObjectInfo::length))
                .orElseThrow()
                .key();
        byte[] pack = storage.bytes(trees);
        int replaced = 0;
        int chunks = 0;
        for (PackScan.Found chunk : PackScan.chunks(pack)) {
            chunks++;
            MemoryStorage damaged = storage.copy();
            byte[] bytes = pack.clone();
            bytes[chunk.offset() + chunk.length() - 1] ^= 1;
            damaged.damage(trees, bytes);
            try (Repository repo = open(damaged, false)) {
                Repair.Repaired repaired = repo.repair().run();
                assertThat(repo.snapshots()).hasSizeLessThanOrEqualTo(1);
                if (repo.snapshots().isEmpty()) {
                    // The root itself.
                    assertThatThrownBy(() -> repo.prune(Retention.keepLast(5)).run())
                            .isInstanceOf(BackupException.Corrupt.class)
                            .hasMessageContaining("dropQuarantined");
                    continue;
                }
                replaced += repaired.replaced().size();
                MemoryTree back = new MemoryTree();
                repo.restore(repo.snapshots().get(0))
                        .only(entry -> !entry.path().equals(huge.path()))
                        .to(back)
                        .run();
                // Where pages end depends on random keys: of some 1,000 entries 763 have been left.
                assertThat(back.paths().size()).isGreaterThan(700);
                repo.prune(Retention.keepLast(5)).dropQuarantined().run();
                assertThat(repo.verify().readData().run().findings()).isEmpty();
                // Again, and it is done already.
                assertThat(repo.repair().run().isClean()).isTrue();
            }
        }
        assertThat(chunks).isGreaterThan(8);
        assertThat(replaced).isGreaterThanOrEqualTo(chunks - 2);
    }

    @Test
    void repairThatDies_isFinishedByTheNext() throws IOException {
        MemoryStorage storage = new MemoryStorage();
        try (Repository repo = open(storage, false)) {
            repo.backup(tree(0)).run();
        }
        ObjectKey trees = objects(storage, "packs/").stream()
                .min(java.util.Comparator.comparingLong(ObjectInfo::length))
                .orElseThrow()
                .key();
        byte[] bytes = storage.bytes(trees);
        PackScan.Found page = PackScan.chunks(bytes).get(2);
        bytes[page.offset() + 60] ^= 1;
        storage.damage(trees, bytes);
        boolean done = false;
        for (int n = 3; !done; n++) {
            MemoryStorage damaged = storage.copy();
            try (Repository repo = Repository.at(new FaultyStorage(damaged, n, n % 2 == 0))
                    .encryption(Encryption.none())
                    .open()) {
                repo.repair().run();
                done = true;
            } catch (BackupException e) {
                assertThat(e).hasMessageContaining("injected");
            }
            try (Repository repo = open(damaged, false)) {
                repo.prune(Retention.keepLast(9))
                        .endBackupsOlderThan(java.time.Duration.ZERO)
                        .run();
                repo.repair().run();
                assertThat(repo.snapshots()).as("call " + n).hasSize(1);
                repo.prune(Retention.keepLast(9)).dropQuarantined().run();
                assertThat(repo.verify().readData().run().findings())
                        .as("call " + n)
                        .isEmpty();
                MemoryTree back = new MemoryTree();
                assertThat(repo.restore(repo.snapshots().get(0)).to(back).run().problems())
                        .isEmpty();
                assertThat(tree(0).lines()).containsAll(back.lines());
            }
        }
    }

    /** Who has listed snapshots before sees what a repair in another process has put in their place. */
    @Test
    void otherProcess_seesWhatWasReplaced() throws IOException {
        MemoryStorage storage = new MemoryStorage();
        try (Repository daemon = open(storage, false)) {
            Snapshot first = daemon.backup(tree(0)).run();
            assertThat(daemon.snapshots()).containsExactly(first);
            byte[] manifest = storage.bytes(RepositoryLayout.snapshot(first.id().value()));
            manifest[manifest.length - 10] ^= 1;
            storage.damage(RepositoryLayout.snapshot(first.id().value()), manifest);
            try (Repository repo = open(storage, false)) {
                assertThat(repo.repair().run().quarantined()).hasSize(1);
            }
            assertThat(daemon.snapshots()).isEmpty();
            Snapshot next = daemon.backup(tree(0)).run();
            assertThat(next.parent()).isEmpty();
            assertThat(daemon.verify().readData().run().findings()).isEmpty();
        }
    }

    @Test
    void damagedRecord_isNamed() throws IOException {
        MemoryStorage storage = new MemoryStorage();
        try (Repository repo = open(storage, true)) {
            repo.backup(tree(0)).run();
            ObjectKey record = new ObjectKey("deletions/" + "ab".repeat(16));
            storage.put(record, Content.of(new byte[] {1, 2, 3}), PutCondition.IF_ABSENT);
            ObjectKey word = new ObjectKey("completions/" + "ab".repeat(16));
            storage.put(word, Content.of(new byte[] {1, 2, 3}), PutCondition.IF_ABSENT);
            Repair.Repaired repaired = repo.repair().run();
            assertThat(repaired.quarantined()).containsExactly(new ObjectKey("quarantine/" + word));
            assertThat(repaired.findings())
                    .hasSize(1)
                    .allSatisfy(f -> assertThat(f.object()).contains(record));
            storage.delete(List.of(record));
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    @Test
    void hostilePack_isScannedInTime() throws IOException {
        byte[] hostile = new byte[8 << 20];
        java.nio.ByteBuffer out = java.nio.ByteBuffer.wrap(hostile);
        for (int at = 0; at < hostile.length - 100; at += 20) {
            out.putInt(at, 'L' << 24 | 'B' << 16 | 'C' << 8 | 1);
        }
        assertThat(PackScan.chunks(hostile)).isEmpty();
    }

    @Test
    void wholeRepository_isLeftAsItIs() throws IOException {
        MemoryStorage storage = new MemoryStorage();
        try (Repository repo = open(storage, true)) {
            repo.backup(tree(0)).run();
            MemoryStorage before = storage.copy();
            Repair.Repaired repaired = repo.repair().run();
            assertThat(repaired.isClean()).isTrue();
            assertThat(repaired.quarantined()).isEmpty();
            assertThat(storage.holdsSameAs(before)).isTrue();
            assertThat(repo.verify().readData().run().isClean()).isTrue();
        }
    }

    /** What a backup under way may refer to is not moved away under it. */
    @Test
    void backupUnderWay_postponesWhatIsDamaged() throws IOException {
        MemoryStorage storage = new MemoryStorage();
        try (Repository repo = open(storage, false)) {
            repo.backup(tree(0)).run();
        }
        ObjectKey large = objects(storage, "packs/").stream()
                .max(java.util.Comparator.comparingLong(ObjectInfo::length))
                .orElseThrow()
                .key();
        byte[] bytes = storage.bytes(large);
        bytes[bytes.length / 2] ^= 1;
        storage.damage(large, bytes);
        MemoryTree tree = tree(0);
        try (Repository repo = open(storage, false)) {
            List<Repair.Repaired> repaired = new ArrayList<>();
            SnapshotSource source = NamedSource.of(tree.name(), sink -> {
                tree.sendTo(sink);
                repaired.add(repo.repair().run());
            });
            repo.backup(source).run();
            assertThat(repaired.get(0).postponed()).containsExactly(large);
            assertThat(storage.find(large)).isPresent();
            Repair.Repaired after = repo.repair().run();
            assertThat(after.postponed()).isEmpty();
            assertThat(storage.find(large)).isEmpty();
            Snapshot next = repo.backup(tree).run();
            MemoryTree back = new MemoryTree();
            assertThat(repo.restore(next).to(back).run().problems()).isEmpty();
            assertThat(back.lines()).isEqualTo(tree.lines());
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    /** Bytes that do not repeat, out of nothing. */
    private static final class PseudoRandom extends InputStream {
        private final Random random = new Random(9);
        private int left;

        PseudoRandom(int length) {
            left = length;
        }

        @Override
        public int read() {
            return left-- > 0 ? random.nextInt(256) : -1;
        }

        @Override
        public int read(byte[] b, int off, int len) {
            if (left <= 0) {
                return -1;
            }
            byte[] bytes = new byte[Math.min(len, left)];
            random.nextBytes(bytes);
            System.arraycopy(bytes, 0, b, off, bytes.length);
            left -= bytes.length;
            return bytes.length;
        }
    }
}
