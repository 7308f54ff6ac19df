package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Repository;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is S3's own: parts, broken connections, what refusals say. */
@Tag("s3")
@Timeout(180)
class S3StorageTest {
    private static final ObjectKey KEY = new ObjectKey("packs/ab/abcd");

    @RegisterExtension
    final ScratchDir scratch = new ScratchDir();

    private static byte[] read(S3Storage storage, ObjectKey key) throws IOException {
        try (InputStream in = storage.open(key, ByteRange.all())) {
            return in.readAllBytes();
        }
    }

    /** Without a length it goes in parts; a content that breaks, or one that comes too late, leaves none behind. */
    @Test
    void parts_areOneObjectOrNone() throws IOException {
        byte[] content = MemoryTree.random(1, 45_000_000);
        try (S3Storage storage = TestServer.newStorage()) {
            storage.put(KEY, Content.once(new ByteArrayInputStream(content)), PutCondition.IF_ABSENT);
            assertThat(read(storage, KEY)).isEqualTo(content);
            assertThatThrownBy(() ->
                            storage.put(KEY, Content.once(new ByteArrayInputStream(content)), PutCondition.IF_ABSENT))
                    .isInstanceOf(PreconditionFailedException.class);
            IOException broken = new IOException("the source broke");
            assertThatThrownBy(() -> storage.put(
                            new ObjectKey("other"),
                            Content.once(new ByteArrayInputStream(content) {
                                @Override
                                public synchronized int read(byte[] b, int off, int len) {
                                    if (pos > 30_000_000) {
                                        throw new java.io.UncheckedIOException(broken);
                                    }
                                    return super.read(b, off, len);
                                }
                            }),
                            PutCondition.IF_ABSENT))
                    .hasCause(broken);
            assertThat(storage.find(new ObjectKey("other"))).isEmpty();
            assertThat(storage.sweep(Duration.ofHours(-1))).isZero();
        }
    }

    /** An upload that a dead process has left is swept; one that is young is not. */
    @Test
    void sweep_givesUpWhatIsOld() throws IOException {
        String prefix = TestServer.newPrefix();
        try (S3Storage storage = TestServer.at(TestServer.endpoint(), prefix).build()) {
            storage.leaveAnUploadBehind(KEY);
            assertThat(storage.sweep(Duration.ofHours(1))).isZero();
            assertThat(storage.sweep(Duration.ofHours(-1))).isEqualTo(1);
            assertThat(storage.sweep(Duration.ofHours(-1))).isZero();
        }
    }

    /**
     * Connections are reset in the middle of requests and of answers: everything arrives, and an exclusive put is
     * told of its own success.
     */
    @Test
    void brokenConnections_areGoneOver() throws IOException {
        byte[] content = MemoryTree.random(2, 12_000_000);
        String prefix = TestServer.newPrefix();
        try (FaultyNetwork network =
                        new FaultyNetwork(TestServer.endpoint()).breaking(FaultyNetwork.Fault.RESET, 40, 5_000_000);
                S3Storage storage = TestServer.at(network.endpoint(), prefix).build()) {
            for (int i = 0; i < 6; i++) {
                ObjectKey key = new ObjectKey("big/" + i);
                storage.put(key, Content.of(content), PutCondition.IF_ABSENT);
                assertThat(read(storage, key)).isEqualTo(content);
                for (int small = 0; small < 30; small++) {
                    storage.put(
                            new ObjectKey("small/" + i + "/" + small),
                            Content.of(new byte[9000]),
                            PutCondition.IF_ABSENT);
                }
            }
            List<ObjectKey> keys = new ArrayList<>();
            storage.list("", object -> keys.add(object.key()));
            assertThat(keys).hasSize(6 + 180);
            storage.delete(keys);
            storage.list("", object -> {
                throw new IOException("still there: " + object);
            });
            assertThat(network.faultsLeft()).isLessThan(39);
        }
    }

