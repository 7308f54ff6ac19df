package dev.lifeboat.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.oci.testkit.SampleImages;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A layer of five gigabytes passes through a small heap. */
@Tag("registry")
@Tag("large")
class LargeImageTest {
    private static final long BYTES = 5L << 30;

    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    /** Pulls an image into a repository, and pushes it to another registry. */
    static final class CopyImage {
        private CopyImage() {}

        public static void main(String[] arguments) throws IOException {
            try (Repository repository = Repository.at(FileStorage.at(Path.of(arguments[0])))
                    .encryption(Encryption.none())
                    .create()) {
                Snapshot snapshot = repository
                        .backup(Registry.at(arguments[1]).anonymous().image("big:1"))
                        .run();
                repository
                        .restore(snapshot)
                        .to(Registry.at(arguments[2]).anonymous().push("big:2"))
                        .run();
            }
        }
    }

    @Test
    void fiveGigabytes_passThroughASmallHeap() throws Exception {
        try (TestRegistry from = TestRegistry.plain(dir.resolve("from"));
                TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            SampleImages samples = new SampleImages(from.url());
            Path layer = dir.resolve("layer");
            samples.bigImage("big", "1", layer, BYTES);
            Files.delete(layer);
            ChildJvm.run(
                    CopyImage.class,
                    "128m",
                    dir.path(),
                    3600,
                    dir.resolve("repository").toString(),
                    from.url(),
                    to.url());
            assertThat(new SampleImages(to.url()).get("big/manifests/2")).isEqualTo(samples.get("big/manifests/1"));
            assertThat(to.storedBytes()).isEqualTo(from.storedBytes()).isGreaterThan(BYTES);
            try (Repository repository = Repository.at(FileStorage.at(dir.resolve("repository")))
                    .encryption(Encryption.none())
                    .open()) {
                assertThat(repository.verify().readData().run().findings()).isEqualTo(List.of());
            }
        }
    }
}
