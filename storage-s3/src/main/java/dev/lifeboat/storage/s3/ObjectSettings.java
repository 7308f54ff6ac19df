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
 * How S3 shall keep what is put.
 *
 * @param storageClass as S3 names them; null for the bucket's own
 * @param encryption by S3; null for the bucket's own
 * @param kmsKey for {@code aws:kms}; null for the account's own
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

    /** What comes and goes is not worth keeping from being removed, and would never end. */
    boolean locks(ObjectKey key) {
        return lock.isPresent() && !key.isTransient();
    }

    ObjectLockMode mode() {
        return ObjectLockMode.fromValue(lock.orElseThrow().mode().name());
    }

    /** Of a lock that begins now. */
    Instant until() {
        // S3 keeps milliseconds.
        return Instant.now().plus(lock.orElseThrow().retention()).truncatedTo(ChronoUnit.MILLIS);
    }
}
