package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.CountingStorage;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tags that are changed after the backup. */
@Timeout(60)
class TagsTest {
    private final MemoryStorage storage = new MemoryStorage();

    private Repository openOrCreate() {
        return Repository.at(storage).encryption(Encryption.none()).openOrCreate();
    }

    private static Snapshot backup(Repository repo, String series, int content) {
        MemoryTree tree = new MemoryTree()
                .add(
                        Entry.file(EntryPath.of("file"), 1000, MemoryTree.attributes(0644)),
                        MemoryTree.random(content, 1000));
        return repo.backup(NamedSource.of(series, tree)).tag("made", "1").run();
    }

    private List<ObjectKey> keys(String prefix) throws Exception {
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(prefix, object -> keys.add(object.key()));
        return keys;
    }

    @AfterEach
    void verify() {
        try (Repository repo = openOrCreate()) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tags_areSetReplacedAndRemoved_andSeenByOthers(boolean encrypted) {
        MemoryStorage store = new MemoryStorage();
        Encryption encryption = encrypted ? Encryption.passphrase(() -> "secret") : Encryption.none();
        try (Repository repo = Repository.at(store).encryption(encryption).create();
                Repository other = Repository.at(store).encryption(encryption).open()) {
            Snapshot snapshot = backup(repo, "a", 1);
            Snapshot untouched = backup(repo, "a", 2);
            assertThat(other.snapshots()).hasSize(2);

            assertThat(repo.tag(snapshot, "keep", "yes").tags()).isEqualTo(Map.of("made", "1", "keep", "yes"));
            repo.tag(snapshot, "made", "2");
            other.untag(snapshot, "keep");
            other.tag(snapshot, "by", "other");

            for (Repository each : List.of(repo, other)) {
                assertThat(each.snapshot(snapshot.id()).tags()).isEqualTo(Map.of("made", "2", "by", "other"));
                assertThat(each.snapshots("a").get(1).tags()).isEqualTo(Map.of("made", "2", "by", "other"));
                assertThat(each.snapshots().get(0)).isEqualTo(untouched);
            }
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    /** The last change wins, also one of a host whose clock is behind, or that stands still. */
    @Test
    void changes_areOrdered_whateverTheClocksSay() {
        Clock behind = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
        try (Repository repo = openOrCreate();
                Repository other = Repository.at(storage)
                        .encryption(Encryption.none())
                        .clock(behind)
                        .open()) {
            Snapshot snapshot = backup(repo, "a", 1);
            for (int i = 0; i < 20; i++) {
                Repository each = i % 3 == 0 ? repo : other;
                each.tag(snapshot, "n", "" + i);
                assertThat(each.untag(snapshot, "n").tags()).doesNotContainKey("n");
                assertThat(each.tag(snapshot, "n", "" + i).tags()).containsEntry("n", "" + i);
            }
            assertThat(repo.snapshot(snapshot.id()).tags()).containsEntry("n", "19");
        }
    }

    @Test
    void retention_knowsThem_andAPruneRemovesWhatItDoesNotNeed() throws Exception {
        try (Repository repo = openOrCreate()) {
            Snapshot first = backup(repo, "a", 1);
            Snapshot second = backup(repo, "a", 2);
            backup(repo, "a", 3);
            repo.tag(first, "keep", "");
            repo.tag(second, "keep", "");
            repo.untag(second, "keep");

            Prune.Pruned pruned =
                    repo.prune(Retention.keepLast(1).andTagged("keep")).run();

            assertThat(pruned.removed()).extracting(Snapshot::id).containsExactly(second.id());
            assertThat(keys("tags/"))
                    .singleElement()
                    .satisfies(
                            key -> assertThat(key.value()).contains(first.id().value()));
            assertThatThrownBy(() -> repo.tag(second, "keep", ""))
                    .isInstanceOf(BackupException.NotFound.class)
                    .hasMessageContaining(second.id().value());
            assertThat(keys("tags/")).hasSize(1);

            repo.prune(Retention.keepLast(1)).run();

            assertThat(repo.snapshots()).hasSize(1);
            assertThat(keys("tags/")).isEmpty();
        }
    }

    @Test
    void dryRun_removesNone() throws Exception {
        try (Repository repo = openOrCreate()) {
            repo.tag(backup(repo, "a", 1), "b", "c");
            backup(repo, "a", 2);
            repo.prune(Retention.keepLast(1)).dryRun().run();
            assertThat(keys("tags/")).hasSize(1);
        }
    }

    /** A prune that cannot read a tag must not remove what it may keep. */
    @Test
    void damagedChange_isFound_stopsPrunes_andIsQuarantined() throws Exception {
        try (Repository repo = openOrCreate()) {
            Snapshot first = backup(repo, "a", 1);
            backup(repo, "a", 2);
            repo.tag(first, "keep", "");
            repo.tag(first, "other", "1");
            ObjectKey damaged = keys("tags/").get(0);
            storage.damage(damaged, new byte[10]);
        }
        try (Repository repo = openOrCreate()) {
            ObjectKey damaged = repo.verify().run().findings().get(0).object().orElseThrow();
            assertThat(damaged.value()).startsWith("tags/");
            assertThat(repo.snapshots()).hasSize(2);
            assertThatThrownBy(() ->
                            repo.prune(Retention.keepLast(1).andTagged("keep")).run())
                    .isInstanceOf(BackupException.Corrupt.class)
                    .hasMessageContaining(damaged.value());

            Repair.Repaired repaired = repo.repair().run();

            assertThat(repaired.quarantined())
                    .singleElement()
                    .satisfies(key -> assertThat(key.value()).startsWith("quarantine/tags/"));
            assertThat(repo.repair().run().isClean()).isTrue();
        }
    }

    @Test
    void changeOfAnotherSnapshot_inItsPlace_isDamage() throws Exception {
        try (Repository repo = Repository.at(storage)
                .encryption(Encryption.passphrase(() -> "secret"))
                .create()) {
            Snapshot first = backup(repo, "a", 1);
            repo.tag(backup(repo, "a", 2), "keep", "");
            ObjectKey key = keys("tags/").get(0);
            ObjectKey place = new ObjectKey(
                    key.value().replaceFirst("/[0-9a-f]{32}/", "/" + first.id().value() + "/"));
            storage.put(place, Content.of(storage.bytes(key)), PutCondition.ALWAYS);
            assertThat(repo.snapshot(first.id()).tags()).doesNotContainKey("keep");
            assertThat(repo.verify().run().findings()).hasSize(1);
            repo.repair().run();
            assertThat(repo.verify().run().findings()).isEmpty();
        }
        storage.delete(keys(""));
    }

    @Test
    void replicas_haveThem_andLoseThemAsThePrimaryDoes() throws Exception {
        MemoryStorage replica = new MemoryStorage();
        try (Repository repo = Repository.at(storage)
                .replica(replica)
                .waitForReplicas(Duration.ofSeconds(30))
                .encryption(Encryption.none())
                .create()) {
            Snapshot snapshot = backup(repo, "a", 1);
            backup(repo, "a", 2);
            repo.tag(snapshot, "keep", "");
            repo.syncReplicas().run();
            try (Repository copy =
                    Repository.at(replica.copy()).encryption(Encryption.none()).open()) {
                assertThat(copy.snapshot(snapshot.id()).tags()).containsKey("keep");
            }
            repo.prune(Retention.keepLast(1)).run();
            repo.syncReplicas().run();
            List<ObjectKey> left = new ArrayList<>();
            replica.list("tags/", object -> left.add(object.key()));
            assertThat(left).isEmpty();
        }
    }

    @Test
    void store_thatFails_leavesTheTagsAsTheyWere() {
        Snapshot snapshot;
        try (Repository repo = openOrCreate()) {
            snapshot = backup(repo, "a", 1);
        }
        StorageTarget full = new ForwardingStorageTarget(storage) {
            @Override
            public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
                throw new IOException("full");
            }
        };
        try (Repository repo = Repository.at(full).encryption(Encryption.none()).open()) {
            assertThatThrownBy(() -> repo.tag(snapshot, "a", "b")).isInstanceOf(BackupException.StorageFailed.class);
        }
        try (Repository repo = openOrCreate()) {
            assertThat(repo.snapshots().get(0).tags()).isEqualTo(Map.of("made", "1"));
        }
    }

    @Test
    void manyChanges_areReadConcurrently_andOnce() {
        try (Repository repo = openOrCreate()) {
            List<Snapshot> snapshots = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                snapshots.add(backup(repo, "a", i));
                for (int change = 0; change < 20; change++) {
                    repo.tag(snapshots.get(i), "n" + change, "" + i);
                }
            }
        }
        CountingStorage counted = CountingStorage.of(storage);
        try (Repository repo =
                Repository.at(counted).encryption(Encryption.none()).open()) {
            assertThat(repo.snapshots()).allMatch(snapshot -> snapshot.tags().size() == 21);
            long gets = counted.calls().gets();
            assertThat(repo.snapshots()).hasSize(5);
            assertThat(counted.calls().gets()).isEqualTo(gets);
        }
    }

    @Test
    void wrongNames_areRefused() {
        try (Repository repo = openOrCreate()) {
            Snapshot snapshot = backup(repo, "a", 1);
            for (String name : new String[] {"", "x".repeat(256)}) {
                assertThatThrownBy(() -> repo.tag(snapshot, name, "")).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }
}
