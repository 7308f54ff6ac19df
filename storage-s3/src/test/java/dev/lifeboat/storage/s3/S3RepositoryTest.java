package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Repository;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A repository in a bucket of S3Proxy, which can be killed. */
@Tag("s3")
class S3RepositoryTest extends BucketRepositoryContract {
    @RegisterExtension
    final ScratchDir scratch = new ScratchDir();

    @Override
    String newPlace() {
        return TestServer.newPrefix();
    }

    @Override
    S3Storage storage(String place) {
        return TestServer.at(TestServer.endpoint(), place).build();
    }

    /**
     * The server is killed in the middle of a backup. If it is back soon, the backup ends well; else it says so, and
     * the next goes on from there.
     */
    @Test
    void serverKilled_inTheMiddle() throws Exception {
        try (OwnServer server = new OwnServer(scratch.path())) {
            MemoryTree tree = largeTree(1);
            List<RetryEvent> retries = new CopyOnWriteArrayList<>();
            try (Repository repo = open(TestServer.at(server.endpoint(), "killed")
                    .onRetry(retries::add)
                    .build())) {
                Snapshot snapshot = repo.backup(interrupting(tree, 6, () -> server.killAndRestart(1000)))
                        .run();
                assertThat(retries)
                        .hasAtLeastOneElementOfType(RetryEvent.Began.class)
                        .hasAtLeastOneElementOfType(RetryEvent.Ended.class);
                assertComesBack(repo, snapshot, tree);
                assertThat(repo.verify().readData().run().findings()).isEmpty();
            }
            try (S3Storage direct = TestServer.at(server.endpoint(), "gone").build();
                    Repository repo = open(TestServer.at(server.endpoint(), "gone")
                            .timeout(Duration.ofSeconds(5))
                            .retryBudget(Duration.ofSeconds(20))
                            .build())) {
                assertThatThrownBy(() -> repo.backup(interrupting(tree, 6, () -> {
                                    awaitPack(direct);
                                    server.kill();
                                }))
                                .run())
                        .isInstanceOf(BackupException.StorageFailed.class)
                        .hasMessageContaining("cannot be reached");
                server.killAndRestart(0);
                Snapshot next = repo.backup(tree).run();
                // What had been stored before the end is found again.
                assertThat(next.stats().bytesStored()).isLessThan(35_000_000L);
                assertThat(repo.verify().readData().run().findings()).isEmpty();
            }
        }
    }
}
