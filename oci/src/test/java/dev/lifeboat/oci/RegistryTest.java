package dev.lifeboat.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.oci.registry.RegistryException;
import dev.lifeboat.oci.testkit.RegistryProxy;
import dev.lifeboat.oci.testkit.SampleImages;
import dev.lifeboat.oci.testkit.SampleImages.Pushed;
import dev.lifeboat.oci.testkit.TestKey;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.oci.testkit.TokenServer;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Images between real registries. */
@Tag("registry")
@Timeout(180)
class RegistryTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private final MemoryStorage storage = new MemoryStorage();
    private final Repository repository =
            Repository.at(storage).encryption(Encryption.none()).create();

    private TestRegistry from;
    private RegistryProxy proxy;
    private SampleImages samples;

    @BeforeEach
    void start() throws Exception {
        from = TestRegistry.plain(dir.resolve("from"));
        proxy = new RegistryProxy(from.url());
        samples = new SampleImages(from.url());
    }

    @AfterEach
    void repositoryIsWhole() {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
        proxy.close();
        from.close();
    }

    private Registry source() {
        return Registry.at(proxy.url()).anonymous();
    }

    @Test
    void anIndexWithAllThatBelongsToIt_hasTheSameBytesInAnotherRegistry() throws Exception {
        Pushed index = samples.index("shop/web", "1.2", 1);
        samples.artifact("shop/web", "", "application/vnd.test.signature", index.descriptor(""), 7);
        Pushed signature = samples.artifact("shop/web", "", "application/vnd.test.sbom", index.descriptor(""), 8);
        samples.manifest(
                "shop/web",
                index.digest().replace(':', '-'),
                SampleImages.INDEX,
                "{\"schemaVersion\":2,\"mediaType\":\"" + SampleImages.INDEX + "\",\"manifests\":["
                        + signature.descriptor("") + "]}");

        Snapshot snapshot = repository.backup(source().image("shop/web:1.2")).run();
        TestKey key = TestKey.create(dir.path());
        try (TokenServer tokens = new TokenServer(key, Map.of("writer", "secret"));
                TestRegistry to = TestRegistry.token(dir.resolve("to"), key, tokens)) {
            Registry registry =
                    Registry.at(to.name()).trusting(key.certificateFile()).withCredentials("writer", "secret");
            List<RestoreChange> changes = new ArrayList<>();
            repository
                    .restore(snapshot)
                    .to(registry.push("copy/of/web:1"))
                    .onChange(changes::add)
                    .run();
            assertThat(changes).extracting(RestoreChange::action).containsOnly(RestoreChange.Action.CREATE);
            for (String digest : List.of(index.digest(), signature.digest())) {
                assertThat(to.blobFile(digest)).hasSameBinaryContentAs(from.blobFile(digest));
            }
            assertThat(dir.resolve(
                            "to/data/docker/registry/v2/repositories/copy/of/web/_manifests/tags/1/current/link"))
                    .hasContent(index.digest());
            // What was not listed as a referrer is not captured; one tag lists those that are.
            assertThat(to.storedBytes()).isLessThanOrEqualTo(from.storedBytes());

            MemoryStorage second = new MemoryStorage();
            try (Repository other =
                    Repository.at(second).encryption(Encryption.none()).create()) {
                Snapshot again = other.backup(registry.image("copy/of/web:1")).run();
                assertThat(again.problems()).isEmpty();
                assertThat(other.verify().readData().run().findings()).isEmpty();
            }
        }
    }

    private List<String> requested(String beginning) {
        return proxy.requests().stream()
                .filter(request -> request.startsWith(beginning))
                .toList();
    }

    @Test
    void aLayerThatAnEarlierSnapshotHas_isNotPulledAgain_andOneThatSeveralImagesHaveOnce() throws Exception {
        samples.image("shop/web", "1", "amd64", 5, 100_000, 50_000);
        samples.image("shop/web", "2", "amd64", 5, 100_000, 50_000, 70_000);
        repository.backup(source().images("shop", "shop/web:1", "shop/web:2")).run();
        List<String> blobs = requested("GET /v2/shop/web/blobs/");
        // Three layers; each configuration is read once to know the image and once to store it.
        assertThat(blobs).hasSize(3 + 2 * 2);
        assertThat(blobs.stream().distinct()).hasSize(3 + 2);

        samples.image("shop/web", "3", "amd64", 5, 100_000, 50_000, 70_000, 10_000);
        proxy.clear();
        Snapshot second = repository
                .backup(source().images("shop", "shop/web:1", "shop/web:2", "shop/web:3"))
                .run();
        assertThat(second.problems()).isEmpty();
        assertThat(requested("GET /v2/shop/web/blobs/").stream().distinct())
                .as("the configurations to know the images, and the new layer")
                .hasSize(3 + 1);
        assertThat(second.stats().bytesRead()).isLessThan(40_000);
    }

    @Test
    void anImageOfTwoRegistries_isStoredOnce() throws Exception {
        samples.image("shop/web", "1", "amd64", 5, 400_000);
        repository.backup(source().image("shop/web:1")).run();
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            new SampleImages(to.url()).image("other/name", "9", "amd64", 5, 400_000);
            Snapshot second = repository
                    .backup(Registry.at(to.url()).anonymous().image("other/name:9"))
                    .run();
            assertThat(second.stats().bytesStored()).isLessThan(20_000);
        }
    }

    @Test
    void whatTheRegistryHas_isNotSent_andWhatAnotherRepositoryHasIsMounted() throws Exception {
        samples.image("shop/web", "1", "amd64", 5, 9_000_000, 5_000_000);
        Snapshot snapshot = repository.backup(source().image("shop/web:1")).run();
        proxy.clear();
        List<RestoreChange> changes = new ArrayList<>();
        repository
                .restore(snapshot)
                .to(source().push("shop/web:1"))
                .onChange(changes::add)
                .run();
        assertThat(changes).isEmpty();
        assertThat(requested("PUT")).isEmpty();
        assertThat(requested("POST")).isEmpty();

        proxy.clear();
        repository.restore(snapshot).to(source().push("shop/copy:1")).run();
        assertThat(requested("PUT /v2/shop/copy/blobs/")).isEmpty();
        assertThat(requested("POST /v2/shop/copy/blobs/uploads/?mount=")).hasSize(3);
        assertThat(samples.get("shop/copy/manifests/1")).isEqualTo(samples.get("shop/web/manifests/1"));

        proxy.clear();
        List<RestoreChange> planned = new ArrayList<>();
        repository
                .restore(snapshot)
                .to(source().push("shop/third:1"))
                .dryRun()
                .onChange(planned::add)
                .run();
        assertThat(planned).extracting(RestoreChange::action).containsExactly(RestoreChange.Action.CREATE);
        assertThat(proxy.requests()).allMatch(request -> request.startsWith("HEAD"));
    }

    @Test
    void chosenPlatforms_leaveTheOthersOut_andBecomeANewIndexWhereTheRegistryWantsAWholeOne() throws Exception {
        Pushed index = samples.index("shop/web", "1", 1);
        Snapshot snapshot = repository
                .backup(source().image("shop/web:1").platforms("linux/arm64"))
                .run();
        assertThat(snapshot.problems()).isEmpty();
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            var result = repository
                    .restore(snapshot)
                    .to(Registry.at(to.url()).anonymous().push("web:1"))
                    .run();
            assertThat(result.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.DEGRADED);
            String pushed = new String(new SampleImages(to.url()).get("web/manifests/1"), StandardCharsets.UTF_8);
            assertThat(pushed).contains("arm64", "attestation-manifest").doesNotContain("amd64");
            assertThat(SampleImages.digest(pushed.getBytes(StandardCharsets.UTF_8)))
                    .isNotEqualTo(index.digest());
        }
    }

    @Test
    void aPlatformThatTheImageDoesNotHave_failsTheBackup() throws Exception {
        samples.index("shop/web", "1", 1);
        assertThatThrownBy(() -> repository
                        .backup(source().image("shop/web:1").platforms("linux/s390x"))
                        .run())
                .hasStackTraceContaining("it has [linux/amd64, linux/arm64]");
        assertThatThrownBy(() -> source().image("shop/web:1").platforms("amd64"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aWholeRegistry_comesBack() throws Exception {
        Pushed one = samples.index("shop/web", "1", 1);
        samples.dockerImage("shop/db", "15", 2, 60_000, 30_000);
        samples.image("shop/db", "16", "amd64", 2, 60_000, 30_000, 9_000);
        samples.image("other/tool", "old", "amd64", 3, 1000);
        samples.artifact("shop/chart", "0.1", "application/vnd.cncf.helm.config.v1+json", "", 4);
        Snapshot snapshot = repository
                .backup(source().catalog().repositories(name -> name.startsWith("shop/")))
                .run();
        assertThat(snapshot.problems()).isEmpty();
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            var result = repository
                    .restore(snapshot)
                    .to(Registry.at(to.url()).anonymous().push())
                    .run();
            assertThat(result.problems()).isEmpty();
            SampleImages there = new SampleImages(to.url());
            for (String path : List.of(
                    "shop/web/manifests/1",
                    "shop/web/manifests/" + one.digest(),
                    "shop/db/manifests/15",
                    "shop/db/manifests/16",
                    "shop/chart/manifests/0.1")) {
                assertThat(there.get(path)).isNotEmpty().isEqualTo(samples.get(path));
            }
            assertThat(there.get("other/tool/manifests/old")).isEmpty();
        }
    }

    @Test
    void severalImages_areNotPushedUnderOneName() throws Exception {
        samples.image("shop/web", "1", "amd64", 5, 1000);
        samples.image("shop/db", "1", "amd64", 6, 1000);
        Snapshot snapshot = repository
                .backup(source().images("shop", "shop/web:1", "shop/db:1"))
                .run();
        assertThatThrownBy(() -> repository
                        .restore(snapshot)
                        .to(source().push("all/of/it:1"))
                        .run())
                .hasMessageContaining("push() pushes each under its own name");
        assertThat(samples.get("all/of/it/manifests/1")).isEmpty();
    }

    @Test
    void aTagThatRefersToAnotherImage_isMoved_andSoIsReported() throws Exception {
        samples.image("shop/web", "1", "amd64", 5, 1000);
        Snapshot snapshot = repository.backup(source().image("shop/web:1")).run();
        byte[] first = samples.get("shop/web/manifests/1");
        samples.image("shop/web", "1", "amd64", 6, 1000);
        List<RestoreChange> changes = new ArrayList<>();
        repository.restore(snapshot).to(source().push()).onChange(changes::add).run();
        assertThat(changes).extracting(RestoreChange::action).containsExactly(RestoreChange.Action.REPLACE);
        assertThat(samples.get("shop/web/manifests/1")).isEqualTo(first);
    }

    @Test
    void anImageThatIsNotThere_failsTheBackup() {
        assertThatThrownBy(
                        () -> repository.backup(source().image("shop/none:1")).run())
                .hasMessageContaining("has no image shop/none:1");
        assertThat(repository.snapshots()).isEmpty();
    }

    @Test
    void aRegistryThatIsKilledAndStartedAgain_inTheMiddle_losesNothing() throws Exception {
        samples.image("shop/web", "1", "amd64", 5, 30_000_000, 20_000_000);
        byte[] manifest = samples.get("shop/web/manifests/1");
        Registry direct = Registry.at(from.url()).anonymous();
        Thread killer = killer(from, 300);
        Snapshot snapshot = repository.backup(direct.image("shop/web:1")).run();
        killer.join();
        assertThat(snapshot.problems()).isEmpty();
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            killer = killer(to, 300);
            repository
                    .restore(snapshot)
                    .to(Registry.at(to.url()).anonymous().push("web:1"))
                    .run();
            killer.join();
            assertThat(new SampleImages(to.url()).get("web/manifests/1")).isEqualTo(manifest);
        }
    }

    /** Kills a registry some times while it works, and starts it again each time. */
    private static Thread killer(TestRegistry registry, long millis) {
        Thread thread = new Thread(() -> {
            try {
                for (int i = 0; i < 3; i++) {
                    Thread.sleep(millis);
                    registry.kill();
                    Thread.sleep(millis);
                    registry.start();
                }
            } catch (InterruptedException | IOException e) {
                throw new AssertionError(e);
            }
        });
        thread.start();
        return thread;
    }

    @Test
    void aRegistryThatIsGone_leavesTheTagAsItWas() throws Exception {
        samples.image("shop/web", "1", "amd64", 5, 9_000_000, 8_000_000);
        Snapshot snapshot = repository.backup(source().image("shop/web:1")).run();
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"));
                RegistryProxy before = new RegistryProxy(to.url())) {
            SampleImages there = new SampleImages(to.url());
            there.image("web", "1", "amd64", 6, 1000);
            byte[] old = there.get("web/manifests/1");
            before.setFault(exchange -> {
                if (exchange.getRequestMethod().equals("PUT")
                        && exchange.getRequestURI().getPath().contains("/uploads/")
                        && before.requests().stream()
                                        .filter(request -> request.startsWith("PUT"))
                                        .count()
                                > 1) {
                    to.kill();
                }
                return false;
            });
            assertThatThrownBy(() -> repository
                            .restore(snapshot)
                            .to(Registry.at(before.url())
                                    .anonymous()
                                    .retryingFor(Duration.ZERO)
                                    .push("web:1"))
                            .run())
                    .rootCause()
                    .isInstanceOf(IOException.class);
            to.start();
            assertThat(there.get("web/manifests/1")).isEqualTo(old);
        }
    }

    @Test
    void credentials_areThoseThatAreGiven() throws Exception {
        TestKey key = TestKey.create(dir.path());
        samples.image("shop/web", "1", "amd64", 5, 100_000);
        Snapshot snapshot = repository.backup(source().image("shop/web:1")).run();
        try (TestRegistry to = TestRegistry.basic(dir.resolve("to"), key, Map.of("ann", "pass:word"))) {
            Registry registry = Registry.at(to.name()).trusting(key.certificateFile());
            assertThatThrownBy(() -> repository
                            .restore(snapshot)
                            .to(Registry.at(to.name()).push("web:1"))
                            .run())
                    .hasStackTraceContaining("trusting(..) names the certificate of its authority");
            for (Registry wrong : List.of(registry.withCredentials("ann", "wrong"), registry.anonymous())) {
                assertThatThrownBy(() -> repository
                                .restore(snapshot)
                                .to(wrong.push("web:1"))
                                .run())
                        .rootCause()
                        .isInstanceOfSatisfying(
                                RegistryException.class,
                                e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.UNAUTHORIZED))
                        .hasMessageNotContaining("wrong");
            }
            repository
                    .restore(snapshot)
                    .to(registry.withCredentials("ann", "pass:word").push("web:1"))
                    .run();
            assertThat(Files.readString(
                            dir.resolve("to/data/docker/registry/v2/repositories/web/_manifests/tags/1/current/link")))
                    .isEqualTo(SampleImages.digest(samples.get("shop/web/manifests/1")));
        }
    }

    @Test
    void tokens_areRenewed_coverMounts_andForbidWhatTheUserMayNot() throws Exception {
        TestKey key = TestKey.create(dir.path());
        samples.image("shop/web", "1", "amd64", 5, 9_000_000, 5_000_000);
        Snapshot snapshot = repository.backup(source().image("shop/web:1")).run();
        try (TokenServer tokens = new TokenServer(key, Map.of("writer", "secret", "reader", "secret"));
                TestRegistry to = TestRegistry.token(dir.resolve("to"), key, tokens)) {
            Registry registry = Registry.at(to.name()).trusting(key.certificateFile());
            Registry writer = registry.withCredentials("writer", "secret");
            repository.restore(snapshot).to(writer.push("team/web:1")).run();
            assertThat(tokens.requests()).contains("GET repository:team/web:pull,push");
            // They expire at once, so each request needs another.
            tokens.setSeconds(0);
            long stored = to.storedBytes();
            repository
                    .restore(repository.backup(writer.image("team/web:1")).run())
                    .to(writer.push("team/copy:1"))
                    .run();
            assertThat(tokens.requests()).contains("GET repository:team/copy:pull,push repository:team/web:pull");
            assertThat(to.storedBytes()).isEqualTo(stored);

            tokens.setSeconds(60);
            assertThatThrownBy(() -> repository
                            .restore(snapshot)
                            .to(registry.withCredentials("reader", "secret").push("team/new:1"))
                            .run())
                    .rootCause()
                    .hasMessageContaining("user 'reader'")
                    .hasMessageNotContaining("secret");
        }
    }
}
