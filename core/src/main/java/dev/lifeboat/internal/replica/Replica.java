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
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
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
 * when that manifest was listed: so a snapshot in its listing is whole there. Nothing is removed because the first store lacks it, for what was lost
 * there is what a replica is for; only what somebody has asked to remove is. Nobody ever waits for it here. Thread-safe.
 */
final class Replica {
    private static final Logger log = LoggerFactory.getLogger(Replica.class);
    private static final AtomicInteger THREADS = new AtomicInteger();
    private static final int MAX_FED_BYTES = 32 << 20;
    private static final int MAX_FED = 2;
    private static final int COPIERS = 3;
    private static final int IDLE_SECONDS = 5;

    private final StorageTarget first;
    private final StorageTarget copy;
    private final DescriptorCheck descriptor;
    private final ExecutorService comparer = newPool(1);
    private final ExecutorService copiers = newPool(COPIERS);
    private final Semaphore room = new Semaphore(MAX_FED);
    private final Set<Future<?>> feeding = ConcurrentHashMap.newKeySet();
    private final Set<ObjectKey> removed = ConcurrentHashMap.newKeySet();
    private @Nullable FutureTask<CaughtUp> waiting;
    /** Whether it was found to be a copy of this repository. */
    private volatile boolean attached;

    private volatile boolean away;

    Replica(StorageTarget first, StorageTarget copy, DescriptorCheck descriptor) {
        this.first = first;
        this.copy = copy;
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

    /** Takes what the first store has got, if there is room; a comparison finds what was not taken. */
    void offer(ObjectKey key, Content content) {
        removed.remove(key);
        if (!attached) {
            if (!away) {
                // What is missing comes beside the backup, not after it.
                compare();
            }
            return;
        }
        if (away || !content.repeatable() || content.length().orElse(Long.MAX_VALUE) > MAX_FED_BYTES) {
            return;
        }
        if (!room.tryAcquire()) {
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

    private void away(Exception cause) {
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
    synchronized Future<CaughtUp> compare() {
        FutureTask<CaughtUp> next = waiting;
        if (next == null) {
            next = new FutureTask<>(() -> {
                synchronized (this) {
                    waiting = null;
                }
                return catchUp();
            });
            waiting = next;
            comparer.execute(next);
        }
        return next;
    }

    private CaughtUp catchUp() throws IOException {
        try {
            awaitFed();
            if (!descriptor.check(copy)) {
                return new CaughtUp(0, 0, 0);
            }
            attached = true;
            Comparison difference = Comparison.of(first, copy);
            long bytes = copyAll(difference.data(), difference);
            bytes += copyAll(difference.manifests(), difference);
            removeUnwanted(difference);
            away = false;
            long copied =
                    difference.data().size() + (long) difference.manifests().size();
            if (copied > 0) {
                log.info("replica has caught up [store={}, objects={}, bytes={}]", copy.location(), copied, bytes);
            }
            return new CaughtUp(copied, bytes, difference.surplus().size());
        } catch (IOException | RuntimeException e) {
            away(e);
            throw e;
        }
    }

    private void awaitFed() throws IOException {
        for (Future<?> task : List.copyOf(feeding)) {
            Io.await(task);
        }
    }

    private long copyAll(List<ObjectInfo> objects, Comparison difference) throws IOException {
        List<Future<Long>> copies = new ArrayList<>();
        long bytes = 0;
        try {
            for (ObjectInfo object : objects) {
                copies.add(copiers.submit(() -> copy(object, difference.isOther(object))));
            }
            for (Future<Long> one : copies) {
                bytes += Io.await(one);
            }
            return bytes;
        } finally {
            copies.forEach(one -> one.cancel(true));
        }
    }

    private long copy(ObjectInfo object, boolean other) throws IOException {
        try {
            copy.put(
                    object.key(),
                    new StoredContent(first, object),
                    other ? PutCondition.ALWAYS : PutCondition.IF_ABSENT);
            return object.length();
        } catch (PreconditionFailedException e) {
            // It was fed with it since it was listed, or another process has copied it.
            return 0;
        } catch (FileNotFoundException e) {
            if (first.find(object.key()).isPresent()) {
                throw e;
            }
            // Pruned since it was listed.
            return 0;
        }
    }

    /** Content only if no snapshot is left here that may still need it: one that the first store has lost, say. */
    private void removeUnwanted(Comparison difference) throws IOException {
        List<ObjectKey> unwanted =
                difference.surplus().stream().filter(removed::contains).toList();
        List<ObjectKey> manifests = unwanted.stream().filter(Kept::isManifest).toList();
        delete(manifests);
        boolean othersLeft =
                difference.surplus().stream().anyMatch(key -> Kept.isManifest(key) && !removed.contains(key));
        if (!othersLeft) {
            delete(unwanted.stream().filter(key -> !Kept.isManifest(key)).toList());
            removed.removeAll(unwanted);
        }
    }

    private void delete(List<ObjectKey> keys) throws IOException {
        try {
            copy.delete(keys);
        } catch (LockedException e) {
            log.info("replica keeps what was removed [store={}, cause={}]", copy.location(), e.getMessage());
        }
    }

    /** Stops what is under way, and closes the store. */
    void close() throws IOException {
        comparer.shutdownNow();
        copiers.shutdownNow();
        copy.close();
    }
}
