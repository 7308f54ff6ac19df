package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** Removes objects from a bucket with Object Lock, and renews locks (ADR 13). Thread-safe. */
final class Locks {
    private static final Logger log = LoggerFactory.getLogger(Locks.class);
    static final int THREADS = 8;

    private final S3Client client;
    private final String bucket;
    private final String prefix;
    private final ObjectSettings settings;
    private final S3Errors errors;
    private final Versions versions;
    private final ExecutorService executor;

    Locks(
            S3Client client,
            String bucket,
            String prefix,
            ObjectSettings settings,
            S3Errors errors,
            Versions versions,
            ExecutorService executor) {
        this.client = client;
        this.bucket = bucket;
        this.prefix = prefix;
        this.settings = settings;
        this.errors = errors;
        this.versions = versions;
        this.executor = executor;
    }

    private String name(ObjectKey key) {
        return prefix + key.value();
    }

    private String permission(String action) {
        return action + " on arn:aws:s3:::" + bucket + "/" + prefix + "*";
    }

    /**
     * Removes all versions of objects. A plain delete would hide a locked object and free nothing. An object with a
     * locked version is left unchanged.
     */
    void remove(Collection<ObjectKey> keys) throws IOException {
        Set<ObjectKey> locked = new TreeSet<>();
        Instant until = Instant.MIN;
        for (ObjectKey key : keys) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while removing objects from " + errors.location());
            }
            try {
                Versions.Ids ids = versions.idsOf(key);
                Instant left = Instant.MIN;
                for (String version : ids.versions()) {
                    Instant one = lockedUntil(key, version).orElse(Instant.MIN);
                    left = one.isAfter(left) ? one : left;
                }
                if (left.isAfter(Instant.MIN)) {
                    locked.add(key);
                    until = left.isAfter(until) ? left : until;
                    continue;
                }
                ids.versions().forEach(version -> remove(key, version));
                ids.marks().forEach(mark -> remove(key, mark));
            } catch (SdkException e) {
                throw errors.explained(
                        "remove " + key,
                        permission("s3:DeleteObjectVersion") + ", s3:ListBucketVersions on arn:aws:s3:::" + bucket,
                        e);
            }
        }
        if (!locked.isEmpty()) {
            throw new LockedException(locked, until, errors.location());
        }
    }

    private void remove(ObjectKey key, String version) {
        client.deleteObject(r -> r.bucket(bucket).key(name(key)).versionId(version));
    }

    /**
     * Returns when the lock of a version ends, or of the current version if none is given; empty if it is not locked or
     * does not exist.
     */
    private Optional<Instant> lockedUntil(ObjectKey key, @Nullable String version) {
        try {
            HeadObjectResponse head =
                    client.headObject(r -> r.bucket(bucket).key(name(key)).versionId(version));
            return Optional.ofNullable(head.objectLockRetainUntilDate()).filter(until -> until.isAfter(Instant.now()));
        } catch (AwsServiceException e) {
            if (e.statusCode() == 404) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Renews the locks of objects. A lock of which less than a tenth of the retention has passed is left unchanged. */
    void renew(Collection<ObjectKey> keys) throws IOException {
        Duration retention = settings.lock().orElseThrow().retention();
        Map<ObjectKey, String> overwritten = overwritten();
        List<Future<?>> running = new ArrayList<>();
        for (ObjectKey key : keys) {
            if (settings.locks(key)) {
                running.add(executor.submit(() -> renew(key, overwritten.get(key), retention)));
            }
        }
        try {
            for (Future<?> one : running) {
                one.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while locking objects in " + errors.location());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SdkException sdk) {
                throw errors.explained("extend the locks of objects", permission("s3:PutObjectRetention"), sdk);
            }
            throw new IOException(e.getCause());
        } finally {
            running.forEach(one -> one.cancel(true));
        }
    }

    /**
     * Returns the first version of each object that was overwritten. Another client may have overwritten an object; the
     * first version is the one to lock.
     */
    private Map<ObjectKey, String> overwritten() throws IOException {
        try {
            Versions.Meddling meddling = versions.meddling(settings::locks);
            if (!meddling.hidden().isEmpty()) {
                log.warn(
                        "another client has hidden objects with delete markers;"
                                + " buildAsOf(..) shows them until the locks end [store={}, objects={}, example={}]",
                        errors.location(),
                        meddling.hidden().size(),
                        meddling.hidden().iterator().next());
            }
            return meddling.firsts();
        } catch (SdkException e) {
            throw errors.explained("list versions", "s3:ListBucketVersions on arn:aws:s3:::" + bucket, e);
        }
    }

    private void renew(ObjectKey key, @Nullable String version, Duration retention) {
        Instant until = settings.until();
        Optional<Instant> now = lockedUntil(key, version);
        if (now.isPresent() && now.get().isAfter(until.minus(retention.dividedBy(10)))) {
            return;
        }
        try {
            client.putObjectRetention(r -> r.bucket(bucket)
                    .key(name(key))
                    .versionId(version)
                    .retention(t -> t.mode(settings.mode().toString()).retainUntilDate(until)));
        } catch (AwsServiceException e) {
            if (e.statusCode() != 404) {
                throw e;
            }
        }
    }

    /** Stops the threads. */
    void close() {
        executor.shutdownNow();
    }
}
