package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.UUID;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The gateway that dev/ceph runs, buckets in it, and its two users: the owner of the buckets, and one who may do what
 * a policy says.
 */
final class TestCeph {
    private TestCeph() {}

    static String env(String name) {
        String value = System.getenv("LIFEBOAT_CEPH_" + name);
        assertThat(value)
                .as("LIFEBOAT_CEPH_" + name + " is not set: dev/ceph up, then eval \"$(dev/ceph env)\"")
                .isNotNull();
        return value;
    }

    static URI endpoint() {
        return URI.create(env("ENDPOINT"));
    }

    /** As a user: the owner, or {@code WRITER_}. */
    static S3Client client(String user) {
        return S3Client.builder()
                .endpointOverride(endpoint())
                .forcePathStyle(true)
                .region(Region.US_EAST_1)
                .httpClientBuilder(Apache5HttpClient.builder())
                .credentialsProvider(StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(env(user + "ACCESS_KEY"), env(user + "SECRET_KEY"))))
                .build();
    }

    static String newBucket(boolean withLocks) {
        String bucket = "test-" + UUID.randomUUID();
        try (S3Client client = client("")) {
            client.createBucket(r -> r.bucket(bucket).objectLockEnabledForBucket(withLocks));
        }
        return bucket;
    }

    /** Lets the writer do so in a bucket. */
    static void allowWriter(String bucket, String... actions) {
        try (S3Client client = client("")) {
            client.putBucketPolicy(r -> r.bucket(bucket)
                    .policy("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                            + "\"Principal\":{\"AWS\":[\"arn:aws:iam:::user/writer\"]},\"Action\":[\""
                            + String.join("\",\"", actions)
                            + "\"],\"Resource\":[\"arn:aws:s3:::" + bucket + "\",\"arn:aws:s3:::" + bucket
                            + "/*\"]}]}"));
        }
    }

    static S3StorageBuilder at(String bucket, String user) {
        return S3Storage.builder()
                .endpointOverride(endpoint())
                .forcePathStyle()
                .bucket(bucket)
                .prefix("host/one")
                .credentials(env(user + "ACCESS_KEY"), () -> env(user + "SECRET_KEY"));
    }
}
