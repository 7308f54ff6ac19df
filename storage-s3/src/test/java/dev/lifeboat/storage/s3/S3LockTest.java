package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Prune;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.testkit.MemoryTree;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ObjectVersion;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Backups that cannot be deleted: rights that only add, locks, and versions; against Ceph. */
@Tag("ceph")
@Timeout(300)
class S3LockTest {
    private static final Encryption KEY = Encryption.key(() -> new byte[32]);
    private static final ObjectLock DAY = new ObjectLock(ObjectLock.Mode.COMPLIANCE, Duration.ofDays(1));

    private static Repository open(StorageTarget storage) {
        return Repository.at(storage).encryption(KEY).openOrCreate();
    }

    private static MemoryTree tree(int version) {
        MemoryTree tree = new MemoryTree();
        for (int i = 0; i < 40; i++) {
            int content = i % 8 == 0 ? version * 1000 + i : i;
            tree.add(
                    Entry.file(EntryPath.of("f" + i), 0, MemoryTree.attributes(0644))
                            .withFingerprint(Optional.of("v" + content)),
                    MemoryTree.random(content, i == 8 ? 2_000_000 : 10_000));
        }
        return tree;
    }

    private static void assertAllRestore(Repository repo, int... versions) throws IOException {
        List<List<String>> back = new ArrayList<>();
        for (Snapshot snapshot : repo.snapshots()) {
            MemoryTree tree = new MemoryTree();
            assertThat(repo.restore(snapshot).to(tree).run().problems()).isEmpty();
            back.add(tree.lines());
        }
        List<List<String>> expected = new ArrayList<>();
        for (int version : versions) {
            expected.add(tree(version).lines());
        }
        assertThat(back).containsExactlyInAnyOrderElementsOf(expected);
    }

    private static List<S3Object> objects(S3Client client, String bucket) {
        return client.listObjectsV2Paginator(r -> r.bucket(bucket)).contents().stream()
                .toList();
    }

    /** Key of the manifest of a snapshot. */
    private static String manifest(String id) {
        return "snapshots/" + id.substring(0, 8) + "/" + id;
    }

    /** Who may put, get and list backs up, incrementally, and restores; a prune tells what it lacks. */
    @Test
    void rightsThatOnlyAdd_areEnoughToBackUp() throws IOException {
        String bucket = TestCeph.newBucket(false);
        TestCeph.allowWriter(bucket, "s3:PutObject", "s3:GetObject", "s3:ListBucket");
        try (Repository repo = open(TestCeph.at(bucket, "WRITER_").build())) {
            repo.backup(tree(0)).run();
            assertThat(repo.backup(tree(1)).run().stats().bytesStored()).isLessThan(2_300_000);
            repo.backup(tree(1)).run();
            assertAllRestore(repo, 0, 1, 1);
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            assertThatThrownBy(() -> repo.prune(Retention.keepLast(1)).run())
                    .isInstanceOf(BackupException.StorageFailed.class)
                    .hasMessageContaining("lack s3:DeleteObject on arn:aws:s3:::" + bucket + "/host/one/*");
            assertAllRestore(repo, 0, 1, 1);
        }
    }

