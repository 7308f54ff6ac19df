package dev.lifeboat.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Processes whose directories for temporary files are mounted noexec, or read-only. */
@Timeout(120)
@RequiresRoot
class NativeLibrariesTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private Path bad = Path.of(".");
    private Path good = Path.of(".");

    /** Tries twice to open a repository in a directory, and then to back up the directory. Prints what fails. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            Path place = Path.of(arguments[0]);
            for (int i = 0; i < 2; i++) {
                String step = "open";
                try (Repository repo = Repository.at(FileStorage.at(place.resolve("repository")))
                        .encryption(Encryption.none())
                        .openOrCreate()) {
                    step = "back up";
                    repo.backup(DirectorySource.of(place)).run();
                    System.out.println("done");
                } catch (IllegalStateException e) {
                    System.out.println(step + ": " + e.getMessage());
                }
            }
        }
    }

    @BeforeEach
    void mount() throws Exception {
        bad = Files.createDirectories(dir.resolve("bad"));
        good = Files.createDirectories(dir.resolve("good"));
        Shell.run("mount", "-t", "tmpfs", "-o", "noexec", "none", bad.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.run("umount", bad.toString());
    }

    private List<String> run(String... options) throws Exception {
        Process process = ChildJvm.of(Child.class, "64m", List.of(options), good.toString())
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        List<String> lines = said.lines()
                .filter(line -> line.startsWith("open") || line.startsWith("back up") || line.equals("done"))
                .toList();
        assertThat(lines).as(said).hasSize(2);
        return lines;
    }

    @Test
    void zstd_cannotBeLoaded_isSaidBeforeAnythingElse() throws Exception {
        assertThat(run("-Djava.io.tmpdir=" + bad, "-Djna.tmpdir=" + good))
                .allSatisfy(line -> assertThat(line)
                        .startsWith("open: cannot load the native library of zstd-jni: ")
                        .contains(bad.toString())
                        .contains("-DZstdTempFolder=DIR")
                        .doesNotContain("Could not initialize class"));
        assertThat(good.resolve("repository")).doesNotExist();
    }

    @Test
    void zstd_withTheDirectoryThatTheMessageNames_isLoaded() throws Exception {
        assertThat(run("-Djava.io.tmpdir=" + bad, "-DZstdTempFolder=" + good, "-Djna.tmpdir=" + good))
                .containsExactly("done", "done");
    }

    @Test
    void jna_cannotBeLoaded_endsTheBackup() throws Exception {
        assertThat(run("-Djava.io.tmpdir=" + good, "-Djna.tmpdir=" + bad))
                .allSatisfy(line -> assertThat(line)
                        .startsWith("back up: cannot load the native library of JNA: ")
                        .contains("-Djna.tmpdir=DIR")
                        .doesNotContain("Could not initialize class"));
    }

    @Test
    void readOnlyDirectory_isNamedAsWell() throws Exception {
        Shell.run("mount", "-o", "remount,ro", bad.toString());

        assertThat(run("-Djava.io.tmpdir=" + bad, "-Djna.tmpdir=" + good))
                .allSatisfy(line -> assertThat(line).startsWith("open: ").contains("-DZstdTempFolder=DIR"));
    }
}
