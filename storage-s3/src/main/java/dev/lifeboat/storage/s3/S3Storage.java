package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedMultipartUpload;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Stores each object as an object in an S3 bucket, under its key behind a prefix. Any number of processes on any number
 * of machines may use the prefix at once: a put {@link PutCondition#IF_ABSENT} uses S3's {@code If-None-Match: *},
 * which AWS, Ceph from release 20, MinIO and others honor. A store that ignores it is detected at the first such put
 * and refused, unless {@link S3StorageBuilder#singleWriter} states that there is no other writer.
 *
 * <p>Transient failures (no connection, 5xx, throttling) are retried for the
 * {@linkplain S3StorageBuilder#retryBudget retry budget}, with growing, random pauses. Each attempt is limited by
 * {@link S3StorageBuilder#timeout}. A read resumes where the connection broke. Checksums are sent with the content, and
 * the store refuses content that was changed in transit.
 *
 * <p>A store that ignores conditions altogether is detected. A store that ignores them in a race, for all objects or
 * only for multipart uploads (Ceph 16 and 18), is not. In a bucket with versioning such a race is detected, in any
 * store but AWS.
 *
 * <p>An object of known length up to 24 MiB is stored by one request. Any other object is stored in parts of at least 8
 * MiB, of which at most 32 MiB are in memory. A process that dies leaves parts behind, which are not visible but are
 * billed. {@link #sweep} removes them, as does a lifecycle rule of the bucket (AbortIncompleteMultipartUpload).
 *
 * <p>In a bucket with versioning, {@link S3StorageBuilder#buildAsOf} shows the objects as they were before they were
 * overwritten or removed.
 *
 * <p>The credentials need s3:PutObject, s3:GetObject, s3:ListBucket, s3:AbortMultipartUpload, and s3:DeleteObject to
 * prune. In a bucket with versioning, in any store but AWS, they also need s3:ListBucketVersions and
 * s3:GetObjectVersion.
 *
 * <p>Thread-safe.
 */
public final class S3Storage implements StorageTarget {
    private static final Logger log = LoggerFactory.getLogger(S3Storage.class);
    /** Length of a part; S3 accepts none below 5 MiB except the last one. */
    static final int PART_BYTES = 8 << 20;

    /** Longer content is sent in parts, so that a broken connection costs only one of them. Packs have some 16 MiB. */
    private static final long SINGLE_BYTES = 24 << 20;

    private static final int DELETE_BATCH = 1000;
    private static final int MAX_DELETE_ATTEMPTS = 6;
    /** Object that shows whether a store honors conditions; excluded from listings. */
    static final String PROBE = "lifeboat.probe";

    private static final SecureRandom RANDOM = new SecureRandom();

    private final S3Client client;
    private final String bucket;
    /** Empty, or ends with a slash. */
    private final String prefix;

    private final String location;
    private final S3Errors errors;
    private final boolean singleWriter;
    private final boolean checksums;
    private final ExecutorService executor;
    private final Locks locks;
    private final Commits commits;
    private final ObjectSettings settings;
    private final Versions versions;

    private volatile boolean conditionsHold;
    private volatile boolean bucketSeen;

    S3Storage(
            S3Client client,
            String bucket,
            String prefix,
            String location,
            boolean singleWriter,
            boolean checksums,
            ObjectSettings settings,
            boolean isAws) {
        this.client = client;
        this.bucket = bucket;
        this.prefix = prefix;
        this.location = location;
        this.errors = new S3Errors(location, checksums);
        this.singleWriter = singleWriter;
        this.checksums = checksums;
        this.settings = settings;
        this.versions = new Versions(client, bucket, prefix);
        ThreadFactory threads = work -> {
            Thread thread = new Thread(work, "lifeboat-s3");
            thread.setDaemon(true);
            return thread;
        };
        this.executor = Executors.newCachedThreadPool(threads);
        this.locks = new Locks(
                client,
                bucket,
                prefix,
                settings,
                errors,
                versions,
                Executors.newFixedThreadPool(Locks.THREADS, threads));
        this.commits = new Commits(client, bucket, prefix, location, executor, versions, !isAws, settings);
    }

    /** Returns a builder. */
    public static S3StorageBuilder builder() {
        return new S3StorageBuilder();
    }

    private String name(ObjectKey key) {
        return prefix + key.value();
    }

    private String permission(String action) {
        return action + " on arn:aws:s3:::" + bucket + "/" + prefix + "*";
    }

    private String listPermission() {
        return "s3:ListBucket on arn:aws:s3:::" + bucket;
    }

    // ---- put

    @Override
    public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
        boolean conditional = condition == PutCondition.IF_ABSENT;
        String what = "store " + key;
        RecordedContent recorded = new RecordedContent(content);
        try {
            if (conditional && singleWriter) {
                if (find(key).isPresent()) {
                    throw new PreconditionFailedException(key, location);
                }
                conditional = false;
            } else if (conditional) {
                probe();
            }
            return put(key, content, recorded, conditional);
        } catch (RuntimeException e) {
            IOException failure = recorded.failure();
            if (failure != null) {
                throw failure;
            }
            if (e instanceof SdkException sdk) {
                throw errors.explained(what, permission("s3:PutObject"), sdk);
            }
            throw e;
        } finally {
            recorded.closeLast();
        }
    }

    private ObjectInfo put(ObjectKey key, Content content, RecordedContent recorded, boolean conditional)
            throws IOException {
        long known = content.length().orElse(-1);
        if (known >= 0 && known <= SINGLE_BYTES && content.repeatable()) {
            return putOne(
                    key,
                    RequestBody.fromContentProvider(recorded::openForRetries, known, "application/octet-stream"),
                    known,
                    conditional);
        }
        try (InputStream in = recorded.open()) {
            byte[] first = in.readNBytes(PART_BYTES);
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while storing " + key);
            }
            return first.length < PART_BYTES
                    ? putOne(key, RequestBody.fromBytes(first), first.length, conditional)
                    : putParts(key, first, in, conditional);
        }
    }

    private ObjectInfo putOne(ObjectKey key, RequestBody body, long length, boolean conditional) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted before storing " + key);
        }
        String id = newId();
        commits.commit(
                key,
                id,
                conditional,
                () -> client.putObject(
                                r -> settings.apply(
                                        r.bucket(bucket)
                                                .key(name(key))
                                                .ifNoneMatch(conditional ? "*" : null)
                                                .metadata(Map.of(Commits.PUT_ID, id)),
                                        key),
                                body)
                        .versionId());
        return new ObjectInfo(key, length, Instant.now());
    }

    private ObjectInfo putParts(ObjectKey key, byte[] first, InputStream rest, boolean conditional) throws IOException {
        String id = newId();
        MultipartPut parts = begin(key, Map.of(Commits.PUT_ID, id));
        boolean done = false;
        try {
            long length = parts.send(first, rest);
            CompletedMultipartUpload all = parts.finish();
            // Some stores, such as Ceph 18, honor the condition only for objects sent in one request.
            if (conditional && find(key).isPresent()) {
                throw new PreconditionFailedException(key, location);
            }
            commits.commit(
                    key,
                    id,
                    conditional,
                    () -> client.completeMultipartUpload(r -> r.bucket(bucket)
                                    .key(name(key))
                                    .uploadId(parts.upload())
                                    .multipartUpload(all)
                                    .ifNoneMatch(conditional ? "*" : null))
                            .versionId());
            done = true;
            return new ObjectInfo(key, length, Instant.now());
        } finally {
            if (!done) {
                parts.abort();
            }
        }
    }

    private MultipartPut begin(ObjectKey key, Map<String, String> metadata) {
        // AWS requires the checksum algorithm of the parts in this request; the SDK does not set it itself.
        return MultipartPut.begin(
                client,
                CreateMultipartUploadRequest.builder()
                        .bucket(bucket)
                        .key(name(key))
                        .metadata(metadata)
                        .checksumAlgorithm(checksums ? ChecksumAlgorithm.CRC32 : null)
                        .applyMutation(r -> settings.apply(r, key))
                        .build(),
                executor);
    }

    private static String newId() {
        byte[] id = new byte[16];
        RANDOM.nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    /**
     * Checks that the store refuses the second of two conditional puts of one key. An object from an earlier check
     * serves as the first one.
     */
    private void probe() throws IOException {
        if (conditionsHold) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            try {
                client.putObject(
                        r -> r.bucket(bucket).key(prefix + PROBE).ifNoneMatch("*"),
                        RequestBody.fromString("Shows that the store honors If-None-Match. May be removed.\n"));
            } catch (AwsServiceException e) {
                if (e.statusCode() == 412 || e.statusCode() == 409) {
                    conditionsHold = true;
                    return;
                }
                if (e.statusCode() == 501) {
                    break;
                }
                throw e;
            }
        }
        throw new IOException(
                "the store behind " + location + " does not honour If-None-Match: two writers would overwrite each"
                        + " other's objects. Use another store; or, if there is only one writer, set singleWriter()");
    }

    // ---- read

    @Override
    public InputStream open(ObjectKey key, ByteRange range) throws IOException {
        return open(key, range, null);
    }

    /** Opens a version of an object; the current one if none is given. */
    InputStream open(ObjectKey key, ByteRange range, @Nullable String version) throws IOException {
        if (range.length() == 0) {
            if (find(key).isEmpty()) {
                throw missing(key);
            }
            return InputStream.nullInputStream();
        }
        String what = "read " + key;
        try {
            ResponseInputStream<GetObjectResponse> in = get(key, range, null, version);
            return new ResumingStream(in, (offset, tag) -> {
                try {
                    long length = range.length() == ByteRange.TO_END ? ByteRange.TO_END : range.length() - offset;
                    return get(key, new ByteRange(range.offset() + offset, length), tag, version);
                } catch (AwsServiceException e) {
                    throw e.statusCode() == 404
                            ? missing(key)
                            : errors.explained("continue to " + what, permission("s3:GetObject"), e);
                } catch (SdkException e) {
                    throw errors.explained("continue to " + what, permission("s3:GetObject"), e);
                }
            });
        } catch (AwsServiceException e) {
            if (e.statusCode() == 404 && !S3Errors.code(e).equals("NoSuchBucket")) {
                throw missing(key);
            }
            if (e.statusCode() == 416) {
                return new ByteArrayInputStream(new byte[0]);
            }
            throw errors.explained(what, permission("s3:GetObject"), e);
        } catch (SdkException e) {
            throw errors.explained(what, permission("s3:GetObject"), e);
        }
    }

    private ResponseInputStream<GetObjectResponse> get(
            ObjectKey key, ByteRange range, @Nullable String tag, @Nullable String version) throws IOException {
        String header;
        if (range.length() == ByteRange.TO_END) {
            header = range.offset() == 0 ? null : "bytes=" + range.offset() + "-";
        } else {
            header = "bytes=" + range.offset() + "-" + (range.offset() + range.length() - 1);
        }
        ResponseInputStream<GetObjectResponse> in = client.getObject(
                r -> r.bucket(bucket).key(name(key)).range(header).ifMatch(tag).versionId(version));
        if (header != null && in.response().contentRange() == null
                || in.response().contentLength() == null) {
            in.abort();
            throw new IOException("the store behind " + location + " does not answer requests for ranges as S3 does");
        }
        return in;
    }

    private FileNotFoundException missing(ObjectKey key) {
        return new FileNotFoundException("no object " + key + " in " + location);
    }

    @Override
    public Optional<ObjectInfo> find(ObjectKey key) throws IOException {
        try {
            HeadObjectResponse head = client.headObject(r -> r.bucket(bucket).key(name(key)));
            if (head.contentLength() == null || head.lastModified() == null) {
                throw new IOException("cannot look for " + key + " in " + location
                        + ": the store does not say how long the object is, or when it was modified, as S3 does");
            }
            return Optional.of(new ObjectInfo(key, head.contentLength(), head.lastModified()));
        } catch (AwsServiceException e) {
            if (e.statusCode() == 404) {
                checkBucket(key);
                return Optional.empty();
            }
            throw errors.explained("look for " + key, permission("s3:GetObject"), e);
        } catch (SdkException e) {
            throw errors.explained("look for " + key, permission("s3:GetObject"), e);
        }
    }

    /**
     * Checks that the bucket exists. A HEAD response has no body, so a missing object and a missing bucket look the
     * same. Done once.
     */
    private void checkBucket(ObjectKey key) throws IOException {
        if (bucketSeen) {
            return;
        }
        try {
            client.headBucket(r -> r.bucket(bucket));
        } catch (AwsServiceException e) {
            if (e.statusCode() == 404) {
                throw errors.missingBucket("look for " + key, e);
            }
            if (e.statusCode() >= 500 && e.statusCode() != 501 || e.statusCode() == 429) {
                throw errors.explained("look for " + key, listPermission(), e);
            }
            // If the check is denied or not supported by the store, the next listing reports it.
            log.debug("cannot determine whether the bucket exists [bucket={}]", bucket, e);
        } catch (SdkException e) {
            throw errors.explained("look for " + key, listPermission(), e);
        }
        bucketSeen = true;
    }

    @Override
    public void list(String under, Visitor visitor) throws IOException {
        if (!under.isEmpty() && !under.endsWith("/")) {
            throw new IllegalArgumentException("prefix is neither empty nor ends with a slash: " + under);
        }
        String next = null;
        do {
            ListObjectsV2Response page = page(under, next);
            for (S3Object object : page.contents()) {
                String value = object.key().substring(prefix.length());
                // Skips objects of other programs. S3Proxy lists uploads in progress under names of its own.
                if (!value.startsWith(PROBE) && ObjectKey.isValid(value)) {
                    visitor.visit(new ObjectInfo(new ObjectKey(value), object.size(), object.lastModified()));
                }
            }
            next = Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null;
        } while (next != null);
    }

    private ListObjectsV2Response page(String under, @Nullable String token) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while listing " + location);
        }
        try {
            return client.listObjectsV2(
                    r -> r.bucket(bucket).prefix(prefix + under).continuationToken(token));
        } catch (SdkException e) {
            throw errors.explained("list '" + under + "'", listPermission(), e);
        }
    }

    // ---- remove

    @Override
    public void delete(Collection<ObjectKey> keys) throws IOException {
        if (settings.lock().isPresent()) {
            locks.remove(keys);
            return;
        }
        List<ObjectIdentifier> batch = new ArrayList<>();
        for (ObjectKey key : keys) {
            batch.add(ObjectIdentifier.builder().key(name(key)).build());
            if (batch.size() == DELETE_BATCH) {
                deleteBatch(batch);
                batch.clear();
            }
        }
        if (!batch.isEmpty()) {
            deleteBatch(batch);
        }
    }

    private void deleteBatch(List<ObjectIdentifier> batch) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while removing objects from " + location);
        }
        String what = "remove " + batch.size() + " objects";
        List<ObjectIdentifier> left = new ArrayList<>(batch);
        try {
            for (int attempt = 0; !left.isEmpty(); attempt++) {
                List<ObjectIdentifier> asked = List.copyOf(left);
                DeleteObjectsResponse done = client.deleteObjects(
                        r -> r.bucket(bucket).delete(d -> d.objects(asked).quiet(true)));
                left.clear();
                for (S3Error error : done.errors()) {
                    boolean passes = "InternalError".equals(error.code()) || "SlowDown".equals(error.code());
                    if (passes && attempt < MAX_DELETE_ATTEMPTS) {
                        left.add(ObjectIdentifier.builder().key(error.key()).build());
                    } else if (!"NoSuchKey".equals(error.code())) {
                        throw new IOException(
                                "cannot remove " + error.key() + " from " + location + ": " + error.message()
                                        + " [" + error.code() + "]"
                                        + ("AccessDenied".equals(error.code())
                                                ? "; the credentials lack " + permission("s3:DeleteObject")
                                                : ""));
                    }
                }
                if (!left.isEmpty()) {
                    Commits.pause(attempt + 4);
                }
            }
        } catch (SdkException e) {
            throw errors.explained(what, permission("s3:DeleteObject"), e);
        }
    }

    private String versionsPermission() {
        return "s3:ListBucketVersions on arn:aws:s3:::" + bucket;
    }

    @Override
    public void keep(Collection<ObjectKey> keys) throws IOException {
        if (settings.lock().isPresent()) {
            locks.renew(keys);
        }
    }

    /** Returns the objects as they were at a time. */
    Map<ObjectKey, Versions.Version> asOf(Instant time) throws IOException {
        try {
            return versions.asOf(time);
        } catch (SdkException e) {
            throw errors.explained("list versions", versionsPermission(), e);
        }
    }

    /**
     * Aborts uploads under the prefix that were started and neither completed nor aborted, by processes that have died.
     *
     * @param age minimum age of an upload, by the time of the store and the clock of this machine; must exceed the
     *     duration of any put
     * @return the number of aborted uploads
     * @throws IOException if the store fails; some uploads may already be aborted
     */
    public int sweep(Duration age) throws IOException {
        Instant limit = Instant.now().minus(age);
        int swept = 0;
        try {
            for (MultipartUpload upload : client.listMultipartUploadsPaginator(
                            r -> r.bucket(bucket).prefix(prefix))
                    .uploads()) {
                if (upload.initiated().isBefore(limit)) {
                    swept += abort(upload);
                }
            }
        } catch (SdkException e) {
            throw errors.explained(
                    "sweep uploads",
                    "s3:ListBucketMultipartUploads on arn:aws:s3:::" + bucket + ", "
                            + permission("s3:AbortMultipartUpload"),
                    e);
        }
        if (swept > 0) {
            log.debug("incomplete uploads aborted [store={}, uploads={}]", location, swept);
        }
        return swept;
    }

    /** Aborts an upload; another process may sweep it at the same time. */
    private int abort(MultipartUpload upload) {
        try {
            client.abortMultipartUpload(r -> r.bucket(bucket).key(upload.key()).uploadId(upload.uploadId()));
            return 1;
        } catch (AwsServiceException e) {
            if (e.statusCode() == 404) {
                return 0;
            }
            throw e;
        }
    }

    /** For tests: starts an upload and abandons it, as a process that dies does. */
    void leaveAnUploadBehind(ObjectKey key) {
        begin(key, Map.of());
    }

    @Override
    public String location() {
        return location;
    }

    @Override
    public void close() {
        executor.shutdownNow();
        locks.close();
        client.close();
    }

    @Override
    public String toString() {
        return location;
    }
}