    @Test
    void missingRights_areNamed() {
        String bucket = TestCeph.newBucket(false);
        try (Repository repo = open(TestCeph.at(bucket, "").build())) {
            repo.backup(tree(0)).run();
        }
        TestCeph.allowWriter(bucket, "s3:ListBucket");
        assertThatThrownBy(() -> open(TestCeph.at(bucket, "WRITER_").build()))
                .hasMessageContaining("lack s3:GetObject on arn:aws:s3:::" + bucket + "/host/one/*");
        TestCeph.allowWriter(bucket, "s3:GetObject", "s3:ListBucket");
        try (Repository repo = open(TestCeph.at(bucket, "WRITER_").build())) {
            assertThat(repo.snapshots()).hasSize(1);
            assertThatThrownBy(() -> repo.backup(tree(1)).run())
                    .isInstanceOf(BackupException.StorageFailed.class)
                    .hasMessageContaining("lack s3:PutObject on arn:aws:s3:::" + bucket + "/host/one/*");
        }
        TestCeph.allowWriter(bucket, "s3:GetObject", "s3:PutObject");
        assertThatThrownBy(() -> open(TestCeph.at(bucket, "WRITER_").build())
                        .backup(tree(1))
                        .run())
                .hasMessageContaining("lack s3:ListBucket on arn:aws:s3:::" + bucket);
        assertThatThrownBy(() -> open(TestCeph.at("none-such-" + bucket, "").build()))
                .hasMessageContaining("the bucket does not exist");
        assertThatThrownBy(() -> open(TestCeph.at(bucket, "")
                        .credentials("intruder", () -> "secret")
                        .build()))
                .hasMessageContaining("the access key is not known");
        assertThatThrownBy(() -> open(TestCeph.at(bucket, "")
                        .credentials(TestCeph.env("ACCESS_KEY"), () -> "wrong")
                        .build()))
                .hasMessageContaining("the secret key is wrong");
    }

    /**
     * Stolen credentials of a writer overwrite everything, remove what they can, put old manifests in the place of
     * new ones and add some: what was backed up before restores from the bucket as it was.
     */
    @Test
    void stolenWriter_takesNothingAway() throws Exception {
        String bucket = TestCeph.newBucket(true);
        TestCeph.allowWriter(
                bucket,
                "s3:PutObject",
                "s3:PutObjectRetention",
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:ListBucket",
                "s3:ListBucketVersions");
        List<Snapshot> snapshots = new ArrayList<>();
        try (Repository repo =
                open(TestCeph.at(bucket, "WRITER_").objectLock(DAY).build())) {
            for (int version = 0; version < 3; version++) {
                snapshots.add(repo.backup(tree(version)).run());
            }
        }
        Thread.sleep(1100);
        Instant before = Instant.now();
        Thread.sleep(1100);
        try (S3Client thief = TestCeph.client("WRITER_")) {
            List<S3Object> objects = objects(thief, bucket);
            byte[] oldManifest = thief.getObjectAsBytes(r -> r.bucket(bucket)
                            .key("host/one/" + manifest(snapshots.get(0).id().value())))
                    .asByteArray();
            Random random = new Random(3);
            for (S3Object object : objects) {
                assertThatThrownBy(
                                () -> thief.deleteObject(r -> r.bucket(bucket).key(object.key())))
                        .isInstanceOf(S3Exception.class);
                byte[] garbage = object.key().contains("/snapshots/")
                        ? oldManifest
                        : MemoryTree.random(random.nextInt(), (int) Math.min(object.size(), 100_000));
                thief.putObject(r -> r.bucket(bucket).key(object.key()), RequestBody.fromBytes(garbage));
            }
            thief.putObject(
                    r -> r.bucket(bucket).key("host/one/" + manifest("ab".repeat(16))),
                    RequestBody.fromBytes(oldManifest));
        }
        assertThatThrownBy(() -> Repository.at(TestCeph.at(bucket, "WRITER_").build())
                        .encryption(KEY)
                        .open())
                .isInstanceOf(BackupException.Corrupt.class);
        try (Repository repo = Repository.at(TestCeph.at(bucket, "WRITER_").buildAsOf(before))
                .encryption(KEY)
                .open()) {
            assertAllRestore(repo, 0, 1, 2);
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            assertThatThrownBy(() -> repo.backup(tree(5)).run()).hasMessageContaining("the past is there to be read");
        }
    }

