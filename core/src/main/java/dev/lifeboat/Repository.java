package dev.lifeboat;

import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.StorageTarget;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Snapshots in a store: the front door. Safe for use by many threads, and by many processes on one store at once, prunes included; no
 * lock is taken and no clock trusted.
 *
 * <pre>{@code
 * try (Repository repo = Repository.at(FileStorage.at(Path.of("/backups")))
 *         .encryption(Encryption.none())
 *         .openOrCreate()) {
 *     Snapshot snapshot = repo.backup(DirectorySource.of(Path.of("/srv/data"))).run();
 *     repo.restore(snapshot).to(DirectoryRestore.into(Path.of("/srv/data-copy"))).run();
 *     repo.prune(Retention.keepLast(3).andDaily(7)).run();
 * }
 * }</pre>
 */
public final class Repository implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Repository.class);

    private final OpenRepository opened;
    private final Optional<Keyring> keyring;
    private volatile boolean closed;

    Repository(OpenRepository opened, Optional<KeyBundle> bundle) {
        this.opened = opened;
        this.keyring = bundle.map(secrets -> new Keyring(opened, secrets));
    }

    /** Describes a repository in a store. The repository closes the store. */
    public static RepositoryBuilder at(StorageTarget storage) {
        return new RepositoryBuilder(storage);
    }

    /** Backs up a source: a new snapshot of its series. */
    public Backup backup(SnapshotSource source) {
        return new Backup(opened, source);
    }

    /**
     * Lists snapshots of all series, newest first. A damaged manifest is passed over, with a warning in the log; {@link #verify} names it.
     *
     * @throws BackupException.StorageFailed if the store fails
     */
    public List<Snapshot> snapshots() {
        return Failures.query(opened, "list snapshots", () -> opened.catalog().snapshots(Repository::passOver));
    }

    /**
     * Lists snapshots of one series, newest first, as {@link #snapshots()} does; what it takes does not grow with the other series.
     *
     * @param source name of the series, such as {@code container:web}
     * @throws BackupException.StorageFailed if the store fails
     */
    public List<Snapshot> snapshots(String source) {
        return Failures.query(
                opened,
                "list snapshots of '" + source + "'",
                () -> opened.catalog().snapshots(source, Repository::passOver));
    }

    private static void passOver(SnapshotId id, DamagedException damage) {
        log.warn(
                "snapshot passed over, its manifest is damaged; run verify [id={}, cause={}]",
                id.value(),
                damage.getMessage());
    }

    /**
     * Looks a snapshot up.
     *
     * @throws BackupException.NotFound if there is none of that id
     * @throws BackupException.Corrupt if its manifest is damaged
     * @throws BackupException.StorageFailed if the store fails
     */
    public Snapshot snapshot(SnapshotId id) {
        Optional<Snapshot> found = Failures.query(
                opened, "read snapshot " + id.value(), () -> opened.catalog().find(id));
        return found.orElseThrow(() -> new BackupException.NotFound(
                "no snapshot " + id.value() + " in " + location() + "; snapshots() lists those there are"));
    }

    /**
     * Returns the newest snapshot of a series.
     *
     * @param source name of the series, such as {@code container:web}
     * @throws BackupException.NotFound if there is none
     * @throws BackupException.StorageFailed if the store fails
     */
    public Snapshot latest(String source) {
        return snapshots(source).stream()
                .findFirst()
                .orElseThrow(() -> new BackupException.NotFound("no snapshot of '" + source + "' in "
                        + location() + "; there are snapshots of "
                        + snapshots().stream()
                                .map(Snapshot::source)
                                .distinct()
                                .sorted()
                                .toList()));
    }

    /** Brings a snapshot back. */
    public Restore restore(Snapshot snapshot) {
        return new Restore(opened, snapshot);
    }

    /** Copies a snapshot into another repository, of any format and key. */
    public Copy copy(Snapshot snapshot, Repository target) {
        return new Copy(opened, snapshot, target);
    }

    /** Tells what differs between two snapshots, of one series or of two. */
    public Diff diff(Snapshot older, Snapshot newer) {
        return new Diff(opened, older, newer);
    }

    /** Checks that what is stored is what was written. */
    public Verify verify() {
        return new Verify(opened);
    }

    /** Saves what is whole in a damaged repository, and sets the rest apart. */
    public Repair repair() {
        return new Repair(opened);
    }

    /** Brings replicas in step with the first store. */
    public ReplicaSync syncReplicas() {
        return new ReplicaSync(opened);
    }

    /** Drops snapshots that the policy does not keep, series by series, then frees what nothing needs. */
    public Prune prune(Retention retention) {
        return new Prune(opened, retention);
    }

    /**
     * The passphrases and keys that open this.
     *
     * @throws IllegalStateException if it is not encrypted
     */
    public Keyring keys() {
        return keyring.orElseThrow(() -> new IllegalStateException(this + " is not encrypted"));
    }

    /** Whether what this was opened with may read; otherwise it may back up and prune only. */
    public boolean mayRead() {
        return opened.keys().mayRead();
    }

    /** Where this is, for messages. */
    public String location() {
        return opened.location();
    }

    /**
     * Cancels the operations that run on this repository and waits until they have ended, then frees threads and closes the
     * store. Repeated calls have no effect.
     *
     * @throws IllegalStateException if one of these operations calls it; nothing is closed
     * @throws BackupException.StorageFailed if the store cannot be closed
     */
    @Override
    public void close() {
        if (!closed) {
            Failures.translating("cannot close " + location(), () -> {
                opened.close();
                return location();
            });
            closed = true;
        }
    }

    OpenRepository opened() {
        return opened;
    }

    @Override
    public String toString() {
        return "repository in " + location();
    }
}
