package dev.lifeboat.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.oci.testkit.SampleImages;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tars of images in forms that no engine of the tests writes, and hostile ones. */
@Timeout(60)
class SavedImagesFormTest {
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private Path layout() throws IOException {
        return Files.createDirectories(dir.resolve("layout/blobs/sha256"))
                .getParent()
                .getParent();
    }

    private String blob(byte[] content) throws IOException {
        String digest = SampleImages.digest(content);
        Files.write(layout().resolve("blobs/sha256/" + digest.substring(7)), content);
        return digest;
    }

    private String blob(String json) throws IOException {
        return blob(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String descriptor(String type, String digest, String more) {
        return "{\"mediaType\":\"" + type + "\",\"digest\":\"" + digest + "\",\"size\":1" + more + "}";
    }

    private String config(String... diffIds) {
        return "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                + String.join("\",\"", diffIds) + "\"]}}";
    }

    private String image(String content) throws IOException {
        String layer = blob(content.getBytes(StandardCharsets.UTF_8));
        String config = blob(config(layer));
        return blob("{\"schemaVersion\":2,\"mediaType\":\"" + MANIFEST + "\",\"config\":"
                + descriptor("application/vnd.oci.image.config.v1+json", config, "") + ",\"layers\":["
                + descriptor("application/vnd.oci.image.layer.v1.tar", layer, "") + "]}");
    }

    private void index(String... descriptors) throws IOException {
        Files.writeString(
                layout().resolve("index.json"),
                "{\"schemaVersion\":2,\"manifests\":[" + String.join(",", descriptors) + "]}");
    }

    private MemoryTree imported() throws Exception {
        Path file = dir.resolve("images.tar");
        Shell.sh("tar -C " + layout() + " -cf " + file + " .");
        return MemoryTree.of(SavedImages.of(file));
    }

    @Test
    void anOciLayout_hasItsImagesUnderTheirNames() throws Exception {
        String one = image("one");
        String two = image("two");
        index(
                descriptor(
                        MANIFEST, one, ",\"annotations\":{\"io.containerd.image.name\":\"docker.io/library/one:1\"}"),
                descriptor(
                        MANIFEST, two, ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"r.example/two:2\"}"));
        MemoryTree tree = imported();
        assertThat(tree.problems()).isEmpty();
        assertThat(document(tree, one)).contains("\"one:1\"");
        assertThat(document(tree, two)).contains("\"r.example/two:2\"");
    }

    private static String document(MemoryTree tree, String digest) {
        return new String(
                tree.content(EntryPath.of("images/" + digest.substring(7) + "/image.json")), StandardCharsets.UTF_8);
    }

    @Test
    void anImageThatOnlyTheIndexLists_isThere_andOneThatIsNotWholeIsReported() throws Exception {
        String listed = image("listed");
        String other = image("other");
        String partial = image("partial");
        Files.delete(layout().resolve("blobs/sha256/"
                + SampleImages.digest("partial".getBytes(StandardCharsets.UTF_8))
                        .substring(7)));
        index(descriptor(MANIFEST, listed, ""), descriptor(MANIFEST, other, ""), descriptor(MANIFEST, partial, ""));
        String layer = SampleImages.digest("listed".getBytes(StandardCharsets.UTF_8));
        String config = SampleImages.digest(config(layer).getBytes(StandardCharsets.UTF_8));
        Files.writeString(
                layout().resolve("manifest.json"),
                "[{\"Config\":\"blobs/sha256/" + config.substring(7)
                        + "\",\"RepoTags\":[\"listed:1\"],\"Layers\":[\"blobs/sha256/" + layer.substring(7) + "\"]}]");
        MemoryTree tree = imported();
        assertThat(document(tree, listed)).contains("listed:1");
        assertThat(document(tree, other)).isNotEmpty();
        assertThat(tree.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.SKIPPED);
    }

    @Test
    void compressedLayersWithoutAManifest_areRefusedByName() throws Exception {
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
            out.write(1);
        }
        Files.write(layout().resolve("layer.tar.gz"), gzip.toByteArray());
        Files.writeString(layout().resolve("config"), config("sha256:" + "0".repeat(64)));
        Files.writeString(layout().resolve("manifest.json"), "[{\"Config\":\"config\",\"Layers\":[\"layer.tar.gz\"]}]");
        assertThatThrownBy(this::imported)
                .isInstanceOf(UnsupportedVersionException.class)
                .hasMessageContaining("compressed layers");
    }

    @Test
    void aBlobWithAnotherDigestThanItsName_andOneWithHoles_areRefused() throws Exception {
        index(descriptor(MANIFEST, image("x"), ""));
        Files.writeString(layout().resolve("blobs/sha256/" + "0".repeat(64)), "other");
        assertThatThrownBy(this::imported).isInstanceOf(DamagedException.class);
        Path file = dir.resolve("sparse.tar");
        Shell.sh("cd " + dir.path() + " && truncate -s 4T big && tar --sparse -cf " + file + " big");
        assertThatThrownBy(() -> MemoryTree.of(SavedImages.of(file)))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("holes");
    }

    @Test
    void indexesThatReferToEachOtherManyTimes_end() throws Exception {
        String below = image("x");
        for (int level = 0; level < 8; level++) {
            String child = descriptor("application/vnd.oci.image.index.v1+json", below, "");
            below = blob("{\"schemaVersion\":2,\"manifests\":[" + (child + ",").repeat(49) + child + "]}");
        }
        index(descriptor("application/vnd.oci.image.index.v1+json", below, ""));
        String config = blob(config("sha256:" + "0".repeat(64)));
        Files.writeString(
                layout().resolve("manifest.json"),
                "[{\"Config\":\"blobs/sha256/" + config.substring(7) + "\",\"Layers\":[]}]");
        assertThatThrownBy(this::imported).isInstanceOf(DamagedException.class);
    }
}
