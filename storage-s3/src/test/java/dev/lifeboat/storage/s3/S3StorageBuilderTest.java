package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What needs no server. */
class S3StorageBuilderTest {
    @Test
    void wrongUse_isTold() {
        S3StorageBuilder builder = S3Storage.builder();
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("bucket(..)");
        assertThatThrownBy(() -> builder.prefix("a//b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.timeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.retryBudget(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        for (String endpoint : new String[] {"https://user:secret@host", "/path", "https://host/?query"}) {
            assertThatThrownBy(() -> builder.endpointOverride(URI.create(endpoint)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageNotContaining("secret");
        }
    }

    @Test
    void location_saysWhere() {
        try (S3Storage storage = S3Storage.builder()
                .bucket("backups")
                .prefix("prod")
                .region("eu-central-1")
                .credentials("key", () -> "secret")
                .build()) {
            assertThat(storage.location()).isEqualTo("s3://backups/prod");
        }
        try (S3Storage storage = S3Storage.builder()
                .endpointOverride(URI.create("http://127.0.0.1:9000/"))
                .bucket("backups")
                .credentials("key", () -> "secret")
                .build()) {
            assertThat(storage.location()).isEqualTo("http://127.0.0.1:9000/backups");
        }
    }

    /** A build without a server says what it left out. */
    @Test
    void whatIsLeftOut_isSaid() {
        String excluded = System.getProperty("lifeboat.excludedGroups", "");
        String said = excluded.contains("s3")
                ? "LEFT OUT: all tests against a real S3 server (tag 's3'). dev/test runs them"
                : "the tests against a real S3 server run, too";
        said += excluded.contains("ceph")
                ? "; LEFT OUT: those against Ceph (tag 'ceph'). dev/test runs them after dev/ceph install"
                : "; and those against Ceph";
        System.out.println(said);
        assertThat(said).isNotEmpty();
    }
}
