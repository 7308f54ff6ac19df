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
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/** Describes a bucket to use as storage. Not thread-safe. */
public final class S3StorageBuilder {

    private @Nullable String bucket;
    private String prefix = "";
    private @Nullable String region;
    private @Nullable URI endpoint;
    private boolean pathStyle;
    private boolean singleWriter;
    private boolean checksumsOnlyIfRequired;
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

    /** Names the bucket, which must exist. Required. */
    @CanIgnoreReturnValue
    public S3StorageBuilder bucket(String newBucket) {
        bucket = newBucket;
        return this;
    }

    /**
     * Keeps all objects under a prefix, such as {@code backups/prod}; the whole bucket unless set.
     *
     * @throws IllegalArgumentException if it is no key that an object could have
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder prefix(String newPrefix) {
        if (!ObjectKey.isValid(newPrefix)) {
            throw new IllegalArgumentException("prefix is no path of plain segments: '" + newPrefix + "'");
        }
        prefix = newPrefix + "/";
        return this;
    }

    /** Names the region; unless set, that of the environment or the profile, as for other programs that use AWS, and for an endpoint us-east-1. */
    @CanIgnoreReturnValue
    public S3StorageBuilder region(String newRegion) {
        region = newRegion;
        return this;
    }

    /**
     * Uses another store than AWS, such as {@code https://minio.example.org}.
     *
     * @throws IllegalArgumentException if it has a user, a query or a fragment, or no host
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder endpoint(URI newEndpoint) {
        if (newEndpoint.getHost() == null
                || newEndpoint.getRawUserInfo() != null
                || newEndpoint.getRawQuery() != null
                || newEndpoint.getRawFragment() != null) {
            throw new IllegalArgumentException("endpoint is not of the form https://host:port");
        }
        endpoint = newEndpoint;
        return this;
    }

    /** Has the bucket in the path of each request, not in the name of the host; what most stores other than AWS want. */
    @CanIgnoreReturnValue
    public S3StorageBuilder pathStyle() {
        pathStyle = true;
        return this;
    }

    /**
     * Gives credentials; unless set they come from the environment, the profile, the container or the machine, as for other programs that use AWS.
     *
     * @param newSecretKey asked once, by {@link #build}
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder credentials(String newAccessKey, Supplier<String> newSecretKey) {
        accessKey = newAccessKey;
        secretKey = newSecretKey;
        return this;
    }

    /**
     * Stores objects in another class than the bucket does by itself, such as {@code STANDARD_IA}. Not in one whose objects have to be thawed before they can be read.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder storageClass(String newStorageClass) {
        storageClass = newStorageClass;
        return this;
    }

    /** Has S3 encrypt what it stores by keys of its own (SSE-S3), beside what the repository encrypts. */
    @CanIgnoreReturnValue
    public S3StorageBuilder encryptedByS3() {
        serverSide = ServerSideEncryption.AES256;
        kmsKey = null;
        return this;
    }

    /** Has S3 encrypt what it stores by a key in KMS (SSE-KMS). The credentials need kms:GenerateDataKey and kms:Decrypt on it. */
    @CanIgnoreReturnValue
    public S3StorageBuilder encryptedByKms(String keyId) {
        serverSide = ServerSideEncryption.AWS_KMS;
        kmsKey = keyId;
        return this;
    }

    /**
     * Locks what is stored, so that nobody can remove or replace it before its time: neither stolen credentials nor a mistake. The bucket must have been made with Object
     * Lock. Each prune renews the locks of what is still needed, so prunes must come more often than locks end; what is not needed any more stays until its lock has ended, which
     * {@link dev.lifeboat.Prune.Pruned#lockedUntil} tells. What only coordinates writers, and the index, which can be made anew, are not locked.
     *
     * <p>The credentials need s3:PutObjectRetention, too; to prune also s3:DeleteObjectVersion and s3:ListBucketVersions.
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder objectLock(ObjectLock newLock) {
        lock = Optional.of(newLock);
        return this;
    }

    /**
     * Says how many connections may be open at once; 16 unless set.
     *
     * @throws IllegalArgumentException if it is less than 4: parts of one object go side by side
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder connections(int newConnections) {
        if (newConnections < 4) {
            throw new IllegalArgumentException("connections are fewer than 4: " + newConnections);
        }
        connections = newConnections;
        return this;
    }

    /** Says that nobody else ever writes under the prefix, so that a store is good enough that ignores conditions. If that is not so, backups get lost. */
    @CanIgnoreReturnValue
    public S3StorageBuilder singleWriter() {
        singleWriter = true;
        return this;
    }

    /** Sends checksums only where S3 wants them: for older stores, such as Ceph 16, that refuse what they do not know. */
    @CanIgnoreReturnValue
    public S3StorageBuilder checksumsOnlyIfRequired() {
        checksumsOnlyIfRequired = true;
        return this;
    }

    /**
     * Sets for how long a request is tried again that fails in a way that may pass: the store is away, restarts, or asks to be
     * used less. Five minutes unless set. Zero tries once.
     *
     * @throws IllegalArgumentException if it is negative, or over a day
     */
    @CanIgnoreReturnValue
    public S3StorageBuilder retryBudget(Duration newBudget) {
        if (newBudget.isNegative() || newBudget.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("retry budget is negative or over a day: " + newBudget);
        }
        retryBudget = newBudget;
        return this;
    }

    /** Sets a listener that hears when retries begin and when they end; it must be thread-safe and quick. */
    @CanIgnoreReturnValue
    public S3StorageBuilder onRetry(Consumer<? super RetryEvent> listener) {
        onRetry = listener;
        return this;
    }

    /**
     * Sets how long one attempt waits for an answer; 30 seconds unless set.
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
     * Makes the storage. Sends nothing yet.
     *
     * @throws IllegalStateException if no bucket is named, or no region can be found
     */
    public S3Storage build() {
        String name = bucket;
        if (name == null) {
            throw new IllegalStateException("name the bucket: bucket(..)");
        }
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
            // Where they are required, the older stores know MD5 only.
            client.addPlugin(LegacyMd5Plugin.create());
        }
        if (region != null) {
            client.region(Region.of(region));
        } else if (endpoint != null) {
            client.region(Region.US_EAST_1);
        }
        String location = (endpoint == null ? "s3://" : endpoint.toString().replaceFirst("/+$", "") + "/")
                + name
                + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1));
        try {
            return new S3Storage(
                    client.build(),
                    name,
                    prefix,
                    location,
                    singleWriter,
                    !checksumsOnlyIfRequired,
                    new ObjectSettings(storageClass, serverSide, kmsKey, lock),
                    endpoint == null);
        } catch (software.amazon.awssdk.core.exception.SdkClientException e) {
            throw new IllegalStateException("cannot use " + location + ": " + e.getMessage(), e);
        }
    }

    /**
     * Makes a view of a bucket that keeps versions: what it held at a time, to read only. To get back what somebody has removed or overwritten since.
     * The credentials need s3:ListBucketVersions and s3:GetObjectVersion.
     *
     * @throws IllegalStateException as {@link #build} does
     */
    public StorageTarget buildAsOf(Instant time) {
        return new PastStorage(build(), time);
    }

    private AwsCredentialsProvider credentials() {
        String id = accessKey;
        Supplier<String> secret = secretKey;
        if (id == null || secret == null) {
            return DefaultCredentialsProvider.builder().build();
        }
        AwsBasicCredentials given = AwsBasicCredentials.create(id, secret.get());
        return () -> given;
    }
}
