package example;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrowseTest {
    @TempDir
    Path dir;

    @Test
    void directoriesAreListed_andFilesAreRead() throws Exception {
        Files.createDirectories(dir.resolve("source/conf"));
        Files.writeString(dir.resolve("source/conf/app"), "port=80\n");
        try (Repository repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.none())
                .create()) {
            Snapshot snapshot = repo.backup(DirectorySource.of(dir.resolve("source"))).run();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            Browse.show(repo, repo.snapshot(snapshot.id().toString()), EntryPath.of("conf"), out);
            Browse.show(repo, snapshot, EntryPath.of("conf/app"), out);
            assertThat(out).hasToString("FILE app\nport=80\n");
            assertThat(repo.verify().readData().run().isClean()).isTrue();
        }
    }
}
