package dev.lifeboat.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.oci.testkit.RegistryProxy;
import dev.lifeboat.oci.testkit.SampleImages;
import dev.lifeboat.oci.testkit.SampleImages.Pushed;
import dev.lifeboat.oci.testkit.TestKey;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.oci.testkit.TokenServer;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
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
}
