package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lifeboat.format.tar.TarSource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.Shell;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Backups that other tools have made of a volume become volumes. */
@Tag("docker")
class ImportedVolumeTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    /** What a container makes of a volume, as a script with {@code tar} does it. */
    private Path tarOf(String line, String compression) throws Exception {
        String volume = engine.name("made");
        run("volume", "create", volume);
        engine.later("docker volume rm -f " + volume + " >/dev/null");
        Path file = repository.scratch("volume.tar");
        Shell.sh("docker run --rm -v " + volume + ":/vol " + EngineFixture.BUSYBOX
                + " sh -c 'cd /vol && echo data > file && chmod 640 file && chown 70:70 file && mkdir -m 700 sub"
                + " && ln -s ../file sub/link && " + line + "' | " + compression + " > " + file);
        return file;
    }

    private void restoresInto(Snapshot snapshot, String volume) {
        String name = engine.name("restored");
        engine.later("docker volume rm -f " + name + " >/dev/null");
        var restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().newVolume(volume, name))
                .run();
        assertThat(restored.problems()).isEmpty();
        String seen = run(
                "run",
                "--rm",
                "-v",
                name + ":/vol",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "cd /vol && cat sub/link && stat -c %a:%u:%g file && stat -c %a sub");
        assertThat(seen).isEqualTo("data\n640:70:70\n700");
    }

    @Test
    void aTarOfTheRoot_asVackupAndDockerDesktopWriteIt() throws Exception {
        Path file = tarOf("tar -cf - .", "gzip");
        restoresInto(repository.backup(ImportedVolume.of("db", TarSource.of(file))), "db");
    }

    @Test
    void aTarWithTheVolumeBelowItsMountPoint_asOffenWritesIt() throws Exception {
        Path file = tarOf("mkdir -p /backup && cp -a /vol /backup/dbdata && tar -cf - /backup 2>/dev/null", "zstd -q");
        restoresInto(
                repository.backup(ImportedVolume.of("dbdata", TarSource.of(file).below("backup/dbdata"))), "dbdata");
    }

    @Test
    void aNameThatNoVolumeHas_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ImportedVolume.of("a/b", TarSource.of(Path.of("x"))));
    }
}
