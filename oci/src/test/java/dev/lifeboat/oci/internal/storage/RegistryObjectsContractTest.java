package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.oci.internal.client.RegistryAddress;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.StorageTargetContract;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The contract on Debian's docker-registry. One client writes; {@code WriterLeaseTest} has several. */
@Tag("registry")
class RegistryObjectsContractTest extends StorageTargetContract {
    /** For a registry on this machine. */
    static final LeaseTiming SHORT = new LeaseTiming(
            Duration.ofMillis(300), Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(4));

    private static TestRegistry registry;
    private static int count;

    @BeforeAll
    static void start(@TempDir Path dir) throws Exception {
        registry = TestRegistry.plain(dir);
    }

    /** Each has two tags, and a page has 1000. */
    @Override
    protected int objectsOfSeveralPages() {
        return 505;
    }

    @AfterAll
    static void stop() {
        registry.close();
    }

    @Override
    protected StorageTarget newEmptyTarget() throws Exception {
        return new RegistryObjects(client(registry.url()), "contract/" + count++, SHORT);
    }

    static RegistryObjects objects(String url, LeaseTiming timing) throws IOException {
        return new RegistryObjects(client(url), "backups/shop", timing);
    }

    static RegistryClient client(String url) throws IOException {
        return RegistryClient.forPush(new RegistryClient.Settings(
                RegistryAddress.parse(url),
                Optional.empty(),
                true,
                List.of(),
                Duration.ofSeconds(2),
                Duration.ofSeconds(20)));
    }
}
