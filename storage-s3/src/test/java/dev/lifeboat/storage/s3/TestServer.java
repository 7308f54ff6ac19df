package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.UUID;

/** The server that dev/s3 runs, and places in it. */
final class TestServer {
    private TestServer() {}

    static String env(String name) {
        String value = System.getenv("LIFEBOAT_S3_" + name);
        assertThat(value)
                .as("LIFEBOAT_S3_" + name + " is not set: dev/s3 up, then eval \"$(dev/s3 env)\"")
                .isNotNull();
        return value;
    }

    static URI endpoint() {
        return URI.create(env("ENDPOINT"));
    }

    static String newPrefix() {
        return "test/" + UUID.randomUUID();
    }

    static S3StorageBuilder at(URI endpoint, String prefix) {
        return S3Storage.builder()
                .endpointOverride(endpoint)
                .forcePathStyle()
                .region("us-east-1")
                .bucket(env("BUCKET"))
                .prefix(prefix)
                .credentials(env("ACCESS_KEY"), () -> env("SECRET_KEY"));
    }

    static S3Storage newStorage() {
        return at(endpoint(), newPrefix()).build();
    }
}
