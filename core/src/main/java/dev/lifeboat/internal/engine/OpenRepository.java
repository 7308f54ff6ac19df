package dev.lifeboat.internal.engine;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.FormatMemory;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.audit.AuditLog;
import dev.lifeboat.internal.cache.CachedStorage;
import dev.lifeboat.internal.catalog.Catalog;
import dev.lifeboat.internal.catalog.Session;
import dev.lifeboat.internal.catalog.SnapshotIdGenerator;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.internal.replica.ObjectVerifier;
import dev.lifeboat.internal.replica.PruneGuard;
import dev.lifeboat.internal.replica.PruneHold;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An open repository as operations see it: its stores, its catalog, its formats, its threads. Thread-safe. */
public final class OpenRepository {
    private static final Logger log = LoggerFactory.getLogger(OpenRepository.class);

    private final StorageTarget storage;
    private final Optional<ReplicatedStorage> replicated;
    private final Optional<CacheSettings> cache;
    private final List<ArchiveFormat> formats;
    private final Clock clock;
    private final Catalog catalog;
    private final SnapshotIdGenerator ids;
    private final RepositoryKeys keys;
    private final Map<String, String> parameters;
    private final OperationListeners listeners;
    private final Optional<AuditLog> audit;
    private final FormatMemory memory = new FormatMemory();
    private final RunningOperations operations;
    private final int parallelism;
    private final ExecutorService executor;

    /**
     * Opens a repository. The repository closes the store.
     *
     * @param storage all stores, tagged
     * @param formats all formats, that of new snapshots first
     * @param parameters of the formats, from the descriptor
     * @param listeners are told of operations
     * @param audit records operations; empty if none are recorded
     */
    public OpenRepository(
            StorageTarget storage,
            Optional<ReplicatedStorage> replicated,
            Optional<CacheSettings> cache,
            WorkSettings work,
            List<ArchiveFormat> formats,
            Clock clock,
            RepositoryKeys keys,
            Map<String, String> parameters,
            OperationListeners listeners,
            Optional<AuditLog> audit) {
        this.storage = storage;
        this.replicated = replicated;
        this.cache = cache;
        this.parallelism = work.parallelism();
        // Tasks wait for each other: with a bound on their threads they could do so forever.
        this.executor = Executors.newCachedThreadPool(work.threads());
        this.formats = formats;
        this.clock = clock;
        this.keys = keys;
        this.parameters = parameters;
        this.listeners = listeners;
        this.audit = audit;
        this.operations = new RunningOperations("repository in " + storage.location());
        this.ids = new SnapshotIdGenerator(keys);
        this.catalog = new Catalog(storage, new Envelope(keys), ids, executor);
        replicated.ifPresent(all -> all.open(objectVerifier(), this::hold));
    }

    /**
     * Cancels running operations, waits for them, frees threads and closes the store. Repeated calls have no effect.
     *
     * @throws IllegalStateException if one of these operations calls it; nothing is closed
     */
    public void close() throws IOException {
        operations.close();
        executor.shutdownNow();
        storage.close();
    }

    /** Observes an operation, if there is someone to tell of it. */
    public Optional<OperationObserver> observe(String kind, String operation) {
        return listeners.isEmpty()
                ? Optional.empty()
                : Optional.of(new OperationObserver(kind, operation, clock.instant(), listeners));
    }

    /** Returns where operations are recorded; empty if they are not. */
    public Optional<AuditLog> audit() {
        return audit;
    }

    /** Begins an operation on this thread. */
    public RunningOperations.Running enter(String what) {
        return operations.enter(what);
    }

    /** Returns the store, which includes the replicas. */
    public StorageTarget storage() {
        return storage;
    }

    /** Returns where the repository is, for messages. */
    public String location() {
        return storage.location();
    }

    /** Returns the directories of this machine that hold the objects, replicas and caches included. */
    public List<Path> directories() {
        return cached(storage).directories();
    }

    /** Returns the keys. */
    public RepositoryKeys keys() {
        return keys;
    }

    /** Returns the catalog of snapshots and sessions. */
    public Catalog catalog() {
        return catalog;
    }

    /** Returns the catalog of the primary store alone, without replicas. */
    public Catalog primaryCatalog() {
        return replicated.isEmpty() ? catalog : new Catalog(primary(), new Envelope(keys), ids, executor);
    }

    /** Returns the generator of snapshot ids. */
    public SnapshotIdGenerator ids() {
        return ids;
    }

    /** Returns the clock. */
    public Clock clock() {
        return clock;
    }

    /** Returns the format of new snapshots. */
    public ArchiveFormat format() {
        return formats.get(0);
    }

    /** Returns the stores of a repository that has replicas; empty if it has none. */
    public Optional<ReplicatedStorage> replicated() {
        return replicated;
    }

