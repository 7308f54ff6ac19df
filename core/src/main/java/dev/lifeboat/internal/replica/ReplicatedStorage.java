package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.StoredContent;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first store, and replicas of it. Everything that has to be agreed upon is agreed upon in the first one; listings are its own; replicas get what it has got.
 * Content that the first one cannot give is read from a replica. Thread-safe.
 */
public final class ReplicatedStorage extends ForwardingStorageTarget {
    private static final Logger log = LoggerFactory.getLogger(ReplicatedStorage.class);

    private final List<Replica> replicas = new ArrayList<>();
    private final int quorum;
    private final Duration patience;
    private final Map<ObjectKey, StorageTarget> elsewhere = new ConcurrentHashMap<>();
    private volatile Soundness soundness;

    /**
     * Puts replicas behind a store; it closes all of them.
     *
     * @param quorum how many stores a manifest needs, the first one among them
     * @param patience how long a put of a manifest waits for replicas that the quorum does not need
     * @param soundness until another is set
     */
    public ReplicatedStorage(
            StorageTarget first, List<StorageTarget> copies, int quorum, Duration patience, Soundness soundness) {
        super(first);
        this.quorum = quorum;
        this.patience = patience;
        this.soundness = soundness;
        DescriptorCheck check = new DescriptorCheck(first);
        copies.forEach(copy -> replicas.add(new Replica(first, copy, check)));
    }

    /** Sets what tells good copies from damaged ones. */
    public void soundness(Soundness newSoundness) {
        soundness = newSoundness;
    }

    /** The store that replicas are copies of. */
    public StorageTarget first() {
        return delegate();
    }

