package dev.lifeboat.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.oci.registry.RegistryException;
import dev.lifeboat.oci.registry.RegistryException.Kind;
import dev.lifeboat.oci.testkit.RegistryProxy;
import dev.lifeboat.oci.testkit.SampleImages;
import dev.lifeboat.oci.testkit.SampleImages.Pushed;
import dev.lifeboat.oci.testkit.TestKey;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.oci.testkit.TokenServer;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Images that are allowed, and that few people have seen. */
@Tag("registry")
@Timeout(120)
class OddImagesTest {
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String DOCKER = "application/vnd.docker.distribution.manifest.v2+json";

    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private final Repository repository =
            Repository.at(new MemoryStorage()).encryption(Encryption.none()).create();

    private TestRegistry from;
    private TestRegistry to;
    private RegistryProxy proxy;
    private SampleImages samples;

    @BeforeEach
    void start() throws Exception {
        from = TestRegistry.plain(dir.resolve("from"));
        to = TestRegistry.plain(dir.resolve("to"));
        proxy = new RegistryProxy(to.url());
        samples = new SampleImages(from.url());
    }

    @AfterEach
    void repositoryIsWhole() {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
        proxy.close();
        to.close();
        from.close();
    }

    private Snapshot backup(String url) {
        return repository
                .backup(Registry.at(url).anonymous().image("shop/web:1"))
                .run();
    }

    private void push(Snapshot snapshot, String url) {
        repository
                .restore(snapshot)
                .to(Registry.at(url).anonymous().push("shop/web:1"))
                .run();
    }

    private Pushed config(String diffId) throws Exception {
        return samples.blob(
                "shop/web",
                "application/vnd.oci.image.config.v1+json",
                ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                                + diffId + "\"]}}")
                        .getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aLayerOfUnknownCompression_isKeptAsItIs() throws Exception {
        byte[] content = "no tar that anyone knows".getBytes(StandardCharsets.UTF_8);
        Pushed layer = samples.blob("shop/web", "application/vnd.oci.image.layer.v1.tar+zzz", content);
        Pushed manifest = samples.manifest(
                "shop/web",
                "1",
                MANIFEST,
                "{\"schemaVersion\":2,\"mediaType\":\"" + MANIFEST + "\",\"config\":"
                        + config(SampleImages.digest(content)).descriptor("") + ",\"layers\":[" + layer.descriptor("")
                        + "]}");
        Snapshot snapshot = backup(from.url());
        assertThat(snapshot.problems()).isEmpty();
        push(snapshot, to.url());
        assertThat(new SampleImages(to.url()).get("shop/web/manifests/1"))
                .isEqualTo(samples.get("shop/web/manifests/1"));
        assertThat(to.blobFile(layer.digest())).hasBinaryContent(content);
        assertThat(to.blobFile(manifest.digest())).exists();
    }

    @Test
    void aManifestOfUnknownType_isKeptAsItIs() throws Exception {
        byte[] odd = "{\"schemaVersion\":9,\"mediaType\":\"application/vnd.test.odd+json\", \"hello\" : [1]}\n"
                .getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        String[] type = {""};
        boolean[] captured = {false};
        proxy.setFault(exchange -> {
            boolean manifest = exchange.getRequestURI().getPath().contains("/manifests/");
            boolean put = exchange.getRequestMethod().equals("PUT");
            if (manifest && put) {
                type[0] = exchange.getRequestHeaders().getFirst("Content-Type");
                received.write(exchange.getRequestBody().readAllBytes());
                exchange.getResponseHeaders().set("Docker-Content-Digest", SampleImages.digest(odd));
                RegistryProxy.respond(exchange, 201, new byte[0]);
            } else if (manifest && !captured[0]) {
                exchange.getResponseHeaders().set("Content-Type", "application/vnd.test.odd+json");
                exchange.getResponseHeaders().set("Docker-Content-Digest", SampleImages.digest(odd));
                boolean get = exchange.getRequestMethod().equals("GET");
                RegistryProxy.respond(exchange, 200, get ? odd : new byte[0]);
            } else if (manifest) {
                RegistryProxy.respond(exchange, 404, new byte[0]);
            }
            return manifest;
        });
        Snapshot snapshot = backup(proxy.url());
        assertThat(snapshot.problems()).isEmpty();
        captured[0] = true;
        push(snapshot, proxy.url());
        assertThat(received.toByteArray()).isEqualTo(odd);
        assertThat(type[0]).isEqualTo("application/vnd.test.odd+json");
    }

    @Test
    void aForeignLayer_isLeftOutByName_andTheManifestKeepsItsUrl() throws Exception {
        String digest = "sha256:" + "ab".repeat(32);
        String foreign = "{\"mediaType\":\"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\",\"size\":5000,"
                + "\"digest\":\"" + digest + "\",\"urls\":[\"https://layers.test/one\"]}";
        Pushed own = samples.blob(
                "shop/web", "application/vnd.docker.image.rootfs.diff.tar.gzip", new byte[] {1, 2, 3, 4, 5});
        Pushed config = config(digest);
        samples.manifest(
                "shop/web",
                "1",
                DOCKER,
                "{\"schemaVersion\":2,\"mediaType\":\"" + DOCKER
                        + "\",\"config\":{\"mediaType\":\"application/vnd.docker.container.image.v1+json\",\"digest\":\""
                        + config.digest() + "\",\"size\":" + config.size() + "},\"layers\":[" + foreign + ","
                        + own.descriptor("") + "]}");
        Snapshot snapshot = backup(from.url());
        assertThat(snapshot.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.kind()).isEqualTo(Problem.Kind.SKIPPED))
                .satisfies(problem -> assertThat(problem.toString()).contains(digest));
        push(snapshot, to.url());
        assertThat(new SampleImages(to.url()).get("shop/web/manifests/1"))
                .isEqualTo(samples.get("shop/web/manifests/1"));
    }

    @Test
    void aTokenServerThatIsDown_isNamed() throws Exception {
        TestKey key = TestKey.create(dir.path());
        TokenServer tokens = new TokenServer(key, Map.of("writer", "secret"));
        try (TestRegistry registry = TestRegistry.token(dir.resolve("token"), key, tokens)) {
            tokens.close();
            Registry client = Registry.at(registry.name())
                    .trusting(key.certificateFile())
                    .withCredentials("writer", "secret")
                    .retryingFor(Duration.ofSeconds(1));
            assertThatThrownBy(
                            () -> repository.backup(client.image("shop/web:1")).run())
                    .cause()
                    .isInstanceOfSatisfying(
                            RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
                    .hasMessageContainingAll("token server of registry " + registry.name(), "it does not respond")
                    .hasMessageNotContaining("secret");
        }
    }
}