    /** Even the owner's credentials only hide what is locked. */
    @Test
    void stolenOwner_hidesButDoesNotRemove() throws Exception {
        String bucket = TestCeph.newBucket(true);
        try (Repository repo = open(TestCeph.at(bucket, "").objectLock(DAY).build())) {
            repo.backup(tree(0)).run();
            repo.backup(tree(1)).run();
        }
        Thread.sleep(1100);
        Instant before = Instant.now();
        Thread.sleep(1100);
        int refused = 0;
        try (S3Client thief = TestCeph.client("")) {
            for (S3Object object : objects(thief, bucket)) {
                thief.deleteObject(r -> r.bucket(bucket).key(object.key()));
            }
            for (ObjectVersion version :
                    thief.listObjectVersionsPaginator(r -> r.bucket(bucket)).versions()) {
                try {
                    thief.deleteObject(r -> r.bucket(bucket).key(version.key()).versionId(version.versionId()));
                } catch (S3Exception e) {
                    refused++;
                }
            }
            assertThat(objects(thief, bucket)).isEmpty();
            assertThat(new Versions(thief, bucket, "host/one/")
                            .meddling(key -> key.value().startsWith("snapshots/"))
                            .hidden())
                    .as("what a prune warns of")
                    .hasSize(2);
        }
        assertThat(refused).isGreaterThan(6);
        try (Repository repo = Repository.at(TestCeph.at(bucket, "").buildAsOf(before))
                .encryption(KEY)
                .open()) {
            assertAllRestore(repo, 0, 1);
            try (Repository saved =
                    open(TestCeph.at(TestCeph.newBucket(false), "").build())) {
                for (Snapshot snapshot : repo.snapshots()) {
                    repo.copy(snapshot, saved).run();
                }
                assertAllRestore(saved, 0, 1);
            }
        }
    }

    /** A prune leaves what is locked, says until when, and renews the locks of what is needed. */
    @Test
    void prune_leavesWhatIsLocked_andRenewsWhatIsNeeded() throws Exception {
        String bucket = TestCeph.newBucket(true);
        ObjectLock brief = new ObjectLock(ObjectLock.Mode.GOVERNANCE, Duration.ofSeconds(20));
        Instant start = Instant.now();
        try (Repository repo = open(TestCeph.at(bucket, "").objectLock(brief).build())) {
            Snapshot first = repo.backup(tree(0)).run();
            Snapshot second = repo.backup(tree(1)).run();
            Prune.Pruned pruned = repo.prune(Retention.keepLast(1)).run();
            assertThat(pruned.locked()).containsExactly(first);
            assertThat(pruned.removed()).isEmpty();
            assertThat(pruned.lockedUntil().orElseThrow()).isBetween(start.plusSeconds(15), start.plusSeconds(60));
            assertAllRestore(repo, 0, 1);
            Thread.sleep(10_000);
            // Renews what the second one needs: the first one's lock goes on to its end.
            repo.prune(Retention.keepLast(1)).run();
            Thread.sleep(Math.max(
                    0,
                    Duration.between(Instant.now(), pruned.lockedUntil().orElseThrow())
                                    .toMillis()
                            + 2000));
            Prune.Pruned again = repo.prune(Retention.keepLast(1)).run();
            assertThat(again.removed()).containsExactly(first);
            assertThat(again.locked()).isEmpty();
            assertAllRestore(repo, 1);
            assertThat(repo.verify().readData().run().findings()).isEmpty();
            try (S3Client client = TestCeph.client("")) {
                for (ObjectInfo object : all(bucket)) {
                    boolean needed =
                            object.key().value().equals(manifest(second.id().value()));
                    if (needed) {
                        assertThat(client.headObject(r -> r.bucket(bucket).key("host/one/" + object.key()))
                                        .objectLockRetainUntilDate())
                                .isAfter(Instant.now().plusSeconds(10));
                    }
                }
                // Nothing of the first one is left, not even as a version.
                assertThat(client.listObjectVersionsPaginator(r -> r.bucket(bucket)).versions().stream()
                                .map(ObjectVersion::key))
                        .noneMatch(key -> key.contains(first.id().value()));
            }
        }
    }

    private static List<ObjectInfo> all(String bucket) throws IOException {
        List<ObjectInfo> all = new ArrayList<>();
        try (S3Storage storage = TestCeph.at(bucket, "").build()) {
            storage.list("", all::add);
        }
        return all;
    }
}
