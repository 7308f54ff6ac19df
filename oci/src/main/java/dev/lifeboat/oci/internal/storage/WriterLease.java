package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to create objects in a repository of a registry: one process has it at a time. A registry has no request
 * that succeeds only if a tag is absent, so whoever wants to write puts a claim under a tag, waits until a claim of
 * another process would have arrived, and reads it back. The holder renews the claim; one that does not change for long
 * is void. How far that is exclusive: docs/adr/0026-registry-storage.md.
 *
 * <p>It is claimed with the first put, and given back when there was none for some time. Thread-safe.
 */
final class WriterLease implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WriterLease.class);

    /** No tag of an object begins like this. */
    static final String TAG = "lifeboat-writer";

    private static final String TYPE = "application/vnd.lifeboat.writer.v1";
    private static final String WRITER = "dev.lifeboat.writer";
    private static final String PROCESS = "dev.lifeboat.process";
    private static final String SINCE = "dev.lifeboat.since";
    private static final String BEAT = "dev.lifeboat.beat";
    private static final int MAX_ATTEMPTS = 5;

    private static final Manifest FREE =
            ObjectManifest.note(TYPE, JsonObject.create().put(WRITER, "none"));

    private final RegistryClient client;
    private final String repository;
    private final String location;
    private final LeaseTiming timing;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();
    /** Written under the lock. */
    private volatile @Nullable Claim held;

    private volatile long usedAt;
    // Guarded by the lock.
    private boolean prepared;
    private boolean closed;
    /** A claim whose holder was seen to have ended, or not to renew it. */
    private Optional<String> voidClaim = Optional.empty();

    WriterLease(RegistryClient client, String repository, String location, LeaseTiming timing) {
        this.client = client;
        this.repository = repository;
        this.location = location;
        this.timing = timing;
    }

    /** A claim of this process: two manifests in turn, so that each renewal changes the tag and leaves nothing. */
    static final class Claim {
        private final List<Manifest> beats;
        /** When the request was sent that changed the tag last: it is void no earlier than {@code expire} later. */
        private volatile long renewedAt;

        private Claim() {
            JsonObject notes = JsonObject.create()
                    .put(WRITER, RandomIds.next())
                    .put(PROCESS, ProcessIdentity.current().token())
                    .put(SINCE, Instant.now().toString());
            beats = List.of(
                    ObjectManifest.note(TYPE, notes.put(BEAT, "0")), ObjectManifest.note(TYPE, notes.put(BEAT, "1")));
        }

        boolean is(Optional<String> digest) {
            return beats.stream().anyMatch(beat -> digest.equals(Optional.of(beat.digest())));
        }

        private Manifest after(Optional<String> digest) {
            return beats.get(digest.equals(Optional.of(beats.get(0).digest())) ? 1 : 0);
        }
    }

    private static boolean isOlder(long time, Duration age) {
        return System.nanoTime() - time > age.toNanos();
    }

    /** Leaves a margin for clocks that do not run at one speed. */
    private Duration safe() {
        return timing.expire().multipliedBy(3).dividedBy(4);
    }

    private Optional<String> there() throws IOException {
        return client.findDigest(repository, TAG);
    }

    /**
     * Makes sure that this process is the one that writes.
     *
     * @return for {@link #isUnbroken}
     * @throws RegistryException if another one does
     */
    Claim hold() throws IOException {
        usedAt = System.nanoTime();
        Claim claim = held;
        if (claim != null && !isOlder(claim.renewedAt, timing.renew().multipliedBy(2))) {
            return claim;
        }
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
        try {
            if (closed) {
                throw new IOException(location + " is closed");
            }
            if (held != null && isOlder(held.renewedAt, timing.renew())) {
                renew(held);
            }
            Claim now = held;
            if (now == null) {
                now = acquire();
                held = now;
                startRenewal(now);
            }
            return now;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether no other process can have held the lease since {@link #hold} returned this claim. */
    boolean isUnbroken(Claim claim) throws IOException {
        return !isOlder(claim.renewedAt, safe()) || claim.is(there());
    }

    private Claim acquire() throws IOException {
        if (!prepared) {
            client.upload(repository, ObjectManifest.EMPTY_DIGEST, Body.of(ObjectManifest.EMPTY));
            prepared = true;
        }
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            awaitFree();
            Claim claim = new Claim();
            long start = System.nanoTime();
            claim.renewedAt = start;
            if (!isFree(there())) {
                continue;
            }
            client.putManifest(repository, TAG, claim.after(Optional.empty()));
            if (!isOlder(start, timing.settle())) {
                Io.sleep(timing.settle().toMillis());
                if (claim.is(there())) {
                    return claim;
                }
            }
            // Its own, unless another process has claimed it since.
            voidClaim = Optional.of(claim.beats.get(0).digest());
        }
        throw new RegistryException(
                RegistryException.Kind.UNREACHABLE,
                "claim " + location + " for writing: the registry took over "
                        + timing.settle().toMillis() + " ms to respond, or others claimed it, " + MAX_ATTEMPTS
                        + " times; try again when it is less busy");
    }

    private boolean isFree(Optional<String> digest) {
        return digest.isEmpty() || digest.get().equals(FREE.digest()) || digest.equals(voidClaim);
    }

    /** Waits until there is no claim of another process, or it is void. */
    private void awaitFree() throws IOException {
        Optional<Manifest> manifest = client.findManifest(repository, TAG);
        if (isFree(manifest.map(Manifest::digest))) {
            return;
        }
        Manifest claim = manifest.orElseThrow();
        JsonObject json = claim.json();
        Map<String, String> notes = json.has("annotations") ? json.stringMap("annotations") : Map.of();
        String process = notes.getOrDefault(PROCESS, "");
        if (!ProcessIdentity.isGone(process)) {
            long start = System.nanoTime();
            while (!isOlder(start, timing.expire())) {
                Io.sleep(timing.poll().toMillis());
                Optional<String> now = there();
                if (isFree(now)) {
                    return;
                }
                if (!now.get().equals(claim.digest())) {
                    throw new RegistryException(
                            RegistryException.Kind.REFUSED,
                            "claim " + location + " for writing: process " + process.replaceFirst("\\..*", "")
                                    + " writes to it since " + notes.getOrDefault(SINCE, "some time")
                                    + "; a repository in a registry has one writer at a time: wait until it is done");
                }
            }
            LOG.info("the claim of a writer of {} is void: it was not renewed [process={}]", location, process);
        }
        voidClaim = Optional.of(claim.digest());
    }

    /** Renews a claim, or gives it up if another process may have taken it. */
    private void renew(Claim claim) throws IOException {
        if (!isOlder(claim.renewedAt, safe())) {
            long start = System.nanoTime();
            Optional<String> there = there();
            if (claim.is(there)) {
                client.putManifest(repository, TAG, claim.after(there));
                // Whoever watches it takes it for void no earlier than this.
                if (!isOlder(claim.renewedAt, timing.expire())) {
                    claim.renewedAt = start;
                    return;
                }
            }
        }
        Optional<String> there = there();
        if (claim.is(there)) {
            voidClaim = there;
        } else {
            LOG.warn("another process has taken the right to write to {}", location);
        }
        held = null;
    }

    private void startRenewal(Claim claim) {
        Thread thread = new Thread(() -> keep(claim), "lifeboat-registry-writer");
        thread.setDaemon(true);
        thread.start();
    }

    /** Renews a claim until it is lost, given back or not used any more. */
    private void keep(Claim claim) {
        lock.lock();
        try {
            while (held == claim) {
                if (closing.await(timing.renew().toMillis(), TimeUnit.MILLISECONDS) || held != claim) {
                    continue;
                }
                if (isOlder(usedAt, timing.expire().dividedBy(2))) {
                    giveBack(claim);
                } else {
                    renewOrNote(claim);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void renewOrNote(Claim claim) {
        try {
            renew(claim);
        } catch (IOException e) {
            LOG.warn("the right to write to {} is not renewed [cause={}]", location, e.getMessage());
        }
    }

    private void giveBack(Claim claim) {
        held = null;
        try {
            if (claim.is(there())) {
                client.putManifest(repository, TAG, FREE);
            }
            for (Manifest beat : claim.beats) {
                client.deleteManifest(repository, beat.digest());
            }
        } catch (IOException e) {
            LOG.debug("the right to write to {} is left to expire [cause={}]", location, e.getMessage());
        }
    }

    /** Gives the right back. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            Claim claim = held;
            if (claim != null) {
                giveBack(claim);
            }
            closing.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
