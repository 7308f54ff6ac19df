package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.ProcessesContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** Processes that share a bucket with versions. */
@Tag("ceph")
class CephProcessesTest extends ProcessesContract {
    @Override
    protected Class<? extends Opener> opener() {
        return Bucket.class;
    }

    @Override
    protected String newPlace(Path scratch) {
        return TestCeph.newBucket(true);
    }

    /** Opens it in each of them. */
    public static final class Bucket implements Opener {
        @Override
        public StorageTarget open(String place) {
            return TestCeph.at(place, "").build();
        }
    }
}
