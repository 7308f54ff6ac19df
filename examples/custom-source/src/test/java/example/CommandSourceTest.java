package example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.storage.fs.FileStorage;
import java.io.InputStream;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandSourceTest {
    @TempDir
    Path dir;

    private Repository repo;

    @BeforeEach
    void create() {
        repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.none())
                .create();
    }

    @AfterEach
    void verify() {
        assertThat(repo.verify().readData().run().isClean()).isTrue();
        repo.close();
    }

    @Test
    void output_isStored() throws Exception {
        Snapshot snapshot = repo.backup(new CommandSource("hello", "sh", "-c", "echo hello")).run();
        try (SnapshotTree tree = repo.browse(snapshot);
                InputStream in = tree.open(EntryPath.of("hello"))) {
            assertThat(new String(in.readAllBytes())).isEqualTo("hello\n");
        }
    }

    @Test
    void failingCommand_leavesNoSnapshot() {
        assertThatThrownBy(() -> repo.backup(new CommandSource("dump", "sh", "-c", "echo half; exit 3"))
                        .run())
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("exit code 3");
        assertThat(repo.snapshots()).isEmpty();
    }
}
