package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.FaultyStorage;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What README says of packs that get lost, and of backups that die. */
@Timeout(120)
class LostPacksTest {
    private static final int LARGE = 10_000_000;

    private final MemoryStorage storage = new MemoryStorage();

    private static Repository open(StorageTarget in) {
        return Repository.at(in).encryption(Encryption.key(() -> new byte[32])).openOrCreate();
    }

    private static MemoryTree tree(int large) {
        MemoryTree tree = new MemoryTree();
        tree.add(
                Entry.file(EntryPath.of("large"), 0, MemoryTree.attributes(0644))
                        .withFingerprint(Optional.of("1-2")),
                MemoryTree.random(1, large));
        tree.add(
                Entry.file(EntryPath.of("small"), 0, MemoryTree.attributes(0644))
                        .withFingerprint(Optional.of("3-4")),
                MemoryTree.random(2, 1000));
        return tree;
    }

    private static void assertWhole(Repository repo, MemoryTree tree) {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        for (Snapshot snapshot : repo.snapshots()) {
            MemoryTree back = new MemoryTree();
            repo.restore(snapshot).to(back).run();
            assertThat(back.lines()).isEqualTo(tree.lines());
        }
    }

    @Test
    void lostPack_isNamedAndStoredAgainByTheNextBackup() throws IOException {
        MemoryTree tree = tree(5_000_000);
        try (Repository repo = open(storage)) {
            repo.backup(tree).run();
        }
        List<ObjectKey> packs = new ArrayList<>();
        storage.list("packs/", object -> packs.add(object.key()));
        assertThat(packs).hasSize(2);
        for (ObjectKey pack : packs) {
            MemoryStorage lossy = storage.copy();
            lossy.delete(List.of(pack));
            try (Repository repo = open(lossy)) {
                assertThat(repo.verify().run().findings()).isNotEmpty();
                // Nothing has changed in the source, and yet what is lost is read again.
                repo.backup(tree).run();
                assertWhole(repo, tree);
                assertThat(repo.snapshots()).hasSize(2);
            }
        }
    }

    @Test
    void backupThatDies_leavesWhatTheNextOneNeedNotStore() throws IOException {
        MemoryTree tree = tree(LARGE);
        open(storage).close();
        // Counted on a copy: the last call is the commit, the one before it puts the index.
        FaultyStorage counting = new FaultyStorage(storage.copy(), Integer.MAX_VALUE, false);
        try (Repository repo = open(counting)) {
            repo.backup(tree).run();
        }
        try (Repository repo = open(new FaultyStorage(storage, counting.calls() - 2, false))) {
            assertThatThrownBy(() -> repo.backup(tree).run()).isInstanceOf(BackupException.StorageFailed.class);
        }
        List<ObjectKey> indexes = new ArrayList<>();
        storage.list("index/", object -> indexes.add(object.key()));
        assertThat(indexes).isEmpty();
        try (Repository repo = open(storage)) {
            Snapshot next = repo.backup(tree).run();
            assertThat(next.stats().bytesStored()).isLessThan(1_000_000);
            assertWhole(repo, tree);
        }
    }
}
