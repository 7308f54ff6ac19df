package dev.lifeboat.internal.replica;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.StoredContent;
import dev.lifeboat.internal.io.TrackedTask;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of a repository. During a backup it receives new objects of the primary store from memory, as long as it keeps
 * up. A comparison with the primary copies what it missed then or before. Only a comparison copies a manifest to it,
 * after everything else that was in the primary when that manifest was listed, and while no prune may remove that. So
 * every snapshot in its listing is complete there.
 *
 * <p>A comparison overwrites nothing in it. That the primary lacks an object is no reason to remove it, since a replica
 * must keep what the primary loses. A comparison removes only what was explicitly deleted. No operation blocks on a
 * replica here. Thread-safe.
 */
final class Replica {
    private static final Logger log = LoggerFactory.getLogger(Replica.class);
    private static final int MAX_FED_BYTES = 32 << 20;
    private static final int MAX_FED = 2;
    private static final int COPIERS = 3;
    private static final int IDLE_SECONDS = 5;
    private static final int MAX_ROUNDS = 50;
    private static final int CLOSING_SECONDS = 5;

    private final StorageTarget first;
    private final StorageTarget copy;
    private final StorageTarget source;
    private final DescriptorCheck descriptor;
    private final ExecutorService comparer;
    private final ExecutorService copiers;
    private final Semaphore room = new Semaphore(MAX_FED);
    private final Set<Future<?>> feeding = ConcurrentHashMap.newKeySet();
    private final Set<ObjectKey> removed = ConcurrentHashMap.newKeySet();
    private @Nullable CompletableFuture<SyncResult> waiting;
    /** Whether this was verified to be a copy of this repository. */
    private volatile boolean attached;

    private volatile boolean away;

    /**
     * Creates a replica of a store.
     *
     * @param source provides content of the primary store, from any store that has it
     */
    Replica(
            StorageTarget first,
            StorageTarget copy,
            StorageTarget source,
            DescriptorCheck descriptor,
            ThreadFactory threads) {
        this.first = first;
        this.copy = copy;
        this.source = source;
        this.descriptor = descriptor;
        this.comparer = newPool(1, threads);
        this.copiers = newPool(COPIERS, threads);
    }

