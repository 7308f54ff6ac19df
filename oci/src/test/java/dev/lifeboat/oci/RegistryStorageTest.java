package dev.lifeboat.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.oci.testkit.RegistryProxy;
import dev.lifeboat.oci.testkit.TestKey;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.oci.testkit.TokenServer;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whole repositories in real registries. */
@Tag("registry")
@Timeout(180)
class RegistryStorageTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private void write(String name, int seed, int length) throws IOException {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        Files.write(Files.createDirectories(dir.resolve("files")).resolve(name), bytes);
    }

    private Snapshot backup(Repository repository) throws Exception {
        return repository
                .backup(DirectorySource.of(dir.resolve("files")).named("files"))
                .run();
    }

    private void restoreAndCompare(Repository repository, Snapshot snapshot, String into) throws Exception {
        repository
                .restore(snapshot)
                .to(DirectoryRestore.into(dir.resolve(into)))
                .run();
        try (var files = Files.list(dir.resolve("files"))) {
            for (Path file : files.toList()) {
                assertThat(dir.resolve(into).resolve(file.getFileName().toString()))
                        .hasSameBinaryContentAs(file);
            }
        }
    }

    @Test
    void aRepository_livesThroughRestarts_pruneAndGarbageCollection() throws Exception {
        try (TestRegistry registry = TestRegistry.plain(dir.resolve("registry"));
                RegistryProxy proxy = new RegistryProxy(registry.url())) {
            AtomicInteger blobs = new AtomicInteger();
            proxy.setFault(exchange -> {
                boolean upload = exchange.getRequestMethod().equals("PUT")
                        && exchange.getRequestURI().getPath().contains("/blobs/uploads/");
                if (upload && blobs.incrementAndGet() == 6) {
                    registry.kill();
                    registry.start();
                }
                return false;
            });
            Registry place = Registry.at(proxy.url()).anonymous();
            write("large", 1, 8_000_000);
            write("small", 2, 10_000);
            try (Repository repository = Repository.at(place.storage("backups/shop"))
                    .encryption(Encryption.passphrase(() -> "secret"))
                    .create()) {
                backup(repository);
                assertThat(blobs.get()).isGreaterThan(6);
                proxy.setFault(exchange -> false);
                long before = registry.storedBytes();
                write("large", 3, 5_000_000);
                Snapshot second = backup(repository);
                repository.prune(Retention.keepLast(1)).run();
                registry.collectGarbage();
                assertThat(registry.storedBytes())
                        .as("bytes after the first version is gone, of %s before", before)
                        .isLessThan(before);
                assertThat(repository.verify().readData().run().findings()).isEmpty();
                restoreAndCompare(repository, second, "restored");
            }
            // By another process, after the first has given it back.
            try (Repository repository = Repository.at(place.storage("backups/shop"))
                    .encryption(Encryption.passphrase(() -> "secret"))
                    .open()) {
                write("small", 4, 20_000);
                Snapshot third = backup(repository);
                restoreAndCompare(repository, third, "restored-again");
                assertThat(repository.verify().readData().run().findings()).isEmpty();
            }
        }
    }

    @Test
    void throughTlsAndTokens_whoMayOnlyPullRestores_andDoesNotStore() throws Exception {
        TestKey key = TestKey.create(dir.path());
        try (TokenServer tokens = new TokenServer(key, Map.of("writer", "secret", "reader", "other"));
                TestRegistry registry = TestRegistry.token(dir.resolve("registry"), key, tokens)) {
            Registry place = Registry.at(registry.name()).trusting(key.certificateFile());
            write("file", 1, 100_000);
            Snapshot snapshot;
            try (Repository repository = Repository.at(
                            place.withCredentials("writer", "secret").storage("backups/shop"))
                    .encryption(Encryption.none())
                    .create()) {
                snapshot = backup(repository);
                assertThat(repository.verify().readData().run().findings()).isEmpty();
            }
            try (Repository repository = Repository.at(
                            place.withCredentials("reader", "other").storage("backups/shop"))
                    .encryption(Encryption.none())
                    .open()) {
                restoreAndCompare(repository, snapshot, "restored");
                assertThatThrownBy(() -> backup(repository)).hasMessageContainingAll("store ", registry.name());
            }
        }
    }

    @Test
    void aRegistryThatDeletesNothing_saysSo_andKeepsAll() throws Exception {
        try (TestRegistry registry = TestRegistry.plain(dir.resolve("registry"))) {
            write("file", 1, 100_000);
            try (Repository repository = Repository.at(
                            Registry.at(registry.url()).anonymous().storage("shop"))
                    .encryption(Encryption.none())
                    .create()) {
                backup(repository);
                write("file", 2, 100_000);
                Snapshot second = backup(repository);
                registry.forbidDeletion();
                assertThatThrownBy(() -> repository.prune(Retention.keepLast(1)).run())
                        .hasMessageContaining("deletion has to be enabled in the registry");
                restoreAndCompare(repository, second, "restored");
                assertThat(repository.verify().readData().run().findings()).isEmpty();
            }
        }
    }

    @Test
    void aNameThatNoRegistryTakes_isRefused() {
        assertThatThrownBy(() -> Registry.at("registry.example:5000").storage("Backups:1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("backups/shop");
    }
}
