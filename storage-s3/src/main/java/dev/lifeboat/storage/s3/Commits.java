package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Sends the requests that create objects, and determines whether they succeeded, even if the response was lost (ADR
 * 11). Thread-safe.
 */
final class Commits {
    private static final Logger log = LoggerFactory.getLogger(Commits.class);
    private static final int MAX_CONFLICTS = 20;
    /**
     * Time limit for the query after a put without a response. The retries of the put have already shown that the store
     * does not answer.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Metadata key of each object; its value identifies the put that created the object. */
    static final String PUT_ID = "lifeboat-put";

    private final S3Client client;
    private final String bucket;
    private final String prefix;
    private final String location;
    private final ExecutorService executor;
    private final Versions versions;
    private final boolean checksVersions;
    private final ObjectSettings settings;

    /**
     * Creates an instance that sends requests through a client.
     *
     * @param checksVersions whether the store may accept two conditional puts of one key in a bucket with versioning,
     *     as Ceph 20 does
     */
    Commits(
            S3Client client,
            String bucket,
            String prefix,
            String location,
            ExecutorService executor,
            Versions versions,
            boolean checksVersions,
            ObjectSettings settings) {
        this.settings = settings;
        this.versions = versions;
        this.checksVersions = checksVersions;
        this.client = client;
        this.bucket = bucket;
        this.prefix = prefix;
        this.location = location;
        this.executor = executor;
    }

    /**
     * Creates an object with one request. The request is not aborted midway, since its outcome would then be unknown.
     */
    @FunctionalInterface
    interface Commit {
        /** Runs the request and returns the id of the new version; null in a bucket without versioning. */
        @Nullable
        String run();
    }

    /**
     * Runs a commit to its end, even if the caller is interrupted. It runs on an own thread, since the SDK aborts
     * between the response and its return if the calling thread is interrupted.
     */
    void commit(ObjectKey key, String id, boolean conditional, Commit commit) throws IOException {
        Future<?> running = executor.submit(() -> {
            commitHere(key, id, conditional, commit);
            return null;
        });
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    running.get();
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof IOException io) {
                        throw io;
                    }
                    if (e.getCause() instanceof RuntimeException runtime) {
                        throw runtime;
                    }
                    throw new IOException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Runs a commit on this thread. A refusal may be caused by our own object: an earlier attempt succeeded and its
     * response was lost, or the response of the last attempt was. So the metadata of the object is read to find which
     * put created it.
     */
    private void commitHere(ObjectKey key, String id, boolean conditional, Commit commit) throws IOException {
        @Nullable String version;
        for (int conflicts = 0; ; conflicts++) {
            try {
                version = commit.run();
                break;
            } catch (SdkException e) {
                int status = e instanceof AwsServiceException service ? service.statusCode() : 0;
                if (status == 409 && conflicts < MAX_CONFLICTS) {
                    pause(conflicts);
                    continue;
                }
                Optional<String> owner = owner(key, status == 0);
                if (owner.isPresent() && owner.get().equals(id)) {
                    return;
                }
                boolean refused = status == 412 || status == 404 && owner.isPresent();
                if (conditional && refused) {
                    throw new PreconditionFailedException(key, location);
                }
                throw e;
            }
        }
        if (conditional && version != null && checksVersions) {
            checkFirst(key, version);
        }
    }

    /**
     * Checks that a new version is the first one of its object. A store that accepts two conditional puts must not go
     * unnoticed, so missing permissions for the check are an error.
     */
    private void checkFirst(ObjectKey key, String version) throws IOException {
        boolean first;
        try {
            first = versions.isFirst(key, version, settings);
        } catch (SdkException e) {
            throw new IOException(
                    "cannot check that no other client stored " + key + " in " + location
                            + " at the same time: with versioning, the credentials need s3:ListBucketVersions on"
                            + " arn:aws:s3:::" + bucket + ", and s3:GetObjectVersion: " + e.getMessage(),
                    e);
        }
        if (!first) {
            throw new PreconditionFailedException(key, location);
        }
    }

    /**
     * Returns the id of the put that created an object; an empty string if the object has none; empty if there is no
     * object, or the store does not answer.
     */
    private Optional<String> owner(ObjectKey key, boolean inHaste) {
        try {
            return Optional.of(client.headObject(r -> r.bucket(bucket)
                            .key(prefix + key.value())
                            .overrideConfiguration(c -> c.apiCallTimeout(inHaste ? PATIENCE : null)))
                    .metadata()
                    .getOrDefault(PUT_ID, ""));
        } catch (SdkException e) {
            log.debug("cannot determine which put created an object", e);
            return Optional.empty();
        }
    }

    /** Waits after a conflict: when two puts of one key run at once, S3 asks one of them to retry. */
    static void pause(int attempt) {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextInt(Math.min(2000, 20 << Math.min(attempt, 10)) + 1));
        } catch (InterruptedException e) {
            // The storage is being closed; the next call detects that.
            Thread.currentThread().interrupt();
        }
    }
}
