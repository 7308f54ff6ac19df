package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.audit.AuditStore;
import dev.lifeboat.internal.catalog.TagStore;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A repository of snapshots in a store. Thread-safe. Many processes may use one store at the same time, for prunes as
 * well: correctness needs neither locks nor synchronized clocks.
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
    private final Optional<KeyBundle> bundle;
    private final Optional<Keyring> keyring;
    private volatile boolean closed;

    Repository(OpenRepository opened, Optional<KeyBundle> bundle) {
        this.opened = opened;
        this.bundle = bundle;
        this.keyring = bundle.map(secrets -> new Keyring(opened, secrets));
    }

    /** Returns a builder that opens or creates a repository in a store. The repository closes the store. */
    public static RepositoryBuilder at(StorageTarget storage) {
        return new RepositoryBuilder(storage);
    }

    /** Backs up a source. The result is a new snapshot of its series. */
    public Backup backup(SnapshotSource source) {
        return new Backup(opened, source);
    }

    /**
     * Lists snapshots of all series, newest first. A damaged manifest is skipped, with a warning in the log;
     * {@link #verify} reports it.
     *
     * @throws BackupException.StorageFailed if the store fails
     */
    public List<Snapshot> snapshots() {
        return Failures.query(opened, "list snapshots", () -> opened.catalog().snapshots(Repository::logSkipped));
    }

    /**
     * Lists snapshots of one series, newest first, as {@link #snapshots()} does. The cost does not grow with other
     * series.
     *
     * @param source name of the series, such as {@code container:web}
     * @throws BackupException.StorageFailed if the store fails
     */
    public List<Snapshot> snapshots(String source) {
        return Failures.query(
                opened,
                "list snapshots of '" + source + "'",
                () -> opened.catalog().snapshots(source, Repository::logSkipped));
    }

    private static void logSkipped(SnapshotId id, DamagedException damage) {
        log.warn(
                "snapshot skipped, its manifest is damaged; run verify [id={}, cause={}]",
                id.value(),
                damage.getMessage());
    }

    /**
     * Looks a snapshot up.
     *
     * @throws BackupException.NotFound if there is no snapshot with that id
     * @throws BackupException.Corrupt if its manifest is damaged
     * @throws BackupException.StorageFailed if the store fails
     */
    public Snapshot snapshot(SnapshotId id) {
        Optional<Snapshot> found = Failures.query(
                opened, "read snapshot " + id.value(), () -> opened.catalog().findTagged(id));
        return found.orElseThrow(() -> new BackupException.NotFound(
                "no snapshot " + id.value() + " in " + location() + "; snapshots() lists all"));
    }

    /**
     * Returns the newest snapshot of a series.
     *
     * @param source name of the series, such as {@code container:web}
     * @throws BackupException.NotFound if there is none
     * @throws BackupException.StorageFailed if the store fails
     */
    public Snapshot latest(String source) {
        return findLatest(source)
                .orElseThrow(() -> new BackupException.NotFound("no snapshot of '" + source + "' in "
                        + location() + "; there are snapshots of "
                        + snapshots().stream()
                                .map(Snapshot::source)
                                .distinct()
                                .sorted()
                                .toList()));
    }

    /**
     * Looks a snapshot up by the beginning or the end of its id, such as the eight digits that
     * {@link SnapshotId#toString} returns.
     *
     * @throws BackupException.NotFound if none or more than one match
     * @throws BackupException.StorageFailed if the store fails
     */
    public Snapshot snapshot(String part) {
        List<Snapshot> matches = snapshots().stream()
                .filter(s -> !part.isEmpty()
                        && (s.id().value().startsWith(part) || s.id().value().endsWith(part)))
                .toList();
        if (matches.size() == 1) {
            return matches.get(0);
        }
        throw new BackupException.NotFound(
                (matches.isEmpty() ? "no snapshot '" + part + "'" : matches.size() + " snapshots match '" + part + "'")
                        + " in " + location() + "; give more digits of one that snapshots() lists");
    }

    /**
     * Returns the newest snapshot of a series; empty if there is none.
     *
     * @throws BackupException.StorageFailed if the store fails
     */
    public Optional<Snapshot> findLatest(String source) {
        return snapshots(source).stream().findFirst();
    }

    /**
     * Gives a tag to a snapshot, or another value to one that it has. Of several who change one tag at the same time,
     * one wins. A prune that runs already may not see it, and remove a snapshot that its policy would keep because of
     * it.
     *
     * @return the snapshot, with its tags as they are now
     * @throws IllegalArgumentException if the name is empty, or either is longer than 255 characters
     * @throws BackupException.NotFound if there is no such snapshot any more
     * @throws BackupException.StorageFailed if the store fails
     */
    @CanIgnoreReturnValue
    public Snapshot tag(Snapshot snapshot, String name, String value) {
        TagStore.check(name, value);
        return changeTags("Tag", snapshot, Map.of(name, value), List.of(), name + "=" + value);
    }

    /**
     * Removes a tag of a snapshot. One that it does not have is no error.
     *
     * @return the snapshot, with its tags as they are now
     * @throws BackupException.NotFound if there is no such snapshot any more
     * @throws BackupException.StorageFailed if the store fails
     */
    @CanIgnoreReturnValue
    public Snapshot untag(Snapshot snapshot, String name) {
        return changeTags("Untag", snapshot, Map.of(), List.of(name), name);
    }

    private Snapshot changeTags(
            String kind, Snapshot snapshot, Map<String, String> set, List<String> removed, String outcome) {
        SnapshotId id = snapshot.id();
        Optional<Snapshot> tagged =
                Failures.audited(opened, kind, "change the tags of snapshot " + id.value(), result -> outcome, () -> {
                    ObjectKey key =
                            opened.catalog().tags().put(id, opened.clock().instant(), set, removed);
                    if (!opened.catalog().exists(id)) {
                        opened.catalog().tags().remove(List.of(key));
                        return Optional.empty();
                    }
                    return opened.catalog().findTagged(id);
                });
        return tagged.orElseThrow(() -> new BackupException.NotFound(
                "no snapshot " + id.value() + " in " + location() + " to tag; snapshots() lists all"));
    }

    /**
     * Opens a snapshot to browse it. The caller closes it, before the repository.
     *
     * @throws BackupException.Corrupt if its archive is damaged
     * @throws BackupException.WrongKey if this was opened with a key that may only write
     * @throws BackupException.StorageFailed if the store fails
     */
    public SnapshotTree browse(Snapshot snapshot) {
        return Failures.audited(
                opened,
                "Browse",
                "browse snapshot " + snapshot.id().value(),
                tree -> "",
                () -> new SnapshotTree(
                        opened.reader(snapshot), "snapshot " + snapshot.id() + " of " + snapshot.source()));
    }

    /**
     * Returns the size of the repository in its primary store. Lists all objects.
     *
     * @throws BackupException.StorageFailed if the store fails
     */
    public Size size() {
        return Failures.query(opened, "measure", () -> {
            long[] sums = new long[2];
            opened.primary().list("", object -> {
                sums[0]++;
                sums[1] += object.length();
            });
            return new Size(sums[0], sums[1]);
        });
    }

    /**
     * The size of a repository.
     *
     * @param objects number of objects
     * @param bytes sum of their lengths
     */
    public record Size(long objects, long bytes) {}

    /** Restores a snapshot. */
    public Restore restore(Snapshot snapshot) {
        return new Restore(opened, snapshot);
    }

    /** Copies a snapshot into another repository of any format and key. */
    public Copy copy(Snapshot snapshot, Repository target) {
        return new Copy(opened, snapshot, target);
    }

    /** Compares two snapshots, of one series or of two. */
    public Diff diff(Snapshot older, Snapshot newer) {
        return new Diff(opened, older, newer);
    }

    /** Checks that the repository is complete and undamaged. */
    public Verify verify() {
        return new Verify(opened);
    }

    /** Saves what is intact in a damaged repository, and quarantines the rest. */
    public Repair repair() {
        return new Repair(opened);
    }

    /**
     * How far a replica is behind.
     *
     * @param location of its store
     * @param objects number of objects that it lacks
     * @param bytes in these
     * @param failure why it is not known, such as a store that does not answer; empty if it is
     */
    public record ReplicaLag(String location, long objects, long bytes, Optional<String> failure) {
        /** Returns whether the replica has everything. */
        public boolean isInSync() {
            return failure.isEmpty() && objects == 0;
        }
    }

    /**
     * Returns how far the replicas are behind the primary store; changes nothing. Lists all objects of all stores.
     *
     * @return in the order in which the replicas were given; none if there are none
     * @throws BackupException.StorageFailed if the thread is interrupted
     */
    public List<ReplicaLag> replicaLag() {
        return Failures.query(opened, "compare replicas", () -> {
            List<ReplicaLag> lags = new ArrayList<>();
            if (opened.replicated().isEmpty()) {
                return lags;
            }
            ReplicatedStorage stores = opened.replicated().get();
            for (int i = 0; i < stores.copies().size(); i++) {
                String location = stores.copies().get(i).location();
                try {
                    List<ObjectInfo> lacking = stores.lacking(i);
                    long bytes = lacking.stream().mapToLong(ObjectInfo::length).sum();
                    lags.add(new ReplicaLag(location, lacking.size(), bytes, Optional.empty()));
                } catch (IOException e) {
                    if (Io.isInterruption(e)) {
                        throw e;
                    }
                    lags.add(new ReplicaLag(location, 0, 0, Optional.of(String.valueOf(e.getMessage()))));
                }
            }
            return List.copyOf(lags);
        });
    }

    /** Brings replicas in sync with the primary store. */
    public ReplicaSync syncReplicas() {
        return new ReplicaSync(opened);
    }

    /** Removes snapshots that the policy does not keep, series by series, then frees what no snapshot needs. */
    public Prune prune(Retention retention) {
        return new Prune(opened, retention);
    }

    /**
     * Returns the passphrases and keys that open this repository.
     *
     * @throws IllegalStateException if it is not encrypted
     */
    public Keyring keys() {
        return keyring.orElseThrow(() -> new IllegalStateException(this + " is not encrypted"));
    }

    /**
     * Returns a log that programs keep in this repository, such as of what a schedule did.
     *
     * @param name 1 to 255 characters
     * @throws IllegalArgumentException if the name is empty or longer
     */
    public RecordLog log(String name) {
        return new RecordLog(opened, name);
    }

    /**
     * Returns the audit trail: {@link RepositoryBuilder#audit}.
     *
     * @throws IllegalStateException if the repository is not encrypted: keys tell who acts
     */
    public AuditTrail auditTrail() {
        return new AuditTrail(
                opened,
                new AuditStore(opened.storage(), new Envelope(opened.keys())),
                bundle.orElseThrow(() -> new IllegalStateException(this + " is not encrypted: it has no audit trail")));
    }

    /** Returns whether the key that this was opened with may read; otherwise it may only back up and prune. */
    public boolean mayRead() {
        return opened.keys().mayRead();
    }

    /** Returns where the repository is, for messages. */
    public String location() {
        return opened.location();
    }

    /**
     * Cancels the operations that run on this repository and waits until they have ended, then frees threads and closes
     * the store. Repeated calls have no effect.
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
