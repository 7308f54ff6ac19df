package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.PackFile;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is damaged costs what it held and no more, and comes back from wherever it is to be had. */
@Timeout(120)
class DamagedRepositoryTest {
    private static final int FILES = 4_000;

    private final MemoryStorage storage = new MemoryStorage();
    private final MemoryTree tree = new MemoryTree();

    private static Repository open(MemoryStorage in) {
        return Repository.at(in).encryption(Encryption.none()).openOrCreate();
    }

    @BeforeEach
    void makeTree() {
        for (int i = 0; i < FILES; i++) {
            tree.add(
                    Entry.file(
                                    EntryPath.of(String.format("dir%03d/file%05d", i / 100, i)),
                                    0,
                                    MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("1-" + i)),
                    MemoryTree.random(i, 200));
        }
    }

    private static List<ObjectKey> keys(MemoryStorage in, String prefix) throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        in.list(prefix, object -> keys.add(object.key()));
        return keys;
    }

    private record Chunk(ObjectKey pack, int offset, int storedLength) {
        void flip(MemoryStorage in) {
            byte[] bytes = in.bytes(pack);
            bytes[offset + 60 + storedLength / 2] ^= 1;
            in.damage(pack, bytes);
        }
    }

    private List<Chunk> chunks(ChunkKind kind) throws IOException {
        byte[] id = java.util.HexFormat.of().parseHex(repositoryId());
        List<Chunk> chunks = new ArrayList<>();
        List<ObjectInfo> packs = new ArrayList<>();
        storage.list("packs/", packs::add);
        for (ObjectInfo pack : packs) {
            Directory directory = PackFile.readDirectory(storage, RepositoryKeys.none(id), pack.key(), pack.length());
            for (int i = 0; i < directory.count(); i++) {
                if (directory.kindCode(i) == kind.code()) {
                    chunks.add(new Chunk(pack.key(), directory.offset(i), directory.storedLength(i)));
                }
            }
        }
        return chunks;
    }

    private String repositoryId() throws IOException {
        try (InputStream in = storage.open(new ObjectKey("lifeboat.json"), ByteRange.all())) {
            Matcher id = Pattern.compile("\"id\"\\s*:\\s*\"([0-9a-f]{32})\"")
                    .matcher(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
            assertThat(id.find()).isTrue();
            return id.group(1);
        }
    }

    @Test
    void lostPage_costsItsEntriesAndNoOthers() throws IOException {
        Snapshot snapshot;
        try (Repository repo = open(storage)) {
            snapshot = repo.backup(tree).run();
        }
        List<Chunk> pages = chunks(ChunkKind.PAGE);
        assertThat(pages).hasSizeGreaterThan(5);
        int ended = 0;
        int whole = 0;
        for (Chunk page : pages) {
            MemoryStorage damaged = storage.copy();
            page.flip(damaged);
            try (Repository repo = open(damaged)) {
                MemoryTree back = new MemoryTree();
                List<Problem> problems;
                try {
                    problems = repo.restore(snapshot).to(back).run().problems();
                } catch (BackupException.Corrupt e) {
                    // A page of which the node is whole never ends it.
                    ended++;
                    continue;
                }
                if (problems.isEmpty()) {
                    // One of pages: its node names them, too.
                    assertThat(back.lines()).isEqualTo(tree.lines());
                    whole++;
                    continue;
                }
                assertThat(problems).hasSize(1);
                Matcher lost = Pattern.compile("^(\\d+) entries from here on are lost")
                        .matcher(problems.get(0).detail());
                assertThat(lost.find()).as(problems.get(0).detail()).isTrue();
                assertThat(tree.lines()).containsAll(back.lines());
                assertThat(back.paths().size() + Integer.parseInt(lost.group(1)))
                        .isEqualTo(FILES);
                if (pages.indexOf(page) % 5 != 0) {
                    continue;
                }
                // A backup reads anew what the parent has lost.
                assertThat(repo.verify().readData().run().isClean()).isFalse();
                Snapshot next = repo.backup(tree).run();
                MemoryTree again = new MemoryTree();
                assertThat(repo.restore(next).to(again).run().problems()).isEmpty();
                assertThat(again.lines()).isEqualTo(tree.lines());
            }
        }
        assertThat(ended).isZero();
        assertThat(whole).isPositive();
    }

    /** Two backups of the same that did not know of each other: each chunk is there twice. */
    @Test
    void damagedChunk_isReadFromItsOtherCopy_whichOutlivesPrunes() throws IOException {
        open(storage).close();
        MemoryStorage other = storage.copy();
        try (Repository repo = open(storage)) {
            repo.backup(tree).run();
        }
        try (Repository repo = open(other)) {
            repo.backup(tree).run();
        }
        List<ObjectKey> mine = keys(storage, "packs/");
        for (ObjectKey key : keys(other, "")) {
            if (storage.find(key).isEmpty()) {
                storage.put(key, Content.of(other.bytes(key)), PutCondition.IF_ABSENT);
            }
        }
        for (List<ObjectKey> bad : List.of(mine, keys(other, "packs/"))) {
            MemoryStorage damaged = storage.copy();
            for (ObjectKey key : bad) {
                byte[] bytes = damaged.bytes(key);
                for (int i = 100; i < bytes.length - 20_000; i += 97) {
                    bytes[i] ^= 1;
                }
                damaged.damage(key, bytes);
            }
            try (Repository repo = open(damaged)) {
                assertRestores(repo, 2);
            }
            try (Repository repo = open(damaged)) {
                Verify.Verified verified = repo.verify().readData().run();
                assertThat(verified.findings())
                        .isNotEmpty()
                        .allMatch(f -> f.snapshot().isEmpty());
            }
            try (Repository repo = open(damaged)) {
                repo.prune(Retention.keepLast(1)).run();
                assertRestores(repo, 1);
                repo.repair().run();
                repo.prune(Retention.keepLast(1)).run();
                assertThat(repo.verify().readData().run().findings()).isEmpty();
                assertRestores(repo, 1);
                assertThat(keys(damaged, "packs/")).doesNotContainAnyElementsOf(bad);
            }
        }
    }

    /** A backup that stores again what was lost, at any time of a prune that had found it missing. */
    @Test
    void healedWhilePruning_staysHealed() throws IOException {
        MemoryTree other = new MemoryTree();
        for (int i = 0; i < 300; i++) {
            other.add(
                    Entry.file(EntryPath.of("other" + i), 0, MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("2-" + i)),
                    MemoryTree.random(100_000 + i, 400));
        }
        SnapshotSource second = NamedSource.of("second", sink -> {
            other.sendTo(sink);
        });
        for (int n = 1; n < 20; n++) {
            MemoryStorage lossy = new MemoryStorage();
            try (Repository repo = open(lossy)) {
                repo.backup(tree).run();
                repo.backup(second).run();
            }
            for (ObjectKey pack : keys(lossy, "packs/")) {
                if (lossy.bytes(pack).length > 100_000) {
                    lossy.delete(List.of(pack));
                }
            }
            int[] listings = {n};
            StorageTarget disturbed = new ForwardingStorageTarget(lossy) {
                @Override
                public void list(String prefix, Visitor visitor) throws IOException {
                    if (prefix.equals("packs/") && --listings[0] == 0) {
                        try (Repository healing = DamagedRepositoryTest.open(lossy)) {
                            healing.backup(tree).run();
                        }
                    }
                    super.list(prefix, visitor);
                }
            };
            try (Repository pruning =
                    Repository.at(disturbed).encryption(Encryption.none()).openOrCreate()) {
                pruning.prune(Retention.keepLast(5)).run();
            }
            try (Repository repo = open(lossy)) {
                for (Snapshot snapshot : repo.snapshots()) {
                    if (listings[0] <= 0 && snapshot.source().equals(tree.name())) {
                        MemoryTree back = new MemoryTree();
                        assertThat(repo.restore(snapshot).to(back).run().problems())
                                .as("listing " + n)
                                .isEmpty();
                        assertThat(back.lines()).isEqualTo(tree.lines());
                    }
                }
            }
        }
    }

    private void assertRestores(Repository repo, int snapshots) {
        assertThat(repo.snapshots()).hasSize(snapshots);
        for (Snapshot snapshot : repo.snapshots()) {
            MemoryTree back = new MemoryTree();
            assertThat(repo.restore(snapshot).to(back).run().problems()).isEmpty();
            assertThat(back.lines()).isEqualTo(tree.lines());
        }
    }
}
