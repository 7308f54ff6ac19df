package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class EncryptionTest {
    private static final Encryption OWNER = Encryption.passphrase(() -> "correct horse battery staple");
    private static final Encryption HOST = Encryption.key(() -> new byte[] {
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
        31, 32
    });
    private static final String MARK = "a-text-that-only-a-key-may-show";

    private final MemoryStorage storage = new MemoryStorage();

    private static Repository open(MemoryStorage storage, Encryption encryption) {
        return Repository.at(storage).encryption(encryption).open();
    }

    @AfterEach
    void verify() {
        storage.checkAllClosed();
        try (Repository repo = Repository.at(storage).encryption(OWNER).openOrCreate()) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    private static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        tree.add(Entry.directory(EntryPath.root(), MemoryTree.attributes(0755)));
        byte[] text = (MARK + " ").repeat(100).getBytes(StandardCharsets.UTF_8);
        tree.add(Entry.file(EntryPath.of(MARK), 0, MemoryTree.attributes(0600)), text);
        tree.add(Entry.file(EntryPath.of("large"), 0, MemoryTree.attributes(0600)), MemoryTree.random(1, 3_000_000));
        tree.add(Entry.file(EntryPath.of("changes"), 0, MemoryTree.attributes(0600)), MemoryTree.random(version, 2000));
        return tree;
    }

    /** A source that loses something, whose path only readers may know. */
    private static SnapshotSource troubled(int version) {
        return NamedSource.of("memory:tree", sink -> {
            tree(version).sendTo(sink);
            sink.report(new Problem(EntryPath.of(MARK), Problem.Kind.SKIPPED, "is " + MARK));
        });
    }

    private List<ObjectKey> keys(String prefix) throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(prefix, object -> keys.add(object.key()));
        return keys;
    }

    @Test
    void nothingReadableIsInTheStore() throws IOException {
        try (Repository repo = Repository.at(storage).encryption(OWNER).create()) {
            Snapshot snapshot = repo.backup(troubled(1)).tag("n", MARK).run();
            assertThat(snapshot.problems()).hasSize(1);
        }
        try (Repository again = open(storage, OWNER)) {
            assertThat(again.latest("memory:tree").problems().get(0).detail()).contains(MARK);
        }
        for (ObjectKey key : keys("")) {
            String text = new String(storage.bytes(key), StandardCharsets.ISO_8859_1);
            assertThat(text).as(key.value()).doesNotContain(MARK).doesNotContain("memory:tree");
        }
    }

    @Test
    void wrongSecret_isToldAndWritesNothing() throws IOException {
        Repository.at(storage).encryption(OWNER).create().close();
        int objects = keys("").size();
        for (Encryption wrong : List.of(Encryption.passphrase(() -> "wrong"), HOST, Encryption.none())) {
            assertThatThrownBy(() -> open(storage, wrong)).isInstanceOf(BackupException.WrongKey.class);
            assertThatThrownBy(() -> Repository.at(storage).encryption(wrong).openOrCreate())
                    .isInstanceOf(BackupException.WrongKey.class);
        }
        assertThat(keys("")).hasSize(objects);
        MemoryStorage plain = new MemoryStorage();
        Repository.at(plain).encryption(Encryption.none()).create().close();
        assertThatThrownBy(() -> open(plain, OWNER))
                .isInstanceOf(BackupException.WrongKey.class)
                .hasMessageContaining("not encrypted");
    }

    /** What restic, kopia and borg lack: a host that backs up and prunes, and cannot read. */
    @Test
    void writer_backsUpWithDeduplicationAndPrunes_andReadsNothing() {
        try (Repository owner = Repository.at(storage).encryption(OWNER).create()) {
            owner.keys().addWriter("host", HOST);
            owner.backup(tree(1)).run();
        }
        Snapshot last;
        try (Repository host = open(storage, HOST)) {
            assertThat(host.mayRead()).isFalse();
            last = host.backup(troubled(2)).run();
            // The large file is there already, though the host cannot open what is there.
            assertThat(last.stats().bytesStored()).isLessThan(50_000);
            assertThat(host.snapshots()).hasSize(2);
            assertThat(host.snapshot(last.id()).problems()).isEmpty();
            assertThatThrownBy(() -> host.restore(last).to(new MemoryTree()).run())
                    .isInstanceOf(BackupException.WrongKey.class);
            assertThatThrownBy(() -> host.diff(last, last).run()).isInstanceOf(BackupException.WrongKey.class);
            assertThatThrownBy(() -> host.keys().add("mine", Encryption.passphrase(() -> "x")))
                    .isInstanceOf(BackupException.WrongKey.class);
            assertThat(host.verify().readData().run().findings()).isEmpty();
            host.backup(tree(3)).run();
            Prune.Pruned pruned = host.prune(Retention.keepLast(1)).run();
            assertThat(pruned.removed()).hasSize(2);
            assertThat(host.verify().readData().run().findings()).isEmpty();
        }
        try (Repository owner = open(storage, OWNER)) {
            MemoryTree back = new MemoryTree();
            owner.restore(owner.latest("memory:tree")).to(back).run();
            assertThat(back.lines()).isEqualTo(tree(3).lines());
        }
    }

    @Test
    void keys_areAddedChangedAndRemoved() {
        Encryption second = Encryption.key(() -> new byte[32]);
        try (Repository repo = Repository.at(storage).encryption(OWNER).create()) {
            repo.backup(tree(1)).run();
            Keyring.Slot first = repo.keys().slots().get(0);
            assertThatThrownBy(() -> repo.keys().remove(first)).isInstanceOf(IllegalStateException.class);
            repo.keys().addWriter("host", HOST);
            assertThatThrownBy(() -> repo.keys().remove(first)).isInstanceOf(IllegalStateException.class);
            repo.keys().add("second", second);
            repo.keys().remove(first);
            assertThatThrownBy(() -> repo.keys().remove(first)).isInstanceOf(BackupException.NotFound.class);
            assertThat(repo.keys().slots()).extracting(Keyring.Slot::label).containsExactlyInAnyOrder("host", "second");
        }
        assertThatThrownBy(() -> open(storage, OWNER)).isInstanceOf(BackupException.WrongKey.class);
        try (Repository repo = open(storage, second)) {
            MemoryTree back = new MemoryTree();
            repo.restore(repo.latest("memory:tree")).to(back).run();
            assertThat(back.lines()).isEqualTo(tree(1).lines());
            repo.keys().add("owner", OWNER);
        }
    }

    @Test
    void whatIsNoSlotOfThisRepository_doesNotCount() {
        MemoryStorage other = new MemoryStorage();
        try (Repository repo = Repository.at(storage).encryption(OWNER).create();
                Repository foreign = Repository.at(other).encryption(HOST).create()) {
            ObjectKey planted =
                    new ObjectKey("keys/" + foreign.keys().slots().get(0).id());
            storage.damage(planted, other.bytes(planted));
            assertThat(repo.keys().slots()).hasSize(1);
            assertThatThrownBy(() -> repo.keys().remove(repo.keys().slots().get(0)))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> open(storage, HOST)).isInstanceOf(BackupException.WrongKey.class);
        }
    }

    /** Documents in each other's places, and parameters that another user chose. */
    @Test
    void documents_areBoundToTheirPlace() throws IOException {
        try (Repository repo = Repository.at(storage).encryption(OWNER).create()) {
            repo.backup(tree(1)).run();
            repo.backup(tree(2)).run();
        }
        MemoryStorage swapped = storage.copy();
        List<ObjectKey> outcomes = keys("snapshots/");
        swapped.damage(outcomes.get(0), storage.bytes(outcomes.get(1)));
        try (Repository repo = open(swapped, OWNER)) {
            assertThat(repo.snapshots()).hasSize(1);
            assertThat(repo.verify().run().findings()).isNotEmpty();
        }
        MemoryStorage retuned = storage.copy();
        ObjectKey descriptor = new ObjectKey("lifeboat.json");
        dev.lifeboat.internal.json.JsonObject json =
                dev.lifeboat.internal.json.JsonObject.parse(storage.bytes(descriptor), "descriptor");
        json.object("parameters").put("chunked/1.average", "2048");
        retuned.damage(descriptor, dev.lifeboat.internal.json.SealedDocument.seal(json.remove("sha256")));
        assertThatThrownBy(() -> open(retuned, OWNER)).isInstanceOf(BackupException.Corrupt.class);
    }

    /** A creation that died between key slot and descriptor. */
    @Test
    void creation_canBeDoneAgain() {
        Repository.at(storage).encryption(OWNER).create().close();
        MemoryStorage died = storage.copy();
        died.delete(List.of(new ObjectKey("lifeboat.json")));
        try (Repository repo = Repository.at(died).encryption(OWNER).openOrCreate()) {
            assertThat(repo.keys().slots()).hasSize(1);
            repo.backup(tree(1)).run();
            repo.prune(Retention.keepAll()).endBackupsOlderThan(Duration.ZERO).run();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }
}
