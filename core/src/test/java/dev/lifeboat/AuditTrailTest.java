package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.AuditTrail.Entry;
import dev.lifeboat.AuditTrail.Phase;
import dev.lifeboat.AuditTrail.Proof;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
class AuditTrailTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private final MemoryStorage storage = new MemoryStorage();
    private final MemoryStorage replica = new MemoryStorage();
    private final AtomicBoolean refusing = new AtomicBoolean();
    private Repository repository;

    @BeforeEach
    void create() throws Exception {
        Files.write(Files.createDirectories(dir.resolve("files")).resolve("a"), new byte[10_000]);
        repository = Repository.at(new ForwardingStorageTarget(storage) {
                    @Override
                    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
                        if (refusing.get() && key.value().startsWith("audit/")) {
                            throw new IOException("no puts today");
                        }
                        return super.put(key, content, condition);
                    }
                })
                .encryption(Encryption.key(() -> new byte[32]))
                .replica(replica)
                .audit("alice@ci")
                .create();
        // The key of the repository is on its way to the replica.
        try (Repository other = Repository.at(storage)
                .encryption(Encryption.key(() -> new byte[32]))
                .replica(replica)
                .open()) {
            other.syncReplicas().run();
        }
    }

    @AfterEach
    void verify() {
        refusing.set(false);
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        assertThat(repository.auditTrail().check().findings()).isEmpty();
        repository.close();
    }

    private Backup backup() {
        return repository.backup(DirectorySource.of(dir.resolve("files")).named("files"));
    }

    @Test
    void eachOperation_hasItsBeginningAndItsEnd() throws Exception {
        Snapshot first = backup().run();
        repository.browse(first).close();
        repository
                .restore(first)
                .to(DirectoryRestore.into(dir.resolve("restored")))
                .run();
        Files.write(dir.resolve("files/b"), new byte[10_000]);
        backup().run();
        repository.prune(Retention.keepLast(1)).run();
        Keyring.Slot slot = repository.keys().add("break glass", Encryption.key(() -> new byte[] {
            1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2
        }));
        repository.keys().remove(slot);
        assertThatThrownBy(() -> repository
                        .backup(DirectorySource.of(dir.resolve("missing")).named("missing"))
                        .run())
                .isInstanceOf(BackupException.class);

        List<Entry> entries = repository.auditTrail().after(0);
        assertThat(entries).hasSize(2 * 8);
        assertThat(entries).extracting(Entry::number).isSorted().doesNotHaveDuplicates();
        assertThat(entries).extracting(Entry::proof).containsOnly(Proof.PROVEN);
        assertThat(entries).extracting(Entry::actor).containsOnly("alice@ci");
        assertThat(entries).extracting(entry -> entry.key().label()).containsOnly("first");
        List<String> ends = new ArrayList<>();
        for (int i = 0; i < entries.size(); i += 2) {
            assertThat(entries.get(i).phase()).isEqualTo(Phase.STARTED);
            assertThat(entries.get(i + 1).run()).isEqualTo(entries.get(i).run());
            ends.add(entries.get(i + 1).operation() + " " + entries.get(i + 1).phase());
        }
        assertThat(ends)
                .containsExactly(
                        "Backup SUCCEEDED",
                        "Browse SUCCEEDED",
                        "Restore SUCCEEDED",
                        "Backup SUCCEEDED",
                        "Prune SUCCEEDED",
                        "AddKey SUCCEEDED",
                        "RemoveKey SUCCEEDED",
                        "Backup FAILED");
        assertThat(entries.get(1).outcome()).isEqualTo("snapshot " + first.id().value() + " of files");
        assertThat(entries.get(9).outcome()).isEqualTo("removed [" + first.id().value() + "], ended []");
        assertThat(entries.get(4).description())
                .contains(
                        "restore " + first.id() + " of files",
                        dir.resolve("restored").toString());
        assertThat(entries.get(12).description()).contains("break glass", slot.id());
        assertThat(entries.get(15).outcome()).isEqualTo("SourceFailed");
        assertThat(repository.auditTrail().newest(1).get(0)).isEqualTo(entries.get(15));
    }

    @Test
    void whatCannotBeRecorded_isNotDone() throws Exception {
        Snapshot snapshot = backup().run();
        refusing.set(true);
        assertThatThrownBy(() -> backup().run())
                .isInstanceOf(BackupException.StorageFailed.class)
                .hasMessageContaining("no puts today");
        assertThatThrownBy(() -> repository.prune(Retention.keepLast(1)).run())
                .isInstanceOf(BackupException.StorageFailed.class);
        assertThatThrownBy(() -> repository.browse(snapshot)).isInstanceOf(BackupException.StorageFailed.class);
        assertThatThrownBy(() -> repository.keys().add("second", Encryption.key(() -> new byte[32])))
                .isInstanceOf(BackupException.StorageFailed.class);
        assertThat(repository.keys().slots()).hasSize(1);
        refusing.set(false);
        assertThat(repository.snapshots()).containsExactly(snapshot);
        assertThat(repository.auditTrail().after(0)).hasSize(2);
    }

    @Test
    void manyAtOnce_leaveOneChain_andTheReplicaHasIt() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(6);
        List<Repository> others = new ArrayList<>();
        try {
            List<Callable<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Repository other = Repository.at(storage)
                        .encryption(Encryption.key(() -> new byte[32]))
                        .audit("process " + i)
                        .open();
                others.add(other);
                tasks.add(() -> {
                    for (int round = 0; round < 4; round++) {
                        other.verify().run();
                    }
                    return 0;
                });
            }
            for (Future<Integer> done : threads.invokeAll(tasks)) {
                done.get();
            }
        } finally {
            threads.shutdownNow();
            others.forEach(Repository::close);
        }
        AuditTrail.Checked checked = repository.auditTrail().check();
        assertThat(checked.findings()).isEmpty();
        assertThat(checked.last()).isEqualTo(6 * 4 * 2);
        repository.syncReplicas().run();
        try (Repository copy = Repository.at(replica)
                .encryption(Encryption.key(() -> new byte[32]))
                .open()) {
            assertThat(copy.auditTrail().check().findings()).isEmpty();
            assertThat(copy.auditTrail().after(0)).hasSizeGreaterThanOrEqualTo(6 * 4 * 2);
        }
    }

    @Test
    void trimmed_itGoesOn() {
        repository.verify().run();
        repository.verify().run();
        repository.auditTrail().trim(2);
        // The newest two of then: the end of the second verify, and the beginning of the trim itself.
        assertThat(repository.auditTrail().after(0))
                .extracting(Entry::operation)
                .containsExactly("Verify", "TrimAudit", "TrimAudit");
        assertThat(repository.auditTrail().check().first()).isEqualTo(4);
        assertThatThrownBy(() -> repository.auditTrail().trim(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatAnotherProcessTrimmed_isNotFilledAgain() {
        repository.verify().run();
        try (Repository other = Repository.at(storage)
                .encryption(Encryption.key(() -> new byte[32]))
                .audit("other")
                .open()) {
            other.verify().run();
            other.verify().run();
            other.auditTrail().trim(1);
            repository.verify().run();
            assertThat(repository.auditTrail().check().findings()).isEmpty();
            assertThat(repository.auditTrail().newest(1).get(0).actor()).isEqualTo("alice@ci");
        }
    }

    @Test
    void aDamagedEntry_isRepairedFromTheReplica_andAnOtherOneThereIsSeen() throws Exception {
        repository.verify().run();
        repository.syncReplicas().run();
        ObjectKey first = new ObjectKey("audit/0000000000000001");
        storage.put(first, Content.of(new byte[100]), PutCondition.ALWAYS);
        repository.repair().run();
        assertThat(repository.auditTrail().check().findings()).isEmpty();

        byte[] second = bytes(replica, new ObjectKey("audit/0000000000000002"));
        replica.put(first, Content.of(second), PutCondition.ALWAYS);
        assertThat(repository.verify().readData().run().findings())
                .extracting(Verify.Finding::detail)
                .anyMatch(detail -> detail.contains("another entry of the audit trail"));
        replica.put(first, Content.of(bytes(storage, first)), PutCondition.ALWAYS);
    }

    private static byte[] bytes(MemoryStorage in, ObjectKey key) throws IOException {
        try (InputStream content = in.open(key, ByteRange.all())) {
            return content.readAllBytes();
        }
    }

    @Test
    void aCancelledOrNestedFailure_isRecordedAsSuch() throws Exception {
        Snapshot snapshot = backup().run();
        try (Repository target =
                Repository.at(new MemoryStorage()).encryption(Encryption.none()).create()) {
            long before = repository.auditTrail().check().last();
            assertThatThrownBy(() -> repository
                            .copy(snapshot, target)
                            .onEvent(event -> Thread.currentThread().interrupt())
                            .run())
                    .isInstanceOf(BackupException.Cancelled.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(repository.auditTrail().after(before))
                    .extracting(Entry::phase)
                    .containsExactly(Phase.STARTED, Phase.CANCELLED);
        }
    }

    @Test
    void withoutEncryption_thereIsNone() {
        assertThatThrownBy(() -> Repository.at(new MemoryStorage())
                        .encryption(Encryption.none())
                        .audit("alice")
                        .create())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("needs keys");
        try (Repository plain =
                Repository.at(new MemoryStorage()).encryption(Encryption.none()).create()) {
            assertThatThrownBy(plain::auditTrail)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not encrypted");
        }
    }
}
