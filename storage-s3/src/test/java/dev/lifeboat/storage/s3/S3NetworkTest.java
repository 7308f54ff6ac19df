package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Repository;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.s3.FaultyNetwork.Fault;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Backups and restores through a network that breaks, hangs, is slow or far, or ends for good. */
@Tag("s3")
@Timeout(300)
class S3NetworkTest {
    private final String prefix = TestServer.newPrefix();

    private Repository open(FaultyNetwork network) {
        return open(network, Duration.ofSeconds(30));
    }

    private Repository open(FaultyNetwork network, Duration retryBudget) {
        return BucketRepositoryContract.open(TestServer.at(network.endpoint(), prefix)
                .timeout(Duration.ofSeconds(2))
                .retryBudget(retryBudget)
                .build());
    }

    private static void backUpAndRestore(Repository repo) {
        Snapshot first = repo.backup(BucketRepositoryContract.largeTree(1)).run();
        Snapshot second = repo.backup(BucketRepositoryContract.largeTree(2)).run();
        assertThat(second.stats().bytesStored()).isLessThan(8_000_000);
        BucketRepositoryContract.assertComesBack(repo, first, BucketRepositoryContract.largeTree(1));
        BucketRepositoryContract.assertComesBack(repo, second, BucketRepositoryContract.largeTree(2));
        assertThat(repo.verify().readData().run().findings()).isEmpty();
    }

    /** Both ways, in the middle of packs and of answers. */
    @ParameterizedTest
    @EnumSource
    void connectionsThatBreak_areGoneOver(Fault fault) throws IOException {
        try (FaultyNetwork network = new FaultyNetwork(TestServer.endpoint()).breaking(fault, 8, 1_000_000);
                Repository repo = open(network)) {
            backUpAndRestore(repo);
            assertThat(network.faultsLeft())
                    .as("connections that should have broken")
                    .isNotPositive();
        }
    }

    @Test
    void networkThatIsFarAndSlow_onlyTakesLonger() throws IOException {
        try (FaultyNetwork network = new FaultyNetwork(TestServer.endpoint())
                        .delaying(Duration.ofMillis(50))
                        .limitedTo(8_000_000);
                Repository repo = open(network)) {
            backUpAndRestore(repo);
        }
    }

    /**
     * From the middle on nothing arrives any more, without a word: a clear end; and when the network is back, the
     * next run goes on from what was stored.
     */
    @Test
    void networkThatEnds_isTold_andTheNextBackupGoesOn() throws IOException {
        MemoryTree tree = BucketRepositoryContract.largeTree(1);
        try (FaultyNetwork network = new FaultyNetwork(TestServer.endpoint());
                S3Storage direct = TestServer.at(TestServer.endpoint(), prefix).build();
                Repository repo = open(network, Duration.ofSeconds(8))) {
            assertThatThrownBy(() -> repo.backup(BucketRepositoryContract.interrupting(tree, 6, () -> {
                                BucketRepositoryContract.awaitPack(direct);
                                network.setDown(true);
                            }))
                            .run())
                    .isInstanceOf(BackupException.StorageFailed.class)
                    .hasMessageContaining("cannot be reached");
            network.setDown(false);
            Snapshot next = repo.backup(tree).run();
            assertThat(next.stats().bytesStored()).isLessThan(35_000_000L);
            BucketRepositoryContract.assertComesBack(repo, next, tree);
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }
}