    /** Creates threads that end when idle, so that a replica that was hardly used need not be closed. */
    private static ExecutorService newPool(int size, ThreadFactory threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                size, size, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    StorageTarget storage() {
        return copy;
    }

    /** Returns whether the last attempt to reach this replica failed. */
    boolean isAway() {
        return away;
    }

    /** Records that operations do not wait for this replica again until it is in sync. */
    void leaveBehind() {
        away = true;
    }

    /**
     * Checks that this is a copy of this repository.
     *
     * @throws IOException if it is not, or cannot be read
     */
    void check() throws IOException {
        if (!attached) {
            descriptor.check(copy);
            attached = true;
        }
    }

    /**
     * Copies a new object of the primary from memory, if there is room. A comparison finds objects that were not
     * copied.
     */
    void offer(ObjectKey key, Content content) {
        removed.remove(key);
        if (away
                || !attached
                || !content.repeatable()
                || content.length().orElse(Long.MAX_VALUE) > MAX_FED_BYTES
                || !room.tryAcquire()) {
            return;
        }
        try (InputStream in = content.open()) {
            byte[] bytes = in.readAllBytes();
            TrackedTask<?> task = new TrackedTask<>(
                    () -> {
                        feed(key, bytes);
                        return key;
                    },
                    room::release);
            feeding.removeIf(Future::isDone);
            feeding.add(task);
            task.startOn(copiers);
        } catch (IOException e) {
            room.release();
            log.debug("object not copied to replica from memory", e);
        }
    }

    private void feed(ObjectKey key, byte[] bytes) {
        try {
            if (!away) {
                copy.put(key, Content.of(bytes), PutCondition.IF_ABSENT);
            }
        } catch (PreconditionFailedException e) {
            log.debug("replica has the object already", e);
        } catch (IOException e) {
            away(e);
        }
    }

    private void away(Throwable cause) {
        if (!away) {
            log.warn("replica is no longer in sync [store={}, cause={}]", copy.location(), cause.getMessage());
        }
        away = true;
    }

    /** Records objects to remove here, too, once the replica is in sync. */
    void remove(Collection<ObjectKey> keys) {
        removed.addAll(keys);
    }

    /**
     * Starts a comparison with the primary, which copies what this replica lacks.
     *
     * @return the result; fails with an IOException if the copy or the primary cannot be read or written
     */
    @CanIgnoreReturnValue
    synchronized CompletableFuture<SyncResult> compare(PruneGuard guard) {
        CompletableFuture<SyncResult> next = waiting;
        if (next == null) {
            CompletableFuture<SyncResult> made = new CompletableFuture<>();
            comparer.execute(() -> {
                synchronized (this) {
                    waiting = null;
                }
                try {
                    made.complete(syncReplicas(guard));
                } catch (Throwable e) {
                    // Catches everything, so that no caller waits forever.
                    away(e);
                    made.completeExceptionally(e);
                }
            });
            waiting = made;
            next = made;
        }
        return next;
    }

    private SyncResult syncReplicas(PruneGuard guard) throws IOException {
        for (Future<?> task : List.copyOf(feeding)) {
            Io.await(task);
        }
        check();
        Set<ObjectKey> unwanted = Set.copyOf(removed);
        return guard.during(held -> {
            Comparison difference = Comparison.of(first, copy);
            List<ObjectInfo> data = difference.lacking();
            long copied = data.size();
            long bytes = copyAll(data, difference);
            for (int round = 1; needsAnother(difference); round++) {
                if (round == MAX_ROUNDS) {
                    throw new IOException("prunes move content in " + first.location() + " faster than "
                            + copy.location() + " can copy it; run syncReplicas when they are done");
                }
                data = difference.lacking();
                copied += data.size();
                bytes += copyAll(data, difference);
            }
            List<ObjectInfo> manifests = new ArrayList<>();
            for (ObjectInfo manifest : difference.manifests()) {
                // A manifest that was pruned since may have lost objects it needs before they were copied.
                if (first.find(manifest.key()).isPresent()) {
                    manifests.add(manifest);
                }
            }
            if (!manifests.isEmpty() && !held.isHeld()) {
                throw new IOException("a prune ended this sync as stale before " + copy.location()
                        + " was in sync; what was copied stays: run syncReplicas again, and let prunes wait longer");
            }
            copied += manifests.size();
            bytes += copyAll(manifests, difference);
            dropVanished(manifests);
            List<ObjectKey> surplus = difference.surplus();
            removeUnwanted(surplus, unwanted);
            away = false;
            if (copied > 0) {
                log.debug("replica is in sync [store={}, objects={}, bytes={}]", copy.location(), copied, bytes);
            }
            return new SyncResult(copied, bytes, surplus.size());
        });
    }

    /** Only manifests depend on a stable listing. */
    private static boolean needsAnother(Comparison difference) {
        return !difference.manifests().isEmpty() && !difference.isStable();
    }

    private long copyAll(List<ObjectInfo> objects, Comparison difference) throws IOException {
        List<Future<Long>> copies = new ArrayList<>();
        long bytes = 0;
        try {
            for (ObjectInfo object : objects) {
                copies.add(copiers.submit(() -> copy(object, difference)));
            }
            for (Future<Long> one : copies) {
                bytes += Io.await(one);
            }
            return bytes;
        } finally {
            copies.forEach(one -> one.cancel(true));
        }
    }

    private long copy(ObjectInfo object, Comparison difference) throws IOException {
        try {
            copy.put(object.key(), new StoredContent(source, object), PutCondition.IF_ABSENT);
            return object.length();
        } catch (PreconditionFailedException e) {
            // Received directly since it was listed, or copied by another process.
            return 0;
        } catch (FileNotFoundException e) {
            if (first.find(object.key()).isPresent()) {
                throw e;
            }
            // Pruned after it was listed. What is still needed of it has moved to another object.
            difference.unsettle();
            return 0;
        }
    }

    /** Removes manifests that were pruned while they were copied, since objects they need may be missing here, too. */
    private void dropVanished(List<ObjectInfo> manifests) throws IOException {
        List<ObjectKey> vanished = new ArrayList<>();
        for (ObjectInfo manifest : manifests) {
            if (first.find(manifest.key()).isEmpty()) {
                vanished.add(manifest.key());
            }
        }
        delete(vanished);
    }

    /**
     * Removes deleted objects. Content is removed only if no snapshot is left here that may still need it, such as one
     * that the primary has lost or one that is locked here.
     */
    private void removeUnwanted(List<ObjectKey> surplus, Set<ObjectKey> unwanted) throws IOException {
        List<ObjectKey> going = surplus.stream().filter(unwanted::contains).toList();
        boolean left = surplus.stream().anyMatch(key -> ReplicationPolicy.isManifest(key) && !unwanted.contains(key));
        left |= !delete(going.stream()
                .filter(key -> ReplicationPolicy.isManifest(key) || ReplicationPolicy.isKeySlot(key))
                .toList());
        if (!left) {
            delete(going.stream().filter(ReplicationPolicy::isContent).toList());
            delete(going.stream()
                    .filter(key -> !ReplicationPolicy.isContent(key))
                    .toList());
            removed.removeAll(unwanted);
        }
    }

    /**
     * Removes what only this replica has. The caller has verified that the primary lacks nothing.
     *
     * @return the number of objects removed
     */
    long dropSurplus(PruneGuard guard) throws IOException {
        check();
        return guard.during(held -> {
            // Listed before the primary: an object that both stores get in between is not surplus.
            Set<ObjectKey> before = new HashSet<>();
            copy.list("", object -> before.add(object.key()));
            Comparison difference = Comparison.of(first, copy);
            boolean inSync = difference.lacking().stream().allMatch(object -> ReplicationPolicy.isAudit(object.key()));
            if (!inSync || !difference.manifests().isEmpty()) {
                throw new IOException(copy.location() + " is not in sync; run syncReplicas first");
            }
            List<ObjectKey> surplus =
                    difference.surplus().stream().filter(before::contains).toList();
            removeUnwanted(surplus, Set.copyOf(surplus));
            return (long) surplus.size();
        });
    }

    /** Deletes objects. Returns false if some are locked and remain. */
    private boolean delete(List<ObjectKey> keys) throws IOException {
        try {
            if (!keys.isEmpty()) {
                copy.delete(keys);
            }
            return true;
        } catch (LockedException e) {
            log.warn("locked objects remain in replica [store={}, cause={}]", copy.location(), e.getMessage());
            return false;
        }
    }

    /** Stops running work, and closes the store. */
    void close() throws IOException {
        comparer.shutdownNow();
        copiers.shutdownNow();
        try {
            // So that the work stops using the primary before it is closed.
            if (!comparer.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                log.warn("replica does not respond, closed without waiting [store={}]", copy.location());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            if (waiting != null) {
                waiting.completeExceptionally(new IOException(copy.location() + " was closed"));
            }
        }
        copy.close();
    }
}
