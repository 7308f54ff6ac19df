package dev.lifeboat.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A repository in a scratch directory, and the engine of the tests. After each test the repository is verified. */
final class RepositoryFixture implements BeforeEachCallback, AfterEachCallback {
    private final ScratchDir dir = new ScratchDir();
    private @Nullable Docker docker;
    private @Nullable Repository repository;

    Repository get() {
        return Objects.requireNonNull(repository);
    }

    Docker docker() {
        return Objects.requireNonNull(docker);
    }

    Snapshot backup(SnapshotSource source) {
        return get().backup(source).run();
    }

    /** A path in the scratch directory, which is removed after the test. */
    Path scratch(String name) {
        return dir.resolve(name);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        dir.beforeEach(context);
        docker = EngineFixture.docker();
        repository = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.none())
                .create();
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        assertThat(get().verify().readData().run().findings()).isEmpty();
        get().close();
        docker().close();
        dir.afterEach(context);
    }
}
