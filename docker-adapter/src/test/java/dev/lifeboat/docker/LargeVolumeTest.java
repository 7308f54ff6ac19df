package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Memory does not grow with the data: these tests run with -Xmx256m, as the parent POM says. */
@Tag("docker")
@RequiresRoot
@Timeout(900)
class LargeVolumeTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    @Test
    void fourGibibytes_fitIn256MiBOfHeap() {
        assertThat(Runtime.getRuntime().maxMemory()).as("heap").isLessThanOrEqualTo(256L << 20);
        String volume = engine.name("v");
        run("volume", "create", volume);
        // One file that does not compress, repeated, so that the test costs time and not much disk; and many small
        // ones.
        run(
                "run",
                "--rm",
                "-v",
                volume + ":/v",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "cd /v; head -c 67108864 /dev/urandom > /tmp/x; for i in $(seq 31); do cat /tmp/x; done > big1;"
                        + " for i in $(seq 33); do cat /tmp/x; done > big2; mkdir many; cd many;"
                        + " i=0; while [ $i -lt 20000 ]; do echo $i > f$i; i=$((i+1)); done");
        try (Docker docker = EngineFixture.docker();
                Repository repo = Repository.at(FileStorage.at(dir.resolve("backups")))
                        .encryption(Encryption.none())
                        .format(TarFormat.zstd(1))
                        .create()) {
            Snapshot snapshot = repo.backup(docker.volume(volume)).run();
            assertThat(snapshot.stats().contentBytes()).isGreaterThan(4L << 30);
            assertThat(snapshot.stats().entries()).isGreaterThan(20_000);
            String copy = engine.name("copy");
            repo.restore(snapshot).to(docker.newVolume(volume, copy)).run();
            assertThat(run(
                            "run",
                            "--rm",
                            "-v",
                            volume + ":/a:ro",
                            "-v",
                            copy + ":/b:ro",
                            EngineFixture.BUSYBOX,
                            "sh",
                            "-c",
                            "diff -r /a /b && echo same"))
                    .isEqualTo("same");
            assertThat(repo.verify().run().findings()).isEmpty();
        }
    }
}
