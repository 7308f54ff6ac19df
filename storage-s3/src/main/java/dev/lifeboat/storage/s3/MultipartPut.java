package dev.lifeboat.storage.s3;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedMultipartUpload;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.UploadPartResponse;

/**
 * Stores content that is too long for one request, or of unknown length, in several concurrent parts. Uses some 40 MiB
 * of memory for objects up to 32 GB. Above that it holds up to three parts, each at most a thousandth of the object.
 * The upload is aborted if anything fails before the end. Used by one thread.
 */
final class MultipartPut {
    private static final Logger log = LoggerFactory.getLogger(MultipartPut.class);
    /** S3 allows 10,000 parts per object. For these to be enough for 5 TiB, the part length grows with the object. */
    private static final int PARTS_OF_ONE_LENGTH = 1000;

    private static final int PATIENCE_SECONDS = 60;
    private static final int MAX_PART_BYTES = 1 << 30;
    private static final long MAX_BYTES_IN_FLIGHT = 32 << 20;

    private final S3Client client;
    private final String bucket;
    private final String key;
    private final ExecutorService executor;
    private final List<Future<CompletedPart>> parts = new ArrayList<>();
    private final Semaphore bytesInFlight = new Semaphore((int) MAX_BYTES_IN_FLIGHT);
    private final String upload;
    private long length;
    private volatile boolean givenUp;

    private MultipartPut(S3Client client, String bucket, String key, ExecutorService executor, String upload) {
        this.client = client;
        this.bucket = bucket;
        this.key = key;
        this.executor = executor;
        this.upload = upload;
    }

    static MultipartPut begin(S3Client client, CreateMultipartUploadRequest request, ExecutorService executor) {
        String upload = client.createMultipartUpload(request).uploadId();
        return new MultipartPut(client, request.bucket(), request.key(), executor, upload);
    }

    /** Sends content, of which the first bytes were already read; returns its length. */
    long send(byte[] first, InputStream rest) throws IOException {
        byte[] part = first;
        while (part.length > 0) {
            start(part);
            part = rest.readNBytes(partLength());
            if (Thread.currentThread().isInterrupted()) {
                throw interrupted();
            }
        }
        return length;
    }

    /** Returns the length of the next part. */
    private int partLength() {
        return (int) Math.min(MAX_PART_BYTES, (long) S3Storage.PART_BYTES << parts.size() / PARTS_OF_ONE_LENGTH);
    }

    private void start(byte[] bytes) throws IOException {
        int number = parts.size() + 1;
        // A part that is longer than the limit of bytes in flight is sent alone.
        int permits = (int) Math.min(bytes.length, MAX_BYTES_IN_FLIGHT);
        try {
            bytesInFlight.acquire(permits);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted();
        }
        length += bytes.length;
        parts.add(executor.submit(() -> {
            try {
                if (givenUp) {
                    throw interrupted();
                }
                UploadPartResponse done = client.uploadPart(
                        r -> r.bucket(bucket).key(key).uploadId(upload).partNumber(number),
                        RequestBody.fromBytes(bytes));
                return CompletedPart.builder()
                        .partNumber(number)
                        .eTag(done.eTag())
                        .checksumCRC32(done.checksumCRC32())
                        .build();
            } finally {
                bytesInFlight.release(permits);
            }
        }));
        throwIfFailed();
    }

    private void throwIfFailed() throws IOException {
        for (Future<CompletedPart> part : parts) {
            if (part.isDone()) {
                await(part);
            }
        }
    }

    private static CompletedPart await(Future<CompletedPart> part) throws IOException {
        try {
            return part.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SdkException sdk) {
                throw sdk;
            }
            throw new IOException(e.getCause());
        }
    }

    private static InterruptedIOException interrupted() {
        return new InterruptedIOException("interrupted while storing an object; the upload is aborted");
    }

    /** Waits for all parts. The caller sends the request that completes the upload. */
    CompletedMultipartUpload finish() throws IOException {
        List<CompletedPart> done = new ArrayList<>();
        for (Future<CompletedPart> part : parts) {
            done.add(await(part));
        }
        return CompletedMultipartUpload.builder().parts(done).build();
    }

    String upload() {
        return upload;
    }

    /** Aborts the upload. Parts that a failing store keeps are removed by {@link S3Storage#sweep}. */
    void abort() {
        boolean interrupted = Thread.interrupted();
        try {
            // A part that arrives after the abort would remain stored, and billed.
            givenUp = true;
            if (!bytesInFlight.tryAcquire((int) MAX_BYTES_IN_FLIGHT, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("parts are still being sent, sweep them later [key={}, upload={}]", key, upload);
            }
            client.abortMultipartUpload(r -> r.bucket(bucket).key(key).uploadId(upload));
        } catch (InterruptedException e) {
            interrupted = true;
        } catch (SdkException e) {
            log.warn("upload not aborted, sweep it later [key={}, upload={}, cause={}]", key, upload, e.getMessage());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
