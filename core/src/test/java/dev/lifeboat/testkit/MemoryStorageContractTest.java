package dev.lifeboat.testkit;

import dev.lifeboat.storage.StorageTarget;

class MemoryStorageContractTest extends StorageTargetContract {
    @Override
    protected StorageTarget newEmptyTarget() {
        return new MemoryStorage();
    }
}
