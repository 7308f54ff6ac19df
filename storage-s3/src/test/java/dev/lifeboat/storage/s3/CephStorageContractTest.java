package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.StorageTargetContract;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/** Against Ceph's gateway, in a bucket with versions and Object Lock. */
@Tag("ceph")
class CephStorageContractTest extends StorageTargetContract {
    private final String bucket = TestCeph.newBucket(true);
    private int place;
    private final List<StorageTarget> others = new ArrayList<>();

    private StorageTarget client() {
        return TestCeph.at(bucket, "").prefix("place" + place).build();
    }

    @Override
    protected StorageTarget newEmptyTarget() {
        place++;
        return client();
    }

    @Override
    protected StorageTarget anotherClientOf(StorageTarget same) {
        if (others.size() < 8) {
            others.add(client());
        }
        return others.get(others.size() - 1);
    }

    @AfterEach
    void closeOthers() throws Exception {
        for (StorageTarget other : others) {
            other.close();
        }
    }
}