    /** Returns the primary store alone, without replicas. */
    public StorageTarget primary() {
        return replicated
                .<StorageTarget>map(all -> new TaggedStorage(all.first()))
                .orElse(storage);
    }

    /** Opens a session without a backup. Until it is closed, prunes keep what is listed from now on. */
    private PruneHold hold() throws IOException {
        String series = "replica";
        SnapshotId id = ids.next(series, clock.instant());
        catalog.open(new Session(id, series, Optional.empty()), clock.instant());
        return new PruneHold() {
            @Override
            public boolean isHeld() throws IOException {
                return primary().find(RepositoryLayout.snapshot(id.value())).isEmpty();
            }

            @Override
            public void close() {
                // A session that stays makes prunes wait.
                boolean interrupted = Thread.interrupted();
                try {
                    catalog.removeSession(id);
                } catch (IOException e) {
                    // The credentials may not delete: a prune ends the session later.
                    log.debug("session not removed", e);
                } finally {
                    if (interrupted) {
                        Thread.currentThread().interrupt();
                    }
                }
            }
        };
    }

    /** Replaces objects that are damaged in the primary store by intact ones from replicas. Returns how many. */
    @CanIgnoreReturnValue
    public int heal() {
        if (replicated.isEmpty()
                || !replicated.get().needsHealing()
                || Thread.currentThread().isInterrupted()) {
            return 0;
        }
        try {
            PruneGuard guard = this::hold;
            return guard.during(held -> {
                Set<String> pendingDeletions =
                        new HashSet<>(PendingDeletions.all(maintenanceContext(true), PendingDeletions.PACKS));
                pendingDeletions.addAll(PendingDeletions.all(maintenanceContext(true), PendingDeletions.ARCHIVES));
                return replicated
                        .get()
                        .heal(key -> pendingDeletions.stream()
                                .anyMatch(name -> key.value().contains(name)));
            });
        } catch (IOException e) {
            log.warn(
                    "damaged objects were not replaced by intact ones from replicas; run repair [store={}, cause={}]",
                    location(),
                    e.getMessage());
            return 0;
        }
    }

    /**
     * Returns the context of prunes and repairs: reads use the primary store alone, puts go to replicas as well.
     *
     * @param removes whether deletions go to replicas as well
     */
    public FormatContext maintenanceContext(boolean removes) {
        return formatContext(replicated
                .<StorageTarget>map(all -> new TaggedStorage(all.forMaintenance(removes)))
                .orElse(storage));
    }

    /** Waits until as many stores as the quorum requires have what the primary has. */
    public void awaitQuorum() throws IOException {
        if (replicated.isPresent()) {
            try {
                replicated.get().awaitQuorum();
            } catch (IOException e) {
                throw Io.isInterruption(e) ? e : new TaggedStorage.Failed(e);
            }
        }
    }

    /** Passes deletions on to replicas. */
    public void settleReplicas() {
        replicated.ifPresent(ReplicatedStorage::settle);
    }

    /** Returns the check that distinguishes intact objects from damaged ones. */
    public ObjectVerifier objectVerifier() {
        return new ObjectVerifier(formats(), this::formatContext);
    }

    /** Returns the context of readers: with the cache, and with replicas. */
    public FormatContext formatContext() {
        return formatContext(cached(storage));
    }

    /** Returns the context of backups. They rely on listings, which are not cached. */
    public FormatContext writeContext() {
        return formatContext(cached(maintenanceContext(true).storage()));
    }

    private StorageTarget cached(StorageTarget uncached) {
        return cache.<StorageTarget>map(c -> CachedStorage.of(uncached, c.directory(), c.maxBytes()))
                .orElse(uncached);
    }

    public FormatContext formatContext(StorageTarget in) {
        return new FormatContext(in, executor, parallelism, keys, parameters, memory);
    }

    /** Returns all formats, that of new snapshots first. */
    public List<ArchiveFormat> formats() {
        return formats;
    }

    /**
     * Returns the format with an id.
     *
     * @throws UnsupportedVersionException if there is none
     */
    public ArchiveFormat formatOf(String id) throws UnsupportedVersionException {
        return formats().stream()
                .filter(f -> f.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new UnsupportedVersionException("format '" + id + "' is unknown; known are "
                        + formats().stream().map(ArchiveFormat::id).toList()
                        + ". Name it with format(..) when opening, or use a newer release"));
    }

    public ArchiveReader reader(Snapshot snapshot) throws IOException {
        return reader(snapshot, formatContext());
    }

    public ArchiveReader reader(Snapshot snapshot, FormatContext context) throws IOException {
        ArchiveRoot root = snapshot.archive();
        return formatOf(root.format()).read(context, root);
    }
}
