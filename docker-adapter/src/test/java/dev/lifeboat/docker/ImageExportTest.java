package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.oci.ImageExport;
import dev.lifeboat.oci.SavedImages;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Files of a snapshot as an image that this engine loads and runs. */
@Tag("docker")
@RequiresRoot
@Ability("files as an image")
class ImageExportTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    @Test
    void subtree_isLoadedAndRun_withItsAttributes() throws Exception {
        String image = engine.name("files") + ":1";
        engine.later("docker image rm -f " + image + " >/dev/null 2>&1 || true");
        Path files = Files.createDirectories(repository.scratch("files/app/bin"));
        String box = engine.name("box");
        run("create", "--name", box, EngineFixture.BUSYBOX);
        Path app = repository.scratch("files/app");
        run("cp", box + ":/bin/busybox", files.resolve("busybox").toString());
        Shell.sh("cd " + app + " && ln -s busybox bin/sh && mkdir data && echo hello > data/f && ln data/f data/hard"
                + " && chown 7:8 data/f && chmod 640 data/f && truncate -s 3M data/holes && echo x >> data/holes"
                + " && setfattr -n user.note -v kept data/f && echo gone > data/.wh.f");
        Snapshot snapshot = repository.backup(DirectorySource.of(repository.scratch("files")));
        Path tar = repository.scratch("image.tar");
        var restored = repository
                .get()
                .restore(snapshot)
                .subtree(EntryPath.of("app"))
                .to(ImageExport.to(tar, image).command("/bin/busybox", "cat", "/data/f"))
                .run();
        assertThat(restored.problems())
                .singleElement()
                .matches(problem -> problem.kind() == Problem.Kind.FAILED
                        && problem.path().toString().endsWith(".wh.f"));
        assertThat(run("load", "-i", tar.toString())).contains(image);
        assertThat(run("run", "--rm", image)).isEqualTo("hello");
        String script = "/bin/busybox stat -c '%u:%g %a %h' /data/f; /bin/busybox wc -c < /data/holes";
        assertThat(run("run", "--rm", image, "/bin/sh", "-c", script).lines()).containsExactly("7:8 640 2", "3145730");
        try (Stream<Path> left = Files.list(repository.scratch(""))) {
            assertThat(left.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.contains("lifeboat-layer") || name.contains("lifeboat-tmp"));
        }
        // The same files give the same image, and it is one that is read again.
        Path again = repository.scratch("again.tar");
        repository
                .get()
                .restore(snapshot)
                .subtree(EntryPath.of("app"))
                .to(ImageExport.to(again, image).command("/bin/busybox", "cat", "/data/f"))
                .run();
        assertThat(again).hasSameBinaryContentAs(tar);
        assertThat(repository.backup(SavedImages.of(again)).problems()).isEmpty();
    }

    @Test
    void namesAndPlatforms_areChecked() {
        Path tar = repository.scratch("image.tar");
        assertThatThrownBy(() -> ImageExport.to(tar, "Not A Name")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ImageExport.to(tar, "x@sha256:" + "0".repeat(64)))
                .hasMessageContaining("has a tag and no digest");
        assertThatThrownBy(() -> ImageExport.to(tar, "x:1").platform("linux"))
                .hasMessage("not a platform such as linux/amd64: linux");
    }
}
