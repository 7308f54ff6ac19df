package dev.lifeboat.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The smallest heaps that docs/embed.md names: back up, back up again, verify, restore and prune 127 MB. */
@Timeout(300)
@RequiresRoot
class SmallHeapTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    /** Runs them: {@code <directory> <passphrase, or nothing>}. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            Encryption encryption =
                    arguments[1].isEmpty() ? Encryption.none() : Encryption.passphrase(() -> arguments[1]);
            try (Repository repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                    .encryption(encryption)
                    .openOrCreate()) {
                repo.backup(DirectorySource.of(dir.resolve("source"))).run();
                Files.write(dir.resolve("source/large-0"), new byte[3_000_000]);
                Snapshot second =
                        repo.backup(DirectorySource.of(dir.resolve("source"))).run();
                if (!repo.verify().readData().run().isClean()) {
                    throw new IllegalStateException("not clean");
                }
                repo.restore(second)
                        .to(DirectoryRestore.into(dir.resolve("restored")))
                        .run();
                repo.prune(Retention.keepLast(1)).run();
                if (!repo.verify().readData().run().isClean()) {
                    throw new IllegalStateException("not clean after the prune");
                }
            }
        }
    }

    private void fill() throws Exception {
        Path source = Files.createDirectories(dir.resolve("source"));
        Random random = new Random(1);
        byte[] bytes = new byte[1 << 20];
        for (int i = 0; i < 8; i++) {
            try (OutputStream out = Files.newOutputStream(source.resolve("large-" + i))) {
                for (int part = 0; part < 12; part++) {
                    random.nextBytes(bytes);
                    out.write(bytes);
                }
            }
        }
        for (int i = 0; i < 3000; i++) {
            byte[] small = new byte[random.nextInt(20_000)];
            random.nextBytes(small);
            Files.write(source.resolve("small-" + i), small);
        }
    }

    @ParameterizedTest
    @CsvSource({"64m, ''", "96m, secret"})
    void heap(String heap, String passphrase) throws Exception {
        fill();
        ChildJvm.run(Child.class, heap, dir.path(), 240, dir.path().toString(), passphrase);
        assertThat(Shell.sh("diff -r " + dir.resolve("source") + " " + dir.resolve("restored")))
                .isEmpty();
    }
}
