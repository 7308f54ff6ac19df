package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Repository;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import dev.lifeboat.testkit.Shell;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

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

    /**
     * Gateway, store of objects and monitor are killed in the middle of a backup, and start again before what they
     * have stored: the backup ends well, and nothing is lost.
     */
    @Test
    void everythingKilled_inTheMiddle() throws Exception {
        String place = newPlace();
        try (Repository repo = open(place)) {
            Snapshot before = repo.backup(NamedSource.of("before", tree(1))).run();
            MemoryTree tree = largeTree(1);
            Snapshot snapshot = repo.backup(interrupting(tree, 6, () -> Shell.run(TestCeph.env("CONTROL"), "kill9")))
                    .run();
            assertComesBack(repo, before, tree(1));
            assertComesBack(repo, snapshot, tree);
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }
}
