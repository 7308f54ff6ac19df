package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.FormatMemory;
import dev.lifeboat.format.NotReadableException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.format.chunked.ChunkedFormat;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.internal.cache.CachedStorage;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.prune.Condemned;
import dev.lifeboat.internal.replica.Guard;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.internal.seal.KeyBundle;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
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
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final AtomicInteger THREADS = new AtomicInteger();

    private final StorageTarget storage;
    private final Optional<ReplicatedStorage> replicated;
    private final Optional<Cache> cache;
    private final ArchiveFormat format;
    private final Clock clock;
    private final Catalog catalog;
    private final SnapshotIds ids;
    private final RepositoryKeys keys;
    private final Map<String, String> parameters;
    private final FormatMemory memory = new FormatMemory();
    private final Optional<Keyring> keyring;
    private final ExecutorService executor = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "lifeboat-worker-" + THREADS.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicInteger running = new AtomicInteger();
    private volatile boolean closed;

    Repository(
            StorageTarget storage,
            Optional<ReplicatedStorage> replicated,
            Optional<Cache> cache,
            ArchiveFormat format,
            Clock clock,
            Opened opened) {
        this.storage = storage;
        this.replicated = replicated;
        this.cache = cache;
        this.format = format;
        this.clock = clock;
        this.keys = opened.keys();
        this.parameters = opened.parameters();
        this.ids = new SnapshotIds(keys);
        this.catalog = new Catalog(storage, new Envelope(keys), ids, executor);
        this.keyring = opened.bundle().map(bundle -> new Keyring(this, keys.repository(), bundle));
        replicated.ifPresent(all -> all.open(objectCheck(), this::hold));
    }

    /** What the descriptor and the keys of a repository give. */
    record Opened(RepositoryKeys keys, Map<String, String> parameters, Optional<KeyBundle> bundle) {}

    /** Where to keep what was read, and how much of it. */
    record Cache(Path directory, long maxBytes) {}

    /** Describes a repository in a store. The repository closes the store. */
    public static RepositoryBuilder at(StorageTarget storage) {
        return new RepositoryBuilder(storage);
    }

    /** Backs up a source: a new snapshot of its series. */
    public Backup backup(SnapshotSource source) {
        return new Backup(this, source);
    }

    /**
     * Lists snapshots of all series, newest first. A damaged manifest is passed over, with a warning in the log; {@link #verify} names it.
     *
     * @throws BackupException.StorageFailed if the store fails
     */
    public List<Snapshot> snapshots() {
        return guarded("list snapshots", () -> catalog.snapshots(Repository::passOver));
    }

    /**
     * Lists snapshots of one series, newest first, as {@link #snapshots()} does; what it takes does not grow with the other series.
     *
     * @param source name of the series, such as {@code container:web}
     * @throws BackupException.StorageFailed if the store fails
     */
    public List<Snapshot> snapshots(String source) {
        return guarded("list snapshots of '" + source + "'", () -> catalog.snapshots(source, Repository::passOver));
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
        Optional<Snapshot> found = guarded("read snapshot " + id.value(), () -> catalog.find(id));
        return found.orElseThrow(() -> new BackupException.NotFound(
                "no snapshot " + id.value() + " in " + storage.location() + "; snapshots() lists those there are"));
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
                        + storage.location() + "; there are snapshots of "
                        + snapshots().stream()
                                .map(Snapshot::source)
                                .distinct()
                                .sorted()
                                .toList()));
    }

    /** Brings a snapshot back. */
    public Restore restore(Snapshot snapshot) {
        return new Restore(this, snapshot);
    }

    /** Copies a snapshot into another repository, of any format and key. */
    public Copy copy(Snapshot snapshot, Repository target) {
        return new Copy(this, snapshot, target);
    }

    /** Tells what differs between two snapshots, of one series or of two. */
    public Diff diff(Snapshot older, Snapshot newer) {
        return new Diff(this, older, newer);
    }

    /** Checks that what is stored is what was written. */
    public Verify verify() {
        return new Verify(this);
    }

    /** Saves what is whole in a damaged repository, and sets the rest apart. */
    public Repair repair() {
        return new Repair(this);
    }

    /** Brings replicas in step with the first store. */
    public CatchUp catchUp() {
        return new CatchUp(this);
    }

    /** Drops snapshots that the policy does not keep, series by series, then frees what nothing needs. */
    public Prune prune(Retention retention) {
        return new Prune(this, retention);
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
        return keys.mayRead();
    }

    /** Where this is, for messages. */
    public String location() {
        return storage.location();
    }

    /**
     * Frees threads and closes the store. Harmless when repeated.
     *
     * @throws IllegalStateException if an operation is running; nothing is closed
     * @throws BackupException.StorageFailed if the store cannot be closed
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (running.get() > 0) {
            throw new IllegalStateException(
                    running.get() + " operations are running on " + this + "; cancel them, or wait for them");
        }
        closed = true;
        executor.shutdownNow();
        try {
            storage.close();
        } catch (IOException e) {
            throw new BackupException.StorageFailed("cannot close " + storage.location() + ": " + e.getMessage(), e);
        }
    }

    StorageTarget storage() {
        return storage;
    }

    Catalog catalog() {
        return catalog;
    }

    /** The catalog of the first store by itself. */
    Catalog unaidedCatalog() {
        return replicated.isEmpty() ? catalog : new Catalog(firstStorage(), new Envelope(keys), ids, executor);
    }

    SnapshotIds ids() {
        return ids;
    }

    Clock clock() {
        return clock;
    }

    ArchiveFormat format() {
        return format;
    }

    Optional<ReplicatedStorage> replicated() {
        return replicated;
    }

    /** The first store by itself, without help from replicas. */
    StorageTarget firstStorage() {
        return replicated
                .<StorageTarget>map(all -> new StorageGate(all.first()))
                .orElse(storage);
    }

    /** A session of nobody's backup: what is listed from now on stays, until it is let go. */
    private Guard.Held hold() throws IOException {
        String series = "replica";
        SnapshotId id = ids.next(series, clock.instant());
        catalog.open(new RepositoryObjects.Session(id, series, Optional.empty()), clock.instant());
        return new Guard.Held() {
            @Override
            public boolean isHeld() throws IOException {
                return firstStorage().find(RepositoryObjects.snapshotKey(id)).isEmpty();
            }

            @Override
            public void close() {
                // Left behind it would keep prunes waiting, whoever is in a hurry.
                boolean interrupted = Thread.interrupted();
                try {
                    catalog.removeSession(id);
                } catch (IOException e) {
                    // Where nothing may be removed: a prune ends it some day.
                    log.debug("session not removed", e);
                } finally {
                    if (interrupted) {
                        Thread.currentThread().interrupt();
                    }
                }
            }
        };
    }

    /** Puts back what was found damaged in the first store, and whole in a replica; gives how many objects that were. */
    @CanIgnoreReturnValue
    int heal() {
        if (replicated.isEmpty()
                || !replicated.get().needsHealing()
                || Thread.currentThread().isInterrupted()) {
            return 0;
        }
        try {
            Guard guard = this::hold;
            return guard.during(held -> {
                Set<String> condemned = new HashSet<>(Condemned.all(maintenanceContext(true), "packs"));
                condemned.addAll(Condemned.all(maintenanceContext(true), "archives"));
                return replicated
                        .get()
                        .heal(key ->
                                condemned.stream().anyMatch(name -> key.value().contains(name)));
            });
        } catch (IOException e) {
            log.warn(
                    "what is damaged stays so for now; replicas have it [store={}, cause={}]",
                    location(),
                    e.getMessage());
            return 0;
        }
    }

    /**
     * What a prune or a repair sees: the first store as it is; replicas get what it gets.
     *
     * @param removes whether they lose what it loses
     */
    FormatContext maintenanceContext(boolean removes) {
        return formatContext(replicated
                .<StorageTarget>map(all -> new StorageGate(all.forMaintenance(removes)))
                .orElse(storage));
    }

    /** Waits until as many stores as wanted have what is in the first one. */
    void awaitQuorum() throws IOException {
        if (replicated.isPresent()) {
            try {
                replicated.get().awaitQuorum();
            } catch (IOException e) {
                throw Io.isInterruption(e) ? e : new StorageGate.Failed(e);
            }
        }
    }

    /** Brings replicas in step after something was removed. */
    void settleReplicas() {
        replicated.ifPresent(ReplicatedStorage::settle);
    }

    /** Tells whole objects from damaged ones. */
    ObjectCheck objectCheck() {
        return new ObjectCheck(formats(), this::formatContext);
    }

    /** For who reads: with the help of what was kept, and of replicas. */
    FormatContext formatContext() {
        return formatContext(cached(storage));
    }

    /** For a backup. What it relies on are listings, and these nobody keeps. */
    FormatContext writeContext() {
        return formatContext(cached(maintenanceContext(true).storage()));
    }

    private StorageTarget cached(StorageTarget uncached) {
        return cache.<StorageTarget>map(c -> CachedStorage.of(uncached, c.directory(), c.maxBytes()))
                .orElse(uncached);
    }

    FormatContext formatContext(StorageTarget in) {
        return new FormatContext(in, executor, Runtime.getRuntime().availableProcessors(), keys, parameters, memory);
    }

    /** All formats there are; in place of one of ours the one this was opened with. */
    List<ArchiveFormat> formats() {
        List<ArchiveFormat> formats = new ArrayList<>(List.of(format));
        for (ArchiveFormat known : List.of(ChunkedFormat.create(), TarFormat.create())) {
            if (formats.stream().noneMatch(f -> f.id().equals(known.id()))) {
                formats.add(known);
            }
        }
        return formats;
    }

    /** The format that reads what another instance, or another release, has written. */
    ArchiveFormat formatOf(String id) throws UnsupportedVersionException {
        return formats().stream()
                .filter(f -> f.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new UnsupportedVersionException("format '" + id + "' is not known here; known are "
                        + formats().stream().map(ArchiveFormat::id).toList()
                        + ". Name it with format(..) when opening, or use a newer release"));
    }

    ArchiveReader reader(Snapshot snapshot) throws IOException {
        return reader(snapshot, formatContext());
    }

    ArchiveReader reader(Snapshot snapshot, FormatContext context) throws IOException {
        ArchiveRoot root = snapshot.archive();
        return formatOf(root.format()).read(context, root);
    }

    void enter() {
        running.incrementAndGet();
        if (closed) {
            running.decrementAndGet();
            throw new IllegalStateException(this + " is closed");
        }
    }

    void leave() {
        running.decrementAndGet();
    }

    static String randomId() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    static Comparator<Snapshot> newestFirst() {
        return Comparator.comparing(Snapshot::time).thenComparing(Snapshot::id).reversed();
    }

    @FunctionalInterface
    interface Reading<T> {
        T run() throws IOException;
    }

    <T> T guarded(String what, Reading<T> reading) {
        String message = "cannot " + what + " in " + storage.location() + ": ";
        enter();
        try {
            return reading.run();
        } catch (InterruptedIOException | ClosedByInterruptException e) {
            Thread.currentThread().interrupt();
            throw new BackupException.Cancelled(message + "cancelled", e);
        } catch (NotReadableException e) {
            throw new BackupException.WrongKey(message + e.getMessage(), e);
        } catch (DamagedException e) {
            throw new BackupException.Corrupt(message + e.getMessage(), e);
        } catch (UnsupportedVersionException e) {
            throw new BackupException.UnsupportedFormat(message + e.getMessage(), e);
        } catch (IOException e) {
            throw new BackupException.StorageFailed(message + e.getMessage(), e);
        } finally {
            leave();
        }
    }

    @Override
    public String toString() {
        return "repository in " + storage.location();
    }
}
