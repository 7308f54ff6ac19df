package dev.lifeboat.storage.s3;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/** Configures storage in a bucket. Not thread-safe. */
public final class S3StorageBuilder {

    private @Nullable String bucket;
    private String prefix = "";
    private @Nullable String region;
    private @Nullable URI endpoint;
    private boolean pathStyle;
    private boolean singleWriter;
    private boolean checksumsOnlyIfRequired;
    private @Nullable S3Client given;
    private @Nullable AwsCredentialsProvider provider;
    private @Nullable String accessKey;
    private @Nullable Supplier<String> secretKey;
    private Duration timeout = Duration.ofSeconds(30);
    private Duration retryBudget = Duration.ofMinutes(5);
    private Consumer<? super RetryEvent> onRetry = event -> {};
    private @Nullable String storageClass;
    private @Nullable ServerSideEncryption serverSide;
    private @Nullable String kmsKey;
    private Optional<ObjectLock> lock = Optional.empty();
    private int connections = 16;

    S3StorageBuilder() {}

    /** Sets the bucket, which must exist. Required. */
    @CanIgnoreReturnValue
    public S3StorageBuilder bucket(String newBucket) {
        bucket = newBucket;
        return this;
    }

    /**
     * Stores all objects under a prefix, such as {@code backups/prod}. The default is the whole bucket.
     *
     * @throws IllegalArgumentException if it is not a valid object key
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder prefix(String newPrefix) {
        if (!ObjectKey.isValid(newPrefix)) {
            throw new IllegalArgumentException("prefix is not a path of plain segments: '" + newPrefix + "'");
        }
        prefix = newPrefix + "/";
        return this;
    }

    /**
     * Sets the region. The default is the region of the environment or the profile, as for other programs that use AWS,
     * and us-east-1 for a custom endpoint.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder region(String newRegion) {
        region = newRegion;
        return this;
    }

    /**
     * Sets the endpoint of a store other than AWS, such as {@code https://minio.example.org}.
     *
     * @throws IllegalArgumentException if it has a user, a query or a fragment, or no host
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder endpointOverride(URI newEndpoint) {
        if (newEndpoint.getHost() == null
                || newEndpoint.getRawUserInfo() != null
                || newEndpoint.getRawQuery() != null
                || newEndpoint.getRawFragment() != null) {
            throw new IllegalArgumentException("endpoint is not of the form https://host:port");
        }
        endpoint = newEndpoint;
        return this;
    }

    /**
     * Puts the bucket into the path of each request instead of the host name; most stores other than AWS require this.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder forcePathStyle() {
        pathStyle = true;
        return this;
    }

    /**
     * Sets credentials. The default is those of the environment, the profile, the container or the machine, as for
     * other programs that use AWS.
     *
     * @param newSecretKey called once, by {@link #build}
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder credentials(String newAccessKey, Supplier<String> newSecretKey) {
        accessKey = newAccessKey;
        secretKey = newSecretKey;
        return this;
    }

    /**
     * Sets where credentials come from, asked for each request: session tokens, assumed roles, profiles. It takes the
     * place of {@link #credentials}; the caller closes it.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder credentialsProvider(AwsCredentialsProvider newProvider) {
        provider = newProvider;
        return this;
    }

    /**
     * Sets a client that is there already, with its region, endpoint, credentials, retries and time limits; the options
     * for these cannot be given as well. The caller closes it, after the storage. It must try a failed request again
     * itself: Lifeboat does not. Give {@link #checksumsOnlyIfRequired} too if the client does so.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder client(S3Client newClient) {
        given = newClient;
        return this;
    }

    /**
     * Sets the storage class of new objects, such as {@code STANDARD_IA}. The default is that of the bucket. Classes
     * whose objects must be restored before they can be read are not supported.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder storageClass(String newStorageClass) {
        storageClass = newStorageClass;
        return this;
    }

    /** Encrypts stored objects with keys that S3 manages (SSE-S3), in addition to the encryption of the repository. */
    @CanIgnoreReturnValue
    public S3StorageBuilder encryptedByS3() {
        serverSide = ServerSideEncryption.AES256;
        kmsKey = null;
        return this;
    }

