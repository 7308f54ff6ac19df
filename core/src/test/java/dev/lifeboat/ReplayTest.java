package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whoever holds the store puts back what was removed: nothing comes back as something else, and what is not whole is
 * named.
 */
@Timeout(300)
class ReplayTest {
    private static final Encryption KEY = Encryption.key(() -> new byte[32]);

    static Stream<Arguments> repositories() {
        return Stream.of(
                Arguments.of(ChunkedFormat.create(), KEY),
                Arguments.of(ChunkedFormat.create(), Encryption.none()),
                Arguments.of(TarFormat.create(), Encryption.none()));
    }

    private static Repository open(MemoryStorage in, ArchiveFormat format, Encryption encryption) {
        return Repository.at(in).format(format).encryption(encryption).openOrCreate();
    }

    private static Set<ObjectKey> keys(MemoryStorage in) throws IOException {
        Set<ObjectKey> keys = new HashSet<>();
        in.list("", object -> keys.add(object.key()));
        return keys;
    }

    @ParameterizedTest
    @MethodSource("repositories")
    void oldObjects_putBackOneByOneAndAllTogether_areNeverTakenForOthers(ArchiveFormat format, Encryption encryption)
            throws IOException {
        // Every object that ever was, taken after each step.
        MemoryStorage storage = new MemoryStorage();
        MemoryStorage ever = new MemoryStorage();
        for (int version = 0; version < 6; version++) {
            try (Repository repo = open(storage, format, encryption)) {
                repo.backup(RepositoryContract.tree(version))
                        .tag("version", "" + version)
                        .run();
                takeAll(storage, ever);
                repo.prune(Retention.keepLast(2)).run();
                takeAll(storage, ever);
            }
        }
        Set<ObjectKey> removed = keys(ever);
        removed.removeAll(keys(storage));
        assertThat(removed).hasSizeGreaterThan(8);
        List<List<ObjectKey>> replays = new ArrayList<>();
        removed.forEach(key -> replays.add(List.of(key)));
        Stream.of("snapshots/", "sessions/", "packs/", "index/", "archives/", "deletions/", "completions/", "")
                .forEach(prefix -> replays.add(removed.stream()
                        .filter(key -> key.value().startsWith(prefix))
                        .toList()));
        for (List<ObjectKey> replayed : replays) {
            MemoryStorage attacked = storage.copy();
            for (ObjectKey key : replayed) {
                attacked.put(key, Content.of(ever.bytes(key)), PutCondition.IF_ABSENT);
            }
            try (Repository repo = open(attacked, format, encryption)) {
                Set<SnapshotId> named = new HashSet<>();
                repo.verify()
                        .readData()
                        .run()
                        .findings()
                        .forEach(f -> f.snapshot().ifPresent(named::add));
                for (Snapshot snapshot : repo.snapshots()) {
                    if (!named.contains(snapshot.id())) {
                        assertRight(repo, snapshot, replayed);
                    }
                }
                // What was not replayed goes on as if nothing had been.
                assertThat(named)
                        .noneMatch(id -> storage.find(RepositoryLayout.snapshot(id.value()))
                                .isPresent());
                Snapshot next = repo.backup(RepositoryContract.tree(7))
                        .tag("version", "7")
                        .run();
                assertRight(repo, next, replayed);
                repo.repair().run();
                repo.prune(Retention.keepLast(2))
                        .dropQuarantined()
                        .endBackupsOlderThan(java.time.Duration.ZERO)
                        .run();
                assertThat(repo.snapshots()).contains(next);
                for (Snapshot snapshot : repo.snapshots()) {
                    assertRight(repo, snapshot, replayed);
                }
                assertThat(repo.verify().readData().run().findings())
                        .as(replayed.toString())
                        .isEmpty();
            }
            attacked.checkAllClosed();
        }
    }

    private static void takeAll(MemoryStorage from, MemoryStorage into) throws IOException {
        for (ObjectKey key : keys(from)) {
            if (into.find(key).isEmpty()) {
                into.put(key, Content.of(from.bytes(key)), PutCondition.IF_ABSENT);
            }
        }
    }

    private static void assertRight(Repository repo, Snapshot snapshot, List<ObjectKey> replayed) {
        MemoryTree back = new MemoryTree();
        assertThat(repo.restore(snapshot).to(back).run().problems())
                .as(replayed.toString())
                .isEmpty();
        int version = Integer.parseInt(snapshot.tags().get("version"));
        assertThat(back.lines())
                .as(replayed.toString())
                .isEqualTo(RepositoryContract.tree(version).lines());
    }
}