    /** The stores of the replicas, in the order in which they were named. */
    public List<StorageTarget> copies() {
        return replicas.stream().map(Replica::storage).toList();
    }

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        if (Kept.isManifest(key)) {
            return commit(key, content, condition);
        }
        ObjectInfo info = super.put(key, content, condition);
        if (Kept.isKept(key)) {
            replicas.forEach(replica -> replica.offer(key, content));
        }
        return info;
    }

    /** If a quorum is asked for, replicas have all that the manifest needs before it counts anywhere. */
    private ObjectInfo commit(ObjectKey key, Content content, PutCondition condition) throws IOException {
        if (quorum > 1) {
            require(key, "nothing was committed");
        }
        ObjectInfo info = super.put(key, content, condition);
        if (quorum > 1) {
            require(key, "it was committed in " + first().location() + " and counts there");
        }
        settle();
        return info;
    }

    private void require(ObjectKey key, String state) throws IOException {
        List<Future<CaughtUp>> comparisons =
                replicas.stream().map(Replica::compare).toList();
        int stores = 1;
        IOException failure = new IOException("");
        for (Future<CaughtUp> comparison : comparisons) {
            try {
                Io.await(comparison);
                stores++;
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
            if (stores == quorum) {
                return;
            }
        }
        IOException told = new IOException(key + " needs " + quorum + " stores and only " + stores + " can be had; "
                + state + ". The replicas: " + messages(failure));
        for (Throwable cause : failure.getSuppressed()) {
            told.addSuppressed(cause);
        }
        throw told;
    }

    private static String messages(IOException failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable cause : failure.getSuppressed()) {
            all.append(all.length() == 0 ? "" : "; ").append(cause.getMessage());
        }
        return all.toString();
    }

    /** Brings replicas in step, and waits for those that can be reached, but never longer than so. */
    public void settle() {
        Map<Replica, Future<CaughtUp>> expected = new LinkedHashMap<>();
        for (Replica replica : replicas) {
            boolean isExpected = !replica.isAway();
            Future<CaughtUp> comparison = replica.compare();
            if (isExpected) {
                expected.put(replica, comparison);
            }
        }
        long deadline = System.nanoTime() + patience.toNanos();
        for (Map.Entry<Replica, Future<CaughtUp>> comparison : expected.entrySet()) {
            Replica replica = comparison.getKey();
            try {
                comparison.getValue().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                // What was to be committed is committed, and nobody shall think otherwise.
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
    public Future<CaughtUp> compare(int replica) {
        return replicas.get(replica).compare();
    }

    /** What a replica lacks, or has in another length: data first, then manifests. */
    public List<ObjectInfo> lacking(int replica) throws IOException {
        Comparison comparison = comparison(replica);
        List<ObjectInfo> lacking = new ArrayList<>(comparison.data());
        lacking.addAll(comparison.manifests());
        return lacking;
    }

    /** What both the first store and a replica have, in the same length. */
    public List<ObjectInfo> shared(int replica) throws IOException {
        Comparison comparison = comparison(replica);
        List<ObjectInfo> shared = new ArrayList<>();
        first().list("", object -> {
            if (comparison.has(object)) {
                shared.add(object);
            }
        });
        return shared;
    }

    /** What only a replica has. */
    public List<ObjectKey> surplus(int replica) throws IOException {
        return comparison(replica).surplus();
    }

    private Comparison comparison(int replica) throws IOException {
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
            List<ObjectKey> kept = gone.stream().filter(Kept::isKept).toList();
            replicas.forEach(replica -> replica.remove(kept));
        }
    }

    /** Replicas, too; one that cannot be reached may do it another time. */
    @Override
    public void keep(Collection<ObjectKey> keys) throws IOException {
        super.keep(keys);
        for (StorageTarget copy : copies()) {
            try {
                copy.keep(keys);
            } catch (InterruptedIOException | ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
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
        // Whether a manifest is there is for the first store to say.
        if (!Kept.isKept(key) || Kept.isManifest(key)) {
            return super.open(key, range);
        }
        StorageTarget other = elsewhere.get(key);
        if (other != null) {
            return other.open(key, range);
        }
        try {
            return new FallbackStream(super.open(key, range), key, range);
        } catch (FileNotFoundException | InterruptedIOException | ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            return openCopy(key, range, e);
        }
    }

    /** Opens what the first store could not give. */
    private InputStream openCopy(ObjectKey key, ByteRange range, IOException cause) throws IOException {
        for (Replica replica : replicas) {
            try {
                InputStream in = replica.storage().open(key, range);
                log.warn(
                        "read from a replica [key={}, store={}, cause={}]",
                        key,
                        replica.storage().location(),
                        cause.getMessage());
                return in;
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
        throw cause;
    }

    /** Goes on from a copy where the first store breaks off. */
    private final class FallbackStream extends InputStream {
        private InputStream in;
        private final ObjectKey key;
        private final ByteRange range;
        private long position;
        private boolean fellBack;

        FallbackStream(InputStream in, ObjectKey key, ByteRange range) {
            this.in = in;
            this.key = key;
            this.range = range;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return count(in.read(b, off, len));
            } catch (InterruptedIOException | ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                if (fellBack || range.length() == position) {
                    throw e;
                }
                fellBack = true;
                long left = range.length() == ByteRange.TO_END ? ByteRange.TO_END : range.length() - position;
                InputStream other = openCopy(key, new ByteRange(range.offset() + position, left), e);
                in.close();
                in = other;
                return count(in.read(b, off, len));
            }
        }

        private int count(int n) {
            position += Math.max(n, 0);
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    @Override
    public boolean recover(ObjectKey key) throws IOException {
        if (!Kept.isKept(key) || elsewhere.containsKey(key)) {
            return false;
        }
        if (super.recover(key)) {
            return true;
        }
        Optional<ObjectInfo> there = super.find(key);
        if (there.isEmpty() && Kept.isManifest(key)) {
            return false;
        }
        for (Replica replica : replicas) {
            StorageTarget copy = replica.storage();
            try {
                Optional<ObjectInfo> good = copy.find(key);
                if (good.isPresent() && soundness.isSound(copy, key)) {
                    replace(good.get(), copy, there.isPresent());
                    return true;
                }
            } catch (InterruptedIOException | ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                log.warn("replica cannot help [key={}, store={}, cause={}]", key, copy.location(), e.getMessage());
            }
        }
        return false;
    }

    private void replace(ObjectInfo good, StorageTarget copy, boolean there) {
        try {
            super.put(good.key(), new StoredContent(copy, good), there ? PutCondition.ALWAYS : PutCondition.IF_ABSENT);
            log.warn("object restored from a replica [key={}, store={}]", good.key(), copy.location());
        } catch (PreconditionFailedException e) {
            log.debug("object was there again", e);
        } catch (IOException e) {
            // It may be read at least.
            log.warn(
                    "object cannot be put back; it is read from a replica [key={}, cause={}]",
                    good.key(),
                    e.getMessage());
            elsewhere.put(good.key(), copy);
        }
    }

    /** Gives a replica a good copy of an object in the place of what it has. */
    public void renew(int replica, ObjectInfo object) throws IOException {
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
