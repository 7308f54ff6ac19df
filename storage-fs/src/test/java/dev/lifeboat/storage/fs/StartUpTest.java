package dev.lifeboat.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a process loads that makes small backups. */
@Timeout(120)
@RequiresRoot
class StartUpTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    /** Makes a backup and, once its file is old enough to be known as unchanged, another one: {@code <directory>}. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws InterruptedException {
            Path dir = Path.of(arguments[0]);
            for (int i = 0; i < 2; i++) {
                Thread.sleep(100);
                try (Repository repo = repository(dir)) {
                    repo.backup(DirectorySource.of(dir.resolve("source"))).run();
                }
            }
        }
    }

    private static Repository repository(Path dir) {
        return Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.passphrase(() -> "secret"))
                .openOrCreate();
    }

    /** Creating a repository needs classes that opening it does not. */
    @BeforeEach
    void create() throws Exception {
        Files.writeString(Files.createDirectories(dir.resolve("source")).resolve("file"), "content");
        repository(dir.path()).close();
    }

    private void backUp(String option) throws Exception {
        Path log = dir.resolve("log");
        Process process = ChildJvm.of(
                        Child.class, "128m", List.of(option), dir.path().toString())
                .redirectOutput(log.toFile())
                .start();
        boolean ended = process.waitFor(100, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        String said = Files.readString(log);
        assertThat(ended).as(said).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        try (Repository repo = repository(dir.path())) {
            assertThat(repo.snapshots()).hasSize(2);
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    /**
     * The first class of each is dear: the signature of a jar is verified, the recorder is set up, and the methods that
     * records inherit are made of method handles at run time, some 50 ms for ten records.
     */
    @Test
    void neitherBouncyCastleNorTheFlightRecorderNorMethodsOfRecords_areLoaded() throws Exception {
        Path classes = dir.resolve("classes");
        backUp("-Xlog:class+load:file=" + classes);
        assertThat(Files.readAllLines(classes))
                .anyMatch(line -> line.contains("dev.lifeboat.Repository "))
                .noneMatch(line -> line.contains("org.bouncycastle."))
                .noneMatch(line -> line.contains("jdk.jfr.internal."))
                .noneMatch(line -> line.contains("java.lang.runtime.ObjectMethods"));
    }

    @Test
    void recordingOfTheWholeProcess_hasTheOperation() throws Exception {
        Path recording = dir.resolve("recording.jfr");
        backUp("-XX:StartFlightRecording:filename=" + recording);
        Path jfr = Path.of(System.getProperty("java.home"), "bin", "jfr");
        assertThat(Shell.sh(jfr + " print --events dev.lifeboat.Operation " + recording))
                .contains("kind = \"Backup\"", "succeeded = true");
    }
}
