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

/** Sends the requests that make objects, and finds out whether they have, whatever became of the answer (ADR 11). Thread-safe. */
final class Commits {
    private static final Logger log = LoggerFactory.getLogger(Commits.class);
    private static final int MAX_CONFLICTS = 20;
    /** For asking what has become of a put that nobody answered: its own retries have shown already that the store does not answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** In the metadata of each object: which put has made it. */
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
     * Sends requests by a client.
     *
     * @param checksVersions whether the store may let two conditional puts of one key through in a bucket with versions, as Ceph 20 does
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

    /** What makes an object: one request, which is not given up half way, since nobody could tell then whether it has happened. */
    @FunctionalInterface
    interface Commit {
        /** Gives the id of the version that was made; null in a bucket without versions. */
        @Nullable
        String run();
    }

    /**
     * Runs it to its end, whoever interrupts: on a thread of ours, since the SDK gives up between an answer and its return if the calling one is
     * interrupted.
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
     * A refusal may be of our own object: an earlier attempt came through and its answer was lost, as the last one's may be. So the object is asked who
     * has put it.
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

    /** A store that lets two through must not go unnoticed, so whoever may not look is told. */
    private void checkFirst(ObjectKey key, String version) throws IOException {
        boolean first;
        try {
            first = versions.isFirst(key, version, settings);
        } catch (SdkException e) {
            throw new IOException(
                    "cannot make sure that nobody else has stored " + key + " in " + location
                            + " at the same time: in a bucket with versions the credentials need s3:ListBucketVersions on"
                            + " arn:aws:s3:::" + bucket + ", and s3:GetObjectVersion: " + e.getMessage(),
                    e);
        }
        if (!first) {
            throw new PreconditionFailedException(key, location);
        }
    }

    /** Id of the put that made an object, empty text if it was not one of ours; nothing if there is none, or nobody answers. */
    private Optional<String> owner(ObjectKey key, boolean inHaste) {
        try {
            return Optional.of(client.headObject(r -> r.bucket(bucket)
                            .key(prefix + key.value())
                            .overrideConfiguration(c -> c.apiCallTimeout(inHaste ? PATIENCE : null)))
                    .metadata()
                    .getOrDefault(PUT_ID, ""));
        } catch (SdkException e) {
            log.debug("no answer who has put an object", e);
            return Optional.empty();
        }
    }

    /** Two puts of one key at once: S3 asks one of them to come again. */
    static void pause(int attempt) {
        try {
            Thread.sleep(ThreadLocalRandom.current().nextInt(Math.min(2000, 20 << Math.min(attempt, 10)) + 1));
        } catch (InterruptedException e) {
            // The storage is being closed; the next call finds that out.
            Thread.currentThread().interrupt();
        }
    }
}
