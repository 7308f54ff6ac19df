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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first store, and replicas of it. Everything that has to be agreed upon is agreed upon in the first one; listings are its own; replicas get what it has got.
 * What the first one cannot give is read from a replica, and put back by {@link #heal} where that hurts nobody. Thread-safe.
 */
public final class ReplicatedStorage extends ForwardingStorageTarget {
    private static final Logger log = LoggerFactory.getLogger(ReplicatedStorage.class);

    private final List<Replica> replicas = new ArrayList<>();
    private final DescriptorCheck descriptor;
    private final int quorum;
    private final Duration patience;
    /** Objects that the first store has damaged, lost, or cannot read: where they are whole. */
    private final Map<ObjectKey, StorageTarget> elsewhere = new ConcurrentHashMap<>();

    private volatile @Nullable Opened opened;

    /** What only an open repository has. */
    private record Opened(IntegrityCheck integrity, PruneGuard guard) {}

    /**
     * Puts replicas behind a store; it closes all of them.
     *
     * @param quorum how many stores a snapshot needs, the first one among them
     * @param patience how long {@link #settle} waits for replicas
     */
    public ReplicatedStorage(StorageTarget first, List<StorageTarget> copies, int quorum, Duration patience) {
        super(first);
        this.quorum = quorum;
        this.patience = patience;
        this.descriptor = new DescriptorCheck(first);
        copies.forEach(copy -> replicas.add(new Replica(first, copy, this, descriptor)));
    }

    /** From now on replicas may be compared, fed and asked. */
    public void open(IntegrityCheck integrity, PruneGuard guard) {
        opened = new Opened(integrity, guard);
    }

    /** Has replicas catch up beside a backup that begins, not only after it. */
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

    /** The store that replicas are copies of. */
    public StorageTarget first() {
        return delegate();
    }

    /** The stores of the replicas, in the order in which they were named. */
    public List<StorageTarget> copies() {
        return replicas.stream().map(Replica::storage).toList();
    }

    /**
     * The first store as a prune or a repair sees it: with what replicas have nothing is whole that is damaged there.
     *
     * @param removes whether replicas shall lose what it loses
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
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        ObjectInfo info = super.put(key, content, condition);
        if (ReplicationPolicy.isReplicated(key) && !ReplicationPolicy.isManifest(key)) {
            replicas.forEach(replica -> replica.offer(key, content));
        }
        return info;
    }

    /**
     * Waits, if a quorum is asked for, until so many stores have all that is in the first one, however long that takes.
     *
     * @throws IOException if they cannot
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
            throw new IOException("a snapshot needs " + quorum + " stores and only " + stores
                    + " can be had; nothing was committed. The replicas: " + String.join("; ", failures));
        }
    }

    /** Brings replicas in step, and waits for those that can be reached, but never longer than so. Never fails. */
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
                // What was to be done is done, and nobody shall think otherwise.
                Thread.currentThread().interrupt();
                return;
            } catch (TimeoutException e) {
                replica.leaveBehind();
                log.warn(
                        "replica left behind; it catches up later [store={}, waited={}]",
                        replica.storage().location(),
                        patience);
            } catch (ExecutionException e) {
                log.debug("replica could not catch up", e);
            }
        }
    }

    /** Has a replica catch up, by its place among {@link #copies}. */
    public CompletableFuture<SyncResult> compare(int replica) {
        return replicas.get(replica).compare(guard());
    }

    /** Removes what only a replica has; for who has made sure that the first store has lost nothing. Returns how much. */
    public long dropSurplus(int replica) throws IOException {
        return replicas.get(replica).dropSurplus(guard());
    }

    /** Content that only a replica has. */
    public List<ObjectKey> surplusContent(int replica) throws IOException {
        Comparison comparison = comparison(replica);
        List<ObjectInfo> lacking = comparison.lacking();
        log.debug("replica compared [lacking={}]", lacking.size());
        return comparison.surplus().stream()
                .filter(ReplicationPolicy::isContent)
                .toList();
    }

    /** What a replica lacks: data first, then manifests. */
    public List<ObjectInfo> lacking(int replica) throws IOException {
        Comparison comparison = comparison(replica);
        List<ObjectInfo> lacking = new ArrayList<>(comparison.lacking());
        lacking.addAll(comparison.manifests());
        return lacking;
    }

    /** What both the first store and a replica have; with whether it is of one length. */
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

    /** ReplicaMaintenance, too; one that cannot be reached may do it another time. */
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
                log.warn(
                        "objects not kept for longer in a replica [store={}, cause={}]",
                        copy.location(),
                        e.getMessage());
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
                log.warn("replica cannot help any more [key={}, cause={}]", key, e.getMessage());
            }
        }
        // Whether a manifest is there is for the first store to say.
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

    /** Opens what the first store could not give. */
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

    /** Has it read from a replica from now on; {@link #heal} puts it back. */
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
            // Who has not found it in a listing reads it for the first time.
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
                log.warn("replica cannot help [key={}, store={}, cause={}]", key, copy.location(), e.getMessage());
            }
        }
        return false;
    }

    /** A key slot opens for its own repository only, whatever else it holds. */
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
        // A descriptor that is damaged in the first store says nothing of the copy.
        if (!key.equals(RepositoryLayout.DESCRIPTOR)) {
            replica.check();
        }
        return replica.storage().find(key).isPresent() && integrity.isIntact(replica.storage(), key);
    }

    /** Whether there is something to {@link #heal}. */
    public boolean needsHealing() {
        return !elsewhere.isEmpty();
    }

    /**
     * Puts back what is damaged in the first store and still there. What is missing is not: a prune that sleeps may have it on its list. To be called while
     * the guard is held.
     *
     * @param isCondemned whether a prune may be about to remove an object
     * @return how many objects that were
     */
    public int heal(Predicate<ObjectKey> isCondemned) throws IOException {
        int healed = 0;
        for (Map.Entry<ObjectKey, StorageTarget> bad : List.copyOf(elsewhere.entrySet())) {
            ObjectKey key = bad.getKey();
            Optional<ObjectInfo> good = bad.getValue().find(key);
            if (good.isPresent() && !isCondemned.test(key) && super.find(key).isPresent()) {
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

    /** Gives a replica a good copy of an object in the place of what it has. */
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
