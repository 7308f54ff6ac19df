package dev.lifeboat.oci.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.registry.RegistryException;
import dev.lifeboat.oci.testkit.RegistryProxy;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a kill between two requests, other users of the registry, and damage leave behind. */
@Tag("registry")
@Timeout(120)
class RegistryObjectsTest {
    private static final ObjectKey KEY = new ObjectKey("packs/ab/abcd");

    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private TestRegistry registry;
    private RegistryProxy proxy;
    private RegistryObjects objects;
    private RegistryClient client;

    @BeforeEach
    void start() throws Exception {
        registry = TestRegistry.plain(dir.resolve("registry"));
        proxy = new RegistryProxy(registry.url());
        objects = RegistryObjectsContractTest.objects(proxy.url(), RegistryObjectsContractTest.SHORT);
        client = RegistryObjectsContractTest.client(registry.url());
    }

    @AfterEach
    void stop() {
        objects.close();
        proxy.close();
        registry.close();
    }

    private void put(int length, PutCondition condition) throws IOException {
        objects.put(KEY, Content.of(new byte[length]), condition);
    }

    private List<String> list() throws IOException {
        List<String> all = new ArrayList<>();
        objects.list("", object -> all.add(object.key() + " " + object.length()));
        return all;
    }

    /** The requests from the second one on that names an object fail, as if the process was killed. */
    private void failNaming(int after) {
        int[] count = {0};
        proxy.setFault(exchange -> {
            boolean naming = List.of("PUT", "DELETE").contains(exchange.getRequestMethod())
                    && exchange.getRequestURI().getPath().contains("/manifests/")
                    && !exchange.getRequestURI().getPath().contains(WriterLease.TAG);
            if (naming && count[0]++ >= after) {
                RegistryProxy.respond(exchange, 400, new byte[0]);
                return true;
            }
            return false;
        });
    }

    @Test
    void aPutThatBreaksOff_leavesTheOldState_alsoInListings() throws Exception {
        for (int after = 0; after < 2; after++) {
            failNaming(after);
            assertThatThrownBy(() -> put(10, PutCondition.IF_ABSENT)).isInstanceOf(RegistryException.class);
            assertThat(list()).isEmpty();
            assertThat(objects.find(KEY)).isEmpty();
        }
        proxy.setFault(exchange -> false);
        put(20, PutCondition.IF_ABSENT);
        assertThat(list()).containsExactly("packs/ab/abcd 20");
        for (int after = 0; after < 2; after++) {
            failNaming(after);
            assertThatThrownBy(() -> put(30, PutCondition.ALWAYS)).isInstanceOf(RegistryException.class);
            assertThat(list()).containsExactly("packs/ab/abcd 20");
        }
        // The old manifest cannot be removed.
        failNaming(2);
        put(40, PutCondition.ALWAYS);
        assertThat(list()).containsExactly("packs/ab/abcd 40");
        assertThat(objects.find(KEY)).map(ObjectInfo::length).contains(40L);
        proxy.setFault(exchange -> false);
        objects.delete(List.of(KEY));
        assertThat(list()).isEmpty();
        put(50, PutCondition.IF_ABSENT);
        assertThat(list()).containsExactly("packs/ab/abcd 50");
    }

    @Test
    void tagsOfOthers_areNotObjects() throws Exception {
        put(10, PutCondition.IF_ABSENT);
        client.upload("backups/shop", ObjectManifest.EMPTY_DIGEST, Body.of(ObjectManifest.EMPTY));
        Manifest foreign = ObjectManifest.note("application/vnd.test", JsonObject.create());
        for (String tag : List.of("latest", "Kubernetes", "Kfoo", "H" + "0".repeat(64), "IbarL1Tzz", "IL1T1")) {
            client.putManifest("backups/shop", tag, foreign);
        }
        // An object under the tag of another.
        client.putManifest(
                "backups/shop",
                "Kother",
                client.findManifest("backups/shop", KeyTag.of(KEY)).orElseThrow());
        assertThat(list()).containsExactly("packs/ab/abcd 10");
        assertThatThrownBy(() -> objects.find(new ObjectKey("other")))
                .hasMessageContainingAll("look up other", objects.location(), "under the tag of other");
    }

    @Test
    void tagsThatTheRegistryHasLeftBehind_areRemoved() throws Exception {
        put(10, PutCondition.IF_ABSENT);
        String digest = client.findDigest("backups/shop", KeyTag.of(KEY)).orElseThrow();
        // As docker-registry leaves it when it is stopped after the first of its two steps.
        Path revision = dir.resolve("registry/data/docker/registry/v2/repositories/backups/shop/_manifests/revisions/"
                + digest.replace(':', '/') + "/link");
        Files.delete(revision);
        assertThat(list()).as("what is left").containsExactly("packs/ab/abcd 10");
        assertThat(objects.find(KEY)).isEmpty();
        objects.delete(List.of(KEY, new ObjectKey("never")));
        assertThat(list()).isEmpty();
        put(20, PutCondition.IF_ABSENT);
        assertThat(list()).containsExactly("packs/ab/abcd 20");
    }

    @Test
    void aDamagedBlob_isNotTakenForRepaired() throws Exception {
        byte[] content = "content that is damaged".getBytes(StandardCharsets.UTF_8);
        objects.put(KEY, Content.of(content), PutCondition.IF_ABSENT);
        String digest = ObjectManifest.of(
                        client.findManifest("backups/shop", KeyTag.of(KEY)).orElseThrow())
                .digest();
        Files.writeString(registry.blobFile(digest), "CONTENT THAT IS DAMAGED");
        assertThatThrownBy(() -> objects.put(KEY, Content.of(content), PutCondition.ALWAYS))
                .isInstanceOf(RegistryException.class)
                .hasMessageContainingAll("store " + KEY, digest, "collect garbage");
    }

    @Test
    void afterClose_nothingIsRead_andFailuresNameTheObject() throws Exception {
        put(200_000, PutCondition.IF_ABSENT);
        InputStream in = objects.open(KEY, ByteRange.all());
        assertThat(in.read()).isZero();
        objects.close();
        objects.close();
        assertThatThrownBy(in::readAllBytes).hasMessageContainingAll("read " + KEY, "is closed");
        in.close();
        assertThatThrownBy(() -> objects.find(KEY)).hasMessageContaining("is closed");
        assertThatThrownBy(() -> put(1, PutCondition.ALWAYS)).hasMessageContaining("is closed");
    }
}
