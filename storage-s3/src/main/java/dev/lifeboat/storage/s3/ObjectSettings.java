package dev.lifeboat.storage.s3;

import dev.lifeboat.storage.ObjectKey;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.ObjectLockMode;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/**
 * How S3 stores new objects.
 *
 * @param storageClass name of an S3 storage class; null for the default of the bucket
 * @param encryption encryption by S3; null for the default of the bucket
 * @param kmsKey key for {@code aws:kms}; null for the default of the account
 */
record ObjectSettings(
        @Nullable String storageClass,
        @Nullable ServerSideEncryption encryption,
        @Nullable String kmsKey,
        Optional<ObjectLock> lock) {
    void apply(PutObjectRequest.Builder request, ObjectKey key) {
        request.storageClass(storageClass).serverSideEncryption(encryption).ssekmsKeyId(kmsKey);
        if (locks(key)) {
            request.objectLockMode(mode()).objectLockRetainUntilDate(until());
        }
    }

    void apply(CreateMultipartUploadRequest.Builder request, ObjectKey key) {
        request.storageClass(storageClass).serverSideEncryption(encryption).ssekmsKeyId(kmsKey);
        if (locks(key)) {
            request.objectLockMode(mode()).objectLockRetainUntilDate(until());
        }
    }

    CopyObjectRequest.Builder apply(CopyObjectRequest.Builder request, ObjectKey key) {
        request.storageClass(storageClass).serverSideEncryption(encryption).ssekmsKeyId(kmsKey);
        if (locks(key)) {
            request.objectLockMode(mode()).objectLockRetainUntilDate(until());
        }
        return request;
    }

    /**
     * Returns whether an object is locked. Short-lived objects are not: they need no protection, and the locks would
     * never end.
     */
    boolean locks(ObjectKey key) {
        return lock.isPresent() && !key.isTransient();
    }

    ObjectLockMode mode() {
        return ObjectLockMode.fromValue(lock.orElseThrow().mode().name());
    }

    /** Returns the end of a lock that begins now. */
    Instant until() {
        // S3 stores milliseconds.
        return Instant.now().plus(lock.orElseThrow().retention()).truncatedTo(ChronoUnit.MILLIS);
    }
}
