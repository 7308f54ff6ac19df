package dev.lifeboat.storage.s3;

import java.util.UUID;
import org.junit.jupiter.api.Tag;

/** A repository in a bucket of Ceph's gateway that keeps versions, and could lock them. */
@Tag("ceph")
class CephRepositoryTest extends BucketRepositoryContract {
    private final String bucket = TestCeph.newBucket(true);

    @Override
    String newPlace() {
        return "place/" + UUID.randomUUID();
    }

    @Override
    S3Storage storage(String place) {
        return TestCeph.at(bucket, "").prefix(place).build();
    }
}
