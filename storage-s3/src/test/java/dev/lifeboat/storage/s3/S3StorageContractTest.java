package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.StorageTargetContract;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/** Against a real server. */
@Tag("s3")
class S3StorageContractTest extends StorageTargetContract {
    private String prefix = "";
    private final List<StorageTarget> others = new ArrayList<>();

    @Override
    protected StorageTarget newEmptyTarget() {
        prefix = TestServer.newPrefix();
        return TestServer.at(TestServer.endpoint(), prefix).build();
    }

    @Override
    protected StorageTarget anotherClientOf(StorageTarget same) {
        if (others.size() < 8) {
            others.add(TestServer.at(TestServer.endpoint(), prefix).build());
            return others.get(others.size() - 1);
        }
        return others.get(others.size() % 8);
    }

    /** S3Proxy keeps objects as files, and fails where a file would have to be a directory. */
    @Override
    protected boolean asksBelowObjects() {
        return false;
    }

    @AfterEach
    void closeOthers() throws Exception {
        for (StorageTarget other : others) {
            other.close();
        }
    }
}
