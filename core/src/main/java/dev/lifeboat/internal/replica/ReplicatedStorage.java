package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.StoredContent;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The primary store and its replicas. All coordination between processes uses the primary, and listings are those of
 * the primary. Replicas receive what is stored in the primary. What the primary cannot provide is read from a replica,
 * and put back by {@link #heal} where that is safe. Thread-safe.
 */
public final class ReplicatedStorage extends ForwardingStorageTarget {
    private static final Logger log = LoggerFactory.getLogger(ReplicatedStorage.class);

    private final List<Replica> replicas = new ArrayList<>();
    private final DescriptorCheck descriptor;
    private final int quorum;
    private final Duration patience;
    /** Objects that are damaged, lost or unreadable in the primary, with the store in which they are intact. */
    private final Map<ObjectKey, StorageTarget> elsewhere = new ConcurrentHashMap<>();

    private volatile @Nullable Opened opened;

    /** What is available only once the repository is open. */
    private record Opened(IntegrityCheck integrity, PruneGuard guard) {}

    /**
     * Adds replicas to a store. Closing this closes all of them.
     *
     * @param quorum the number of stores a snapshot needs, including the primary
     * @param patience how long {@link #settle} waits for replicas
     * @param threads creates threads, which end when they have no work
     */
    public ReplicatedStorage(
            StorageTarget first, List<StorageTarget> copies, int quorum, Duration patience, ThreadFactory threads) {
        super(first);
        this.quorum = quorum;
        this.patience = patience;
        this.descriptor = new DescriptorCheck(first);
        copies.forEach(copy -> replicas.add(new Replica(first, copy, this, descriptor, threads)));
    }

    /** Enables replicas: from now on they may be compared, written and read. */
    public void open(IntegrityCheck integrity, PruneGuard guard) {
        opened = new Opened(integrity, guard);
    }

    /** Starts to sync replicas in parallel with a backup, not only after it. */
    public void begin() {
        PruneGuard guard = guard();
        replicas.forEach(replica -> replica.compare(guard));
    }

    private PruneGuard guard() {
        Opened known = opened;
        if (known == null) {
            throw new IllegalStateException("the repository is not open");
        }
        return known.guard();
    }

    /** Returns the primary store. */
    public StorageTarget first() {
        return delegate();
    }

    /** Returns the stores of the replicas, in the order in which they were given. */
    public List<StorageTarget> copies() {
        return replicas.stream().map(Replica::storage).toList();
    }

    /**
     * Returns the primary store for a prune or a repair. Objects that are damaged in the primary are not read from
     * replicas.
     *
     * @param removes whether objects deleted in the primary are also deleted in replicas
     */
    public StorageTarget forMaintenance(boolean removes) {
        return new ForwardingStorageTarget(this) {
            @Override
            public InputStream open(ObjectKey key, ByteRange range) throws IOException {
                return first().open(key, range);
            }

            @Override
            public boolean recover(ObjectKey key) throws IOException {
                return first().recover(key);
            }

            @Override
            public void delete(Collection<ObjectKey> keys) throws IOException {
                if (removes) {
                    super.delete(keys);
                } else {
                    first().delete(keys);
                }
            }
        };
    }

    @Override
    public List<Path> directories() {
        List<Path> all = new ArrayList<>(super.directories());
        copies().forEach(copy -> all.addAll(copy.directories()));
        return List.copyOf(all);
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        ObjectInfo info = super.put(key, content, condition);
        if (ReplicationPolicy.isReplicated(key) && !ReplicationPolicy.isManifest(key)) {
            replicas.forEach(replica -> replica.offer(key, content));
        }
        return info;
    }

    /**
     * Waits until the quorum is reached: this many stores have everything that is in the primary. Waits without a time
     * limit. Returns at once if no quorum is set.
     *
     * @throws IOException if the quorum cannot be reached
     */
    public void awaitQuorum() throws IOException {
        List<CompletableFuture<SyncResult>> waiting = new ArrayList<>();
        if (quorum > 1) {
            replicas.forEach(replica -> waiting.add(replica.compare(guard())));
        }
        int stores = 1;
        List<String> failures = new ArrayList<>();
        while (stores < quorum && !waiting.isEmpty()) {
            CompletableFuture<Object> next = CompletableFuture.anyOf(waiting.toArray(new CompletableFuture<?>[0]));
            try {
                next.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw Io.interrupted(e);
            } catch (ExecutionException e) {
                failures.add(Io.message(e));
            }
            stores += (int) waiting.stream()
                    .filter(one -> one.isDone() && !one.isCompletedExceptionally())
                    .count();
            waiting.removeIf(CompletableFuture::isDone);
        }
        if (stores < quorum) {
            throw new IOException("a snapshot needs " + quorum + " stores, but only " + stores
                    + " can be reached; nothing was committed; failed replicas: " + String.join("; ", failures));
        }
    }

    /** Syncs replicas. Waits for those that can be reached, up to the time limit set at construction. Never fails. */
    public void settle() {
        Map<Replica, CompletableFuture<SyncResult>> expected = new LinkedHashMap<>();
        for (Replica replica : replicas) {
            boolean isExpected = !replica.isAway();
            CompletableFuture<SyncResult> comparison = replica.compare(guard());
            if (isExpected) {
                expected.put(replica, comparison);
            }
        }
        long deadline = System.nanoTime() + patience.toNanos();
        for (Map.Entry<Replica, CompletableFuture<SyncResult>> comparison : expected.entrySet()) {
            Replica replica = comparison.getKey();
            try {
                comparison.getValue().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                // The operation itself has succeeded, and must not be reported as failed.
                Thread.currentThread().interrupt();
                return;
            } catch (TimeoutException e) {
                replica.leaveBehind();
                log.warn(
                        "replica is not in sync; the next sync completes it [store={}, waited={}]",
                        replica.storage().location(),
                        patience);
            } catch (ExecutionException e) {
                log.debug("cannot sync replica", e);
            }
        }
    }

    /** Syncs a replica, given its index in {@link #copies}. */
    public CompletableFuture<SyncResult> compare(int replica) {
        return replicas.get(replica).compare(guard());
    }

    /**
     * Removes what only a replica has. The caller has verified that the primary has lost nothing. Returns the number of
     * objects removed.
     */
    public long dropSurplus(int replica) throws IOException {
        return replicas.get(replica).dropSurplus(guard());
    }

    /** Returns the content that only a replica has. */
    public List<ObjectKey> surplusContent(int replica) throws IOException {
        Comparison comparison = comparison(replica);
        List<ObjectInfo> lacking = comparison.lacking();
        log.debug("replica compared [lacking={}]", lacking.size());
        return comparison.surplus().stream()
                .filter(ReplicationPolicy::isContent)
                .toList();
    }

    /** Returns the objects that a replica lacks: data first, then manifests. */
    public List<ObjectInfo> lacking(int replica) throws IOException {
        Comparison comparison = comparison(replica);
        List<ObjectInfo> lacking = new ArrayList<>(comparison.lacking());
        // Entries of the audit trail, such as that of the operation which asks, may be on their way.
        lacking.removeIf(object -> ReplicationPolicy.isAudit(object.key()));
        lacking.addAll(comparison.manifests());
        return lacking;
    }

    /** Returns the objects that both the primary and a replica have, each with whether the lengths are equal. */
    public Map<ObjectInfo, Boolean> shared(int replica) throws IOException {
        Comparison comparison = comparison(replica);
        Map<ObjectInfo, Boolean> shared = new LinkedHashMap<>();
        for (ObjectInfo object : comparison.shared()) {
            shared.put(object, comparison.isAsLong(object));
        }
        return shared;
    }

    private Comparison comparison(int replica) throws IOException {
        replicas.get(replica).check();
        return Comparison.of(first(), replicas.get(replica).storage());
    }

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        Set<ObjectKey> gone = new HashSet<>(keys);
        try {
            super.delete(keys);
        } catch (LockedException e) {
            gone.removeAll(e.keys());
            throw e;
        } finally {
            List<ObjectKey> kept =
                    gone.stream().filter(ReplicationPolicy::isReplicated).toList();
            replicas.forEach(replica -> replica.remove(kept));
        }
    }

    /** Extends locks in replicas, too. A replica that cannot be reached gets the extension another time. */
    @Override
    public void keep(Collection<ObjectKey> keys) throws IOException {
        super.keep(keys);
        for (StorageTarget copy : copies()) {
            try {
                copy.keep(keys);
            } catch (IOException e) {
                if (Io.isInterruption(e)) {
                    throw e;
                }
                log.warn("cannot extend locks in a replica [store={}, cause={}]", copy.location(), e.getMessage());
            }
        }
    }

    // ---- read

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        StorageTarget other = elsewhere.get(key);
        if (other != null) {
            try {
                return other.open(key, range);
            } catch (IOException e) {
                if (Io.isInterruption(e)) {
                    throw e;
                }
                elsewhere.remove(key, other);
                log.warn("cannot read object from its replica any more [key={}, cause={}]", key, e.getMessage());
            }
        }
        // Only the primary decides whether a manifest exists.
        if (opened == null || !ReplicationPolicy.isReplicated(key) || ReplicationPolicy.isManifest(key)) {
            return super.open(key, range);
        }
        try {
            return new FallbackStream(super.open(key, range), range, (rest, cause) -> openCopy(key, rest, cause));
        } catch (FileNotFoundException e) {
            throw e;
        } catch (IOException e) {
            return openCopy(key, range, e);
        }
    }

    /** Opens from a replica what the primary could not provide. */
    private InputStream openCopy(ObjectKey key, ByteRange range, IOException cause) throws IOException {
        if (Io.isInterruption(cause)) {
            throw cause;
        }
        for (Replica replica : replicas) {
            try {
                replica.check();
                InputStream in = replica.storage().open(key, range);
                log.warn(
                        "read from a replica [key={}, store={}, cause={}]",
                        key,
                        replica.storage().location(),
                        cause.getMessage());
                return in;
            } catch (IOException e) {
                if (Io.isInterruption(e)) {
                    throw e;
                }
                cause.addSuppressed(e);
            }
        }
        throw cause;
    }

    /** Reads the object from a replica from now on; {@link #heal} puts it back. */
    @Override
    public boolean recover(ObjectKey key) throws IOException {
        if (super.recover(key)) {
            return true;
        }
        if (!ReplicationPolicy.isReplicated(key)) {
            return false;
        }
        boolean missing = super.find(key).isEmpty();
        if (elsewhere.containsKey(key)) {
            // A caller that missed the object in a listing reads it for the first time.
            return missing;
        }
        if (missing && !ReplicationPolicy.isContent(key)) {
            return false;
        }
        Opened known = opened;
        for (Replica replica : replicas) {
            StorageTarget copy = replica.storage();
            try {
                if (known == null ? isSoundBeforeOpening(replica, key) : isIntact(replica, key, known.integrity())) {
                    elsewhere.put(key, copy);
                    log.warn("object is read from a replica [key={}, store={}]", key, copy.location());
                    return true;
                }
            } catch (IOException e) {
                if (Io.isInterruption(e)) {
                    throw e;
                }
                log.warn(
                        "cannot check object in replica [key={}, store={}, cause={}]",
                        key,
                        copy.location(),
                        e.getMessage());
            }
        }
        return false;
    }

    /** A key slot opens only its own repository, regardless of what else the store holds. */
    private boolean isSoundBeforeOpening(Replica replica, ObjectKey key) throws IOException {
        StorageTarget copy = replica.storage();
        if (key.equals(RepositoryLayout.DESCRIPTOR)) {
            return descriptor.isOurs(copy);
        }
        if (!ReplicationPolicy.isKeySlot(key) || copy.find(key).isEmpty()) {
            return false;
        }
        replica.check();
        try (InputStream in = copy.open(key, ByteRange.all())) {
            return SealedDocument.isWhole(in.readNBytes(SealedDocument.MAX_BYTES));
        }
    }

    private static boolean isIntact(Replica replica, ObjectKey key, IntegrityCheck integrity) throws IOException {
        // The damaged descriptor of the primary cannot be used to check the copy.
        if (!key.equals(RepositoryLayout.DESCRIPTOR)) {
            replica.check();
        }
        return replica.storage().find(key).isPresent() && integrity.isIntact(replica.storage(), key);
    }

    /** Returns whether there is something to {@link #heal}. */
    public boolean needsHealing() {
        return !elsewhere.isEmpty();
    }

    /**
     * Puts back objects that are damaged in the primary and still exist there. Missing objects are not put back: they
     * may be pending deletions of a prune that is suspended. Call this only while the guard is held.
     *
     * @param isPendingDeletion whether a prune may be about to remove an object
     * @return the number of objects put back
     */
    public int heal(Predicate<ObjectKey> isPendingDeletion) throws IOException {
        int healed = 0;
        for (Map.Entry<ObjectKey, StorageTarget> bad : List.copyOf(elsewhere.entrySet())) {
            ObjectKey key = bad.getKey();
            Optional<ObjectInfo> good = bad.getValue().find(key);
            if (good.isPresent()
                    && !isPendingDeletion.test(key)
                    && super.find(key).isPresent()) {
                super.put(key, new StoredContent(bad.getValue(), good.get()), PutCondition.ALWAYS);
                elsewhere.remove(key, bad.getValue());
                healed++;
                log.warn(
                        "object restored from a replica [key={}, store={}]",
                        key,
                        bad.getValue().location());
            }
        }
        return healed;
    }

    /** Replaces an object in a replica by the intact one of the primary. */
    public void renew(int replica, ObjectInfo object) throws IOException {
        replicas.get(replica).check();
        replicas.get(replica).storage().put(object.key(), new StoredContent(first(), object), PutCondition.ALWAYS);
    }

    @Override
    public void close() throws IOException {
        @Nullable IOException failure = null;
        for (Replica replica : replicas) {
            try {
                replica.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        super.close();
        if (failure != null) {
            throw failure;
        }
    }
}
