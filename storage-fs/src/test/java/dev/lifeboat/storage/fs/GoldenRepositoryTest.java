package dev.lifeboat.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Repositories as versions of the format have them, kept in {@code src/test/resources/golden}: whatever changes, they
 * are read.
 */
@Timeout(120)
class GoldenRepositoryTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private static Encryption encryption(String name) {
        return name.equals("encrypted-1") ? Encryption.passphrase(() -> "golden") : Encryption.none();
    }

    /** All that an entry can be, small. */
    private static MemoryTree tree(int version) throws IOException {
        MemoryTree tree = MemoryTree.ofEverything(true).copy();
        for (String large : List.of("dir/setuid", "link2", "sparse")) {
            tree.remove(EntryPath.of(large));
        }
        tree.add(
                Entry.file(EntryPath.of("changes"), 0, MemoryTree.attributes(0644))
                        .withFingerprint(Optional.of("a-" + version)),
                MemoryTree.random(version, 100));
        return tree;
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain-1", "encrypted-1"})
    void golden_isRead(String name) throws Exception {
        Shell.run(
                "cp", "-r", GOLDEN.resolve(name).toString(), dir.resolve("copy").toString());
        try (Repository repo = Repository.at(FileStorage.at(dir.resolve("copy")))
                .encryption(encryption(name))
                .open()) {
            List<Snapshot> snapshots = repo.snapshots();
            assertThat(snapshots).hasSize(name.equals("plain-1") ? 3 : 2);
            for (Snapshot snapshot : snapshots) {
                MemoryTree back = new MemoryTree();
                repo.restore(snapshot).to(back).run();
                int version = Integer.parseInt(snapshot.tags().get("version"));
                assertThat(back.lines()).isEqualTo(tree(version).lines());
            }
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            repo.backup(tree(9)).tag("version", "9").run();
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    /** What is kept is not made anew: run this only for a new version, and keep the old ones. */
    @Test
    void golden_canBeMade() throws IOException {
        make(dir.resolve("made"));
        assertThat(dir.resolve("made/encrypted-1/lifeboat.json")).exists();
    }

    private static void make(Path into) throws IOException {
        for (String name : List.of("plain-1", "encrypted-1")) {
            Path place = into.resolve(name);
            try (Repository repo = Repository.at(FileStorage.at(place))
                    .encryption(encryption(name))
                    .format(ChunkedFormat.create())
                    .create()) {
                repo.backup(tree(1)).tag("version", "1").run();
                repo.backup(tree(2)).tag("version", "2").run();
            }
            if (name.equals("plain-1")) {
                try (Repository repo = Repository.at(FileStorage.at(place))
                        .encryption(encryption(name))
                        .format(TarFormat.create())
                        .open()) {
                    repo.backup(tree(3)).tag("version", "3").run();
                }
            }
        }
    }

    /** Makes them: {@code <directory>}. */
    public static void main(String[] args) throws IOException {
        make(Path.of(args[0]));
    }
}
