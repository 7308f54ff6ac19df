package dev.lifeboat.oci.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which blobs belong to an image. */
class ImageContentTest {
    private final Map<String, String> blobs = new HashMap<>();

    private static String digest(int n) {
        return "sha256:" + String.format("%064d", n);
    }

    private static JsonObject json(String text) throws IOException {
        return JsonObject.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
    }

    private static JsonObject target(int n) throws IOException {
        return json("{'mediaType':'m','digest':'" + digest(n) + "','size':7,'annotations':{'a':'b'}}");
    }

    private void manifest(int n, int config, int layer) {
        blobs.put(
                digest(n),
                "{'config':{'digest':'" + digest(config) + "'},'layers':[{'digest':'" + digest(layer) + "'}]}");
        blobs.put(digest(config), "{}");
        blobs.put(digest(layer), "");
    }

    private ImageContent follow(int target, Optional<String> manifest) throws IOException {
        return ImageContent.follow(
                target(target),
                new ImageContent.Blobs() {
                    @Override
                    public boolean has(String digest) {
                        return blobs.containsKey(digest);
                    }

                    @Override
                    public JsonObject document(String digest) throws IOException {
                        return json(String.valueOf(blobs.get(digest)));
                    }
                },
                manifest,
                "linux/amd64");
    }

    private void index() {
        manifest(10, 11, 12);
        manifest(20, 21, 22);
        manifest(30, 31, 32);
        blobs.put(
                digest(1),
                "{'manifests':[" + child(20, "linux", "arm64") + "," + child(10, "linux", "amd64") + ","
                        + child(30, "unknown", "unknown") + "," + child(40, "linux", "s390x") + "]}");
    }

    private static String child(int n, String os, String architecture) {
        return "{'digest':'" + digest(n) + "','platform':{'os':'" + os + "','architecture':'" + architecture + "'}}";
    }

    @Test
    void manifest_hasItsConfigAndLayers() throws IOException {
        manifest(10, 11, 12);
        ImageContent content = follow(10, Optional.empty());
        assertThat(content.config()).isEqualTo(digest(11));
        assertThat(content.layers()).containsExactly(digest(12));
        assertThat(content.blobs()).containsExactlyInAnyOrder(digest(10), digest(11), digest(12));
        assertThat(content.targetDigest()).contains(digest(10));
        assertThat(content.target().orElseThrow().has("annotations")).isFalse();
        assertThat(ImageContent.from(content.toJson()).toJson().toBytes())
                .isEqualTo(content.toJson().toBytes());
    }

    @Test
    void index_hasAllThatIsThere_andUsesThePlatformOrTheManifestOfTheContainer() throws IOException {
        index();
        ImageContent content = follow(1, Optional.empty());
        assertThat(content.config()).isEqualTo(digest(11));
        assertThat(content.blobs()).hasSize(10).doesNotContain(digest(40));
        assertThat(follow(1, Optional.of(digest(20))).config()).isEqualTo(digest(21));
        blobs.remove(digest(22));
        assertThat(follow(1, Optional.empty()).blobs()).hasSize(7).doesNotContain(digest(20));
    }

    @Test
    void whatIsNotWhole_isRefused() throws IOException {
        manifest(10, 11, 12);
        blobs.remove(digest(12));
        assertThatThrownBy(() -> follow(10, Optional.empty())).hasMessageContaining("does not have all of image");
        index();
        blobs.remove(digest(12));
        assertThatThrownBy(() -> follow(1, Optional.empty())).hasMessageContaining("linux/amd64");
        JsonObject json = json("{'config':'sha256:../../etc','layers':[],'blobs':[]}");
        assertThatThrownBy(() -> ImageContent.from(json)).isInstanceOf(DamagedException.class);
    }
}