    @Test
    void wrongKeys_areTold() {
        String prefix = TestServer.newPrefix();
        try (S3Storage wrongSecret = TestServer.at(TestServer.endpoint(), prefix)
                .credentials(TestServer.env("ACCESS_KEY"), () -> "not the secret")
                .build()) {
            assertThatThrownBy(() -> wrongSecret.put(KEY, Content.of(new byte[3]), PutCondition.ALWAYS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("secret key is wrong")
                    .hasMessageContaining(KEY.value())
                    .hasMessageContaining(prefix)
                    .hasMessageNotContaining("not the secret");
        }
        try (S3Storage unknown = TestServer.at(TestServer.endpoint(), prefix)
                .credentials("intruder", () -> "whatever")
                .build()) {
            assertThatThrownBy(() -> unknown.list("", object -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("access key is not known");
        }
    }

    @Test
    void missingBucket_isTold() {
        try (S3Storage storage =
                TestServer.at(TestServer.endpoint(), "x").bucket("nowhere").build()) {
            assertThatThrownBy(() -> storage.list("", object -> {}))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("bucket does not exist");
            assertThatThrownBy(() -> storage.open(KEY, ByteRange.all()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("bucket does not exist");
            assertThatThrownBy(() -> storage.find(KEY))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("bucket does not exist");
        }
    }

    @Test
    void serverThatIsNotThere_isTold() throws IOException {
        URI unused;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            unused = URI.create("http://127.0.0.1:" + free.getLocalPort());
        }
        try (S3Storage storage =
                TestServer.at(unused, "x").retryBudget(Duration.ofSeconds(2)).build()) {
            assertThatThrownBy(() -> storage.find(KEY))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot be reached");
        }
    }

    /** S3Proxy behind a network that hides the condition: the second of two puts would win. */
    @Test
    void storeThatIgnoresConditions_isFoundOut() throws Exception {
        try (OwnServer server = new OwnServer(scratch.path(), "none");
                FaultyNetwork network = new FaultyNetwork(server.endpoint()).hiding("If-None-Match")) {
            try (S3Storage storage = TestServer.at(network.endpoint(), "x").build()) {
                storage.put(KEY, Content.of(new byte[3]), PutCondition.ALWAYS);
                assertThatThrownBy(() -> storage.put(KEY, Content.of(new byte[4]), PutCondition.IF_ABSENT))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("does not honour If-None-Match")
                        .hasMessageContaining("singleWriter()");
                assertThat(read(storage, KEY)).hasSize(3);
            }
            assertThatThrownBy(() -> BucketRepositoryContract.open(
                            TestServer.at(network.endpoint(), "y").build()))
                    .isInstanceOf(BackupException.StorageFailed.class)
                    .hasMessageContaining("does not honour If-None-Match");
            try (S3Storage alone = TestServer.at(network.endpoint(), "x")
                            .singleWriter()
                            .build();
                    Repository repo = BucketRepositoryContract.open(TestServer.at(network.endpoint(), "z")
                            .singleWriter()
                            .build())) {
                assertThatThrownBy(() -> alone.put(KEY, Content.of(new byte[4]), PutCondition.IF_ABSENT))
                        .isInstanceOf(PreconditionFailedException.class);
                repo.backup(BucketRepositoryContract.tree(1)).run();
                assertThat(repo.verify().readData().run().findings()).isEmpty();
            }
        }
    }

    @Test
    void singleWriter_needsNoConditions() throws IOException {
        try (S3Storage storage = TestServer.at(TestServer.endpoint(), TestServer.newPrefix())
                .singleWriter()
                .build()) {
            storage.put(KEY, Content.of(new byte[3]), PutCondition.IF_ABSENT);
            assertThatThrownBy(() -> storage.put(KEY, Content.of(new byte[4]), PutCondition.IF_ABSENT))
                    .isInstanceOf(PreconditionFailedException.class);
        }
    }
}
