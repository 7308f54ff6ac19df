package dev.lifeboat.oci.internal.storage;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.oci.internal.client.Body;
import dev.lifeboat.oci.internal.client.Manifest;
import dev.lifeboat.oci.internal.client.RegistryClient;
import dev.lifeboat.oci.registry.RegistryException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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

    private static final int MAX_ATTEMPTS = 3;
    private static final Duration CLOSING = Duration.ofSeconds(10);

    private final RegistryClient client;
    private final String repository;
    private final String location;
    private final LeaseTiming timing;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();
    /** Written under the lock. */
    private volatile @Nullable Claim held;

    private final AtomicInteger uses = new AtomicInteger();
    private volatile long usedAt;
    private volatile boolean closed;
    // Guarded by the lock.
    private boolean prepared;
    /** A claim whose holder was seen to have ended, or not to renew it. */
    private Optional<String> voidClaim = Optional.empty();

    WriterLease(RegistryClient client, String repository, String location, LeaseTiming timing) {
        this.client = client;
        this.repository = repository;
        this.location = location;
        this.timing = timing;
    }

    /** Keeps the lease while it is open. */
    final class Use implements AutoCloseable {
        private Use() {
            uses.incrementAndGet();
        }

        /**
         * Makes sure that this process is the one that writes.
         *
         * @return for {@link #isUnbroken}
         * @throws RegistryException if another one does
         */
        Claim hold() throws IOException {
            return WriterLease.this.hold();
        }

        @Override
        public void close() {
            usedAt = System.nanoTime();
            uses.decrementAndGet();
        }
    }

    /** Begins to write. */
    Use use() {
        return new Use();
    }

    private static boolean isOlder(long time, Duration age) {
        return System.nanoTime() - time > age.toNanos();
    }

    private Optional<String> there() throws IOException {
        return client.findDigest(repository, TAG);
    }

    private void checkOpen() throws IOException {
        if (closed) {
            throw new IOException(location + " is closed");
        }
    }

    private Claim hold() throws IOException {
        checkOpen();
        Claim claim = held;
        if (claim != null && !isOlder(claim.renewedAt(), timing.expire().dividedBy(2))) {
            return claim;
        }
        Io.lock(lock);
        try {
            checkOpen();
            if (held != null && isOlder(held.renewedAt(), timing.expire().dividedBy(2))) {
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

    /**
     * Returns whether this claim is the one in the registry. If a claim of another process was there since {@link
     * #hold} returned it, it is not any more. Time does not tell: this process may have been suspended.
     */
    boolean isUnbroken(Claim claim) throws IOException {
        return claim.is(there());
    }

    private Claim acquire() throws IOException {
        if (!prepared) {
            client.upload(repository, ObjectManifest.EMPTY_DIGEST, Body.of(ObjectManifest.EMPTY));
            prepared = true;
        }
        Optional<IOException> failure = Optional.empty();
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            awaitFree();
            Claim claim = new Claim();
            boolean claimed = false;
            try {
                if (isFree(there())) {
                    client.putManifestOnce(repository, TAG, claim.after(Optional.empty()));
                    // One that arrives later than others wait may replace a claim that is valid.
                    claimed = !isOlder(claim.renewedAt(), timing.settle());
                    if (claimed) {
                        pause(timing.settle());
                        claimed = claim.is(there());
                    }
                    if (claimed) {
                        return claim;
                    }
                }
            } catch (IOException e) {
                if (Io.isInterruption(e) || !mayPass(e)) {
                    throw e;
                }
                failure = Optional.of(e);
            } finally {
                if (!claimed) {
                    giveBack(claim);
                }
            }
            pause(timing.poll());
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
        throw new RegistryException(
                RegistryException.Kind.UNREACHABLE,
                "claim " + location + " for writing: the registry took over "
                        + timing.settle().toMillis() + " ms to respond, or others claimed it, " + MAX_ATTEMPTS
                        + " times; try again when it is less busy");
    }

    /** The claim itself is sent once; what may pass makes another attempt of the whole. */
    private static boolean mayPass(IOException e) {
        return !(e instanceof RegistryException refused)
                || refused.kind() != RegistryException.Kind.FORBIDDEN
                        && refused.kind() != RegistryException.Kind.UNAUTHORIZED;
    }

    private void pause(Duration time) throws IOException {
        Io.sleep(time.toMillis());
        checkOpen();
    }

    private boolean isFree(Optional<String> digest) {
        return digest.isEmpty() || digest.get().equals(Claim.FREE.digest()) || digest.equals(voidClaim);
    }

    /** Waits until there is no claim of another process, or it is void. */
    private void awaitFree() throws IOException {
        Optional<Manifest> manifest = client.findManifest(repository, TAG);
        if (isFree(manifest.map(Manifest::digest))) {
            return;
        }
        Manifest claim = manifest.orElseThrow();
        if (!Claim.isOfEndedProcess(claim)) {
            long start = System.nanoTime();
            long seenAt = start;
            while (!isOlder(start, timing.expire())) {
                pause(timing.poll());
                Optional<String> now = there();
                if (isFree(now)) {
                    return;
                }
                if (!now.equals(Optional.of(claim.digest()))) {
                    throw new RegistryException(
                            RegistryException.Kind.REFUSED,
                            "claim " + location + " for writing: " + Claim.describe(claim)
                                    + " writes to it; a repository in a registry has one writer at a time: wait until"
                                    + " it is done");
                }
                // What was not seen for long may have changed and come back.
                start = isOlder(seenAt, timing.expire().dividedBy(2)) ? System.nanoTime() : start;
                seenAt = System.nanoTime();
            }
            LOG.info(
                    "the right to write to {} is taken from one that does not renew it [{}]",
                    location,
                    Claim.describe(claim));
        }
        voidClaim = Optional.of(claim.digest());
    }

    /** Renews a claim, or gives it up if another process may have taken it. */
    private void renew(Claim claim) throws IOException {
        // A late request could replace a claim that another process has made in the meantime.
        if (!isOlder(claim.renewedAt(), timing.expire().dividedBy(2))) {
            Optional<String> there = there();
            long sentAt = System.nanoTime();
            if (claim.is(there) && !isOlder(claim.renewedAt(), timing.expire().dividedBy(2))) {
                client.putManifestOnce(repository, TAG, claim.after(there));
                claim.renewed(sentAt);
                return;
            }
        }
        LOG.warn("this process has lost the right to write to {}: another one has it, or it was not renewed", location);
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
                if (uses.get() == 0 && isOlder(usedAt, timing.expire().dividedBy(2))) {
                    held = null;
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

    /** Gives a claim back if it is the one in the registry, also on an interrupted thread. */
    private void giveBack(Claim claim) {
        try {
            UninterruptibleCleanup.run(CLOSING, () -> {
                try {
                    // This frees the tag, and only if it is the one of this claim.
                    for (Manifest beat : claim.used()) {
                        client.deleteManifest(repository, beat.digest());
                    }
                } catch (RegistryException e) {
                    // Not late, when another process may have claimed it.
                    if (claim.is(there())
                            && !isOlder(claim.renewedAt(), timing.expire().dividedBy(2))) {
                        client.putManifestOnce(repository, TAG, Claim.FREE);
                    }
                }
            });
        } catch (IOException e) {
            LOG.debug("the right to write to {} is left to expire [cause={}]", location, e.getMessage());
        }
    }

    /** Gives the right back. A put that runs fails, and stores nothing. */
    @Override
    public void close() {
        closed = true;
        boolean interrupted = Thread.interrupted();
        try {
            if (lock.tryLock(CLOSING.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    Claim claim = held;
                    held = null;
                    if (claim != null) {
                        giveBack(claim);
                    }
                    closing.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        } catch (InterruptedException e) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