    /**
     * Encrypts stored objects with a key in KMS (SSE-KMS). The credentials need kms:GenerateDataKey and kms:Decrypt on
     * it.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder encryptedByKms(String keyId) {
        serverSide = ServerSideEncryption.AWS_KMS;
        kmsKey = keyId;
        return this;
    }

    /**
     * Locks stored objects, so that they cannot be removed or replaced before the lock ends, neither with stolen
     * credentials nor by mistake. The bucket must have been created with Object Lock. Each prune renews the locks of
     * objects that are still needed, so prunes must run more often than locks end. Objects that are no longer needed
     * stay until their lock has ended; {@link dev.lifeboat.Prune.Pruned#lockedUntil} returns when. Objects that only
     * coordinate writers, and the index, which can be rebuilt, are not locked.
     *
     * <p>The credentials also need s3:PutObjectRetention, and to prune s3:DeleteObjectVersion and
     * s3:ListBucketVersions.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder objectLock(ObjectLock newLock) {
        lock = Optional.of(newLock);
        return this;
    }

    /**
     * Sets the maximum number of open connections. The default is 16.
     *
     * @throws IllegalArgumentException if it is less than 4: parts of one object are sent concurrently
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder connections(int newConnections) {
        if (newConnections < 4) {
            throw new IllegalArgumentException("connections are fewer than 4: " + newConnections);
        }
        connections = newConnections;
        return this;
    }

    /**
     * States that there is no other writer under the prefix, so that a store that ignores conditions can be used. If
     * there is another writer, backups are lost.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder singleWriter() {
        singleWriter = true;
        return this;
    }

    /**
     * Sends checksums only where S3 requires them. For older stores, such as Ceph 16, that refuse checksums they do not
     * know.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder checksumsOnlyIfRequired() {
        checksumsOnlyIfRequired = true;
        return this;
    }

    /**
     * Sets how long a request with a transient failure is retried: the store is unreachable, restarts or throttles. The
     * default is five minutes. Zero disables retries.
     *
     * @throws IllegalArgumentException if it is negative or longer than a day
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder retryBudget(Duration newBudget) {
        if (newBudget.isNegative() || newBudget.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("retry budget is negative or longer than a day: " + newBudget);
        }
        retryBudget = newBudget;
        return this;
    }

    /**
     * Sets a listener that is called when retries begin and when they end. It must be thread-safe and return quickly.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder onRetry(Consumer<? super RetryEvent> listener) {
        onRetry = listener;
        return this;
    }

    /**
     * Sets how long one attempt waits for a response. The default is 30 seconds.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder timeout(Duration newTimeout) {
        if (newTimeout.isNegative() || newTimeout.isZero()) {
            throw new IllegalArgumentException("timeout is not positive: " + newTimeout);
        }
        timeout = newTimeout;
        return this;
    }

    /**
     * Builds the storage. Sends no request.
     *
     * @throws IllegalStateException if no bucket is set, no region can be determined, or {@link #client} is given
     *     together with options that a client has
     */
    public S3Storage build() {
        String name = bucket;
        if (name == null) {
            throw new IllegalStateException("no bucket is set; set it with bucket(..)");
        }
        if (given != null
                && (region != null || endpoint != null || pathStyle || provider != null || accessKey != null)) {
            throw new IllegalStateException(
                    "a client(..) has a region, an endpoint and credentials of its own; set them"
                            + " there, and not here");
        }
        URI at = given == null
                ? endpoint
                : given.serviceClientConfiguration().endpointOverride().orElse(null);
        String location = (at == null ? "s3://" : at.toString().replaceFirst("/+$", "") + "/")
                + name
                + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1));
        try {
            return new S3Storage(
                    given == null ? ownClient() : new LentClient(given),
                    name,
                    prefix,
                    location,
                    singleWriter,
                    !checksumsOnlyIfRequired,
                    new ObjectSettings(storageClass, serverSide, kmsKey, lock),
                    at == null);
        } catch (software.amazon.awssdk.core.exception.SdkClientException e) {
            throw new IllegalStateException("cannot use " + location + ": " + e.getMessage(), e);
        }
    }

    private S3Client ownClient() {
        S3ClientBuilder client = S3Client.builder()
                .credentialsProvider(credentials())
                .forcePathStyle(pathStyle)
                .httpClientBuilder(Apache5HttpClient.builder()
                        .maxConnections(connections)
                        .socketTimeout(timeout)
                        .connectionTimeout(
                                timeout.compareTo(Duration.ofSeconds(10)) < 0 ? timeout : Duration.ofSeconds(10)))
                .requestChecksumCalculation(
                        checksumsOnlyIfRequired
                                ? RequestChecksumCalculation.WHEN_REQUIRED
                                : RequestChecksumCalculation.WHEN_SUPPORTED)
                .responseChecksumValidation(
                        checksumsOnlyIfRequired
                                ? ResponseChecksumValidation.WHEN_REQUIRED
                                : ResponseChecksumValidation.WHEN_SUPPORTED)
                .overrideConfiguration(o -> o.retryStrategy(new RetryBudget(retryBudget, onRetry)));
        if (endpoint != null) {
            client.endpointOverride(endpoint);
        }
        if (checksumsOnlyIfRequired) {
            // Where checksums are required, the older stores know only MD5.
            client.addPlugin(LegacyMd5Plugin.create());
        }
        if (region != null) {
            client.region(Region.of(region));
        } else if (endpoint != null) {
            client.region(Region.US_EAST_1);
        }
        return client.build();
    }

    /** A client that is not closed: it belongs to the caller. */
    private static final class LentClient extends DelegatingS3Client {
        LentClient(S3Client client) {
            super(client);
        }

        @Override
        public void close() {}
    }

    /**
     * Builds a read-only view of a bucket with versioning, as it was at a time. Use it to recover objects that were
     * removed or overwritten since. The credentials need s3:ListBucketVersions and s3:GetObjectVersion.
     *
     * @throws IllegalStateException as {@link #build} does
     */
    public StorageTarget buildAsOf(Instant time) {
        return new PastStorage(build(), time);
    }

    private AwsCredentialsProvider credentials() {
        if (provider != null) {
            return provider;
        }
        String id = accessKey;
        Supplier<String> secret = secretKey;
        if (id == null || secret == null) {
            return DefaultCredentialsProvider.builder().build();
        }
        AwsBasicCredentials given = AwsBasicCredentials.create(id, secret.get());
        return () -> given;
    }
}
