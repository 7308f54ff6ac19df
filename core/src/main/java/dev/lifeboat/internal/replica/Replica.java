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
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One copy of a repository. While a backup runs it is fed with what the first store has just got, from memory and as far as it keeps up; what it misses then,
 * or has missed before, it is given when it is compared with the first store. Only a comparison ever gives it a manifest, after all else that was in the first store
 * when that manifest was listed, and while no prune may remove that: so a snapshot in its listing is whole there. Nothing in it is overwritten by a comparison, and nothing removed
 * because the first store lacks it, for what was lost there is what a replica is for; only what somebody has asked to remove is. Nobody ever waits for it here.
 * Thread-safe.
 */
final class Replica {
    private static final Logger log = LoggerFactory.getLogger(Replica.class);
    private static final AtomicInteger THREADS = new AtomicInteger();
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
    private final ExecutorService comparer = newPool(1);
    private final ExecutorService copiers = newPool(COPIERS);
    private final Semaphore room = new Semaphore(MAX_FED);
    private final Set<Future<?>> feeding = ConcurrentHashMap.newKeySet();
    private final Set<ObjectKey> removed = ConcurrentHashMap.newKeySet();
    private @Nullable CompletableFuture<SyncResult> waiting;
    /** Whether it was found to be a copy of this repository. */
    private volatile boolean attached;

    private volatile boolean away;

    /**
     * Makes a replica of a store.
     *
     * @param source gives content of the first store, wherever it is to be had
     */
    Replica(StorageTarget first, StorageTarget copy, StorageTarget source, DescriptorCheck descriptor) {
        this.first = first;
        this.copy = copy;
        this.source = source;
        this.descriptor = descriptor;
    }

    /** Threads that end when there is nothing to do, so that nobody need close one that was hardly used. */
    private static ExecutorService newPool(int threads) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "lifeboat-replica-" + THREADS.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    StorageTarget storage() {
        return copy;
    }

    /** Whether it could not be reached when that was tried last. */
    boolean isAway() {
        return away;
    }

    /** Notes that nobody waits for it any more, until it has caught up. */
    void leaveBehind() {
        away = true;
    }

    /**
     * Makes sure that it is a copy of this repository.
     *
     * @throws IOException if it is not, or cannot be read
     */
    void check() throws IOException {
        if (!attached) {
            descriptor.check(copy);
            attached = true;
        }
    }

    /** Takes what the first store has got, if there is room; a comparison finds what was not taken. */
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
            log.debug("object not fed", e);
        }
    }

    private void feed(ObjectKey key, byte[] bytes) {
        try {
            if (!away) {
                copy.put(key, Content.of(bytes), PutCondition.IF_ABSENT);
            }
        } catch (PreconditionFailedException e) {
            log.debug("object was there", e);
        } catch (IOException e) {
            away(e);
        }
    }

    private void away(Throwable cause) {
        if (!away) {
            log.warn("replica falls behind [store={}, cause={}]", copy.location(), cause.getMessage());
        }
        away = true;
    }

    /** Takes note of what is to be removed here, too, when it is in step. */
    void remove(Collection<ObjectKey> keys) {
        removed.addAll(keys);
    }

    /**
     * Has it compared with the first store, from now on, and given what it lacks.
     *
     * @return what was done; fails with an IOException if the copy, or the first store, cannot be read or written
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
                    // Whatever it is: nobody shall wait for ever.
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
                            + copy.location() + " gets it; its snapshots follow when they are done");
                }
                data = difference.lacking();
                copied += data.size();
                bytes += copyAll(data, difference);
            }
            List<ObjectInfo> manifests = new ArrayList<>();
            for (ObjectInfo manifest : difference.manifests()) {
                // One that was pruned since may have lost what it needs before that was copied.
                if (first.find(manifest.key()).isPresent()) {
                    manifests.add(manifest);
                }
            }
            if (!manifests.isEmpty() && !held.isHeld()) {
                throw new IOException("a prune took this for dead and ended it, before " + copy.location()
                        + " had all; what was copied stays: catch up again, and let prunes wait longer");
            }
            copied += manifests.size();
            bytes += copyAll(manifests, difference);
            dropVanished(manifests);
            List<ObjectKey> surplus = difference.surplus();
            removeUnwanted(surplus, unwanted);
            away = false;
            if (copied > 0) {
                log.info("replica has caught up [store={}, objects={}, bytes={}]", copy.location(), copied, bytes);
            }
            return new SyncResult(copied, bytes, surplus.size());
        });
    }

    /** Only manifests need to be sure of what was listed. */
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
            // It was fed with it since it was listed, or another process has copied it.
            return 0;
        } catch (FileNotFoundException e) {
            if (first.find(object.key()).isPresent()) {
                throw e;
            }
            // PendingDeletions before it was listed; what is still needed of it is elsewhere now.
            difference.unsettle();
            return 0;
        }
    }

    /** What was pruned while it was copied may have lost what it needs here, too. */
    private void dropVanished(List<ObjectInfo> manifests) throws IOException {
        List<ObjectKey> vanished = new ArrayList<>();
        for (ObjectInfo manifest : manifests) {
            if (first.find(manifest.key()).isEmpty()) {
                vanished.add(manifest.key());
            }
        }
        delete(vanished);
    }

    /** Content only if no snapshot is left here that may still need it: one that the first store has lost, say, or one that is locked here. */
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
     * Removes what only this replica has. For who has made sure that the first store lacks nothing.
     *
     * @return how many objects that were
     */
    long dropSurplus(PruneGuard guard) throws IOException {
        check();
        return guard.during(held -> {
            // Before the first store: what comes to both meanwhile is not surplus.
            Set<ObjectKey> before = new HashSet<>();
            copy.list("", object -> before.add(object.key()));
            Comparison difference = Comparison.of(first, copy);
            if (!difference.lacking().isEmpty() || !difference.manifests().isEmpty()) {
                throw new IOException(copy.location() + " is not in step; run syncReplicas first");
            }
            List<ObjectKey> surplus =
                    difference.surplus().stream().filter(before::contains).toList();
            removeUnwanted(surplus, Set.copyOf(surplus));
            return (long) surplus.size();
        });
    }

    /** False if some are locked, and stay. */
    private boolean delete(List<ObjectKey> keys) throws IOException {
        try {
            if (!keys.isEmpty()) {
                copy.delete(keys);
            }
            return true;
        } catch (LockedException e) {
            log.info("replica keeps what was removed [store={}, cause={}]", copy.location(), e.getMessage());
            return false;
        }
    }

    /** Stops what is under way, and closes the store. */
    void close() throws IOException {
        comparer.shutdownNow();
        copiers.shutdownNow();
        try {
            // So that it lets go of the first store before that is closed.
            if (!comparer.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
                log.warn("replica does not answer, and is left [store={}]", copy.location());
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
