package dev.lifeboat.storage.fs;

import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.StorageTargetContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileStorageContractTest extends StorageTargetContract {
    @TempDir
    Path dir;

    @Override
    protected StorageTarget newEmptyTarget() {
        return FileStorage.at(dir.resolve("store"));
    }

    @Override
    protected StorageTarget anotherClientOf(StorageTarget same) {
        return FileStorage.at(dir.resolve("store"));
    }
}
