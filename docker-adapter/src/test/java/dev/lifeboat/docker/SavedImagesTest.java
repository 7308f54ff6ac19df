package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.oci.SavedImages;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code docker save} has written comes back, in the form that this engine writes. */
@Tag("docker")
class SavedImagesTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private String image(String name, String content) {
        String full = engine.name(name) + ":1";
        String base = engine.name("base-" + name);
        run("run", "--name", base, EngineFixture.BUSYBOX, "sh", "-c", "echo " + content + " > /mark");
        run("commit", "-m", "made", base, full);
        run("rm", base);
        engine.later("docker image rm -f " + full + " >/dev/null 2>&1 || true");
        return full;
    }

    @ParameterizedTest
    @ValueSource(strings = {"cat", "gzip -c"})
    void savedImages_comeBack(String compression) throws Exception {
        String web = image("web", "first");
        String db = image("db", "second");
        Path file = repository.scratch("saved");
        Shell.sh("docker save " + web + " " + db + " | " + compression + " > " + file);
        String ids = run("image", "inspect", "--format", "{{.Id}}", web, db);
        run("image", "rm", web, db);
        Snapshot snapshot = repository.backup(SavedImages.of(file));
        assertThat(snapshot.problems()).isEmpty();
        var restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().images())
                .run();
        assertThat(restored.problems()).isEmpty();
        assertThat(run("run", "--rm", web, "cat", "/mark")).isEqualTo("first");
        assertThat(run("run", "--rm", db, "cat", "/mark")).isEqualTo("second");
        assertThat(run("image", "inspect", "--format", "{{.Id}}", web, db)).isEqualTo(ids);
        // The same again stores nothing.
        assertThat(repository.backup(SavedImages.of(file)).stats().bytesRead()).isLessThan(20_000);
    }

    @Test
    void aTarThatIsCut_orIsNone_isRefused() throws Exception {
        Path file = repository.scratch("saved");
        Shell.sh("docker save " + EngineFixture.BUSYBOX + " > " + file);
        Shell.sh("truncate -s -300K " + file);
        assertThatThrownBy(() -> repository.backup(SavedImages.of(file))).hasRootCauseInstanceOf(IOException.class);
        Path other = repository.scratch("other");
        Shell.sh("tar -cf " + other + " -C " + Files.createDirectory(repository.scratch("empty")) + " .");
        assertThatThrownBy(() -> repository.backup(SavedImages.of(other))).hasMessageContaining("no images");
    }
}
