package dev.lifeboat.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** Answers that AWS documents and no server that can be run here gives; and requests as they arrive. */
@Timeout(120)
class S3AnswersTest {
    private static final ObjectKey KEY = new ObjectKey("packs/ab/abcd");

    private final List<Map<String, List<String>>> requests = new CopyOnWriteArrayList<>();
    private HttpServer server;

    private interface Answer {
        void to(com.sun.net.httpserver.HttpExchange exchange) throws IOException;
    }

    private S3StorageBuilder answering(Answer answer) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            requests.add(Map.copyOf(exchange.getRequestHeaders()));
            answer.to(exchange);
            exchange.close();
        });
        server.start();
        return S3Storage.builder()
                .endpointOverride(
                        URI.create("http://127.0.0.1:" + server.getAddress().getPort()))
                .forcePathStyle()
                .bucket("backups")
                .credentials("key", () -> "secret");
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private static void error(com.sun.net.httpserver.HttpExchange exchange, int status, String code)
            throws IOException {
        byte[] body = ("<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>said so</Message></Error>")
                .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/xml");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @ParameterizedTest
    @CsvSource({
        "400, AuthorizationHeaderMalformed, the region is wrong",
        "301, PermanentRedirect, the bucket is in another region",
        "400, ExpiredToken, the session token of the credentials has expired",
        "403, RequestTimeTooSkewed, the clocks of this machine and the store differ too much",
        "403, AccessDenied, lack s3:GetObject on arn:aws:s3:::backups/*",
        "403, InvalidAccessKeyId, the access key is not known",
        "403, SignatureDoesNotMatch, the secret key is wrong",
        "404, NoSuchBucket, the bucket does not exist"
    })
    void eachRefusal_hasItsOwnMessage(int status, String code, String message) throws IOException {
        try (S3Storage storage = answering(exchange -> {
                    if (status == 301) {
                        exchange.getResponseHeaders().add("x-amz-bucket-region", "eu-west-1");
                    }
                    error(exchange, status, code);
                })
                .build()) {
            assertThatThrownBy(() -> storage.open(KEY, ByteRange.all()))
                    .isExactlyInstanceOf(IOException.class)
                    .hasMessageContaining("cannot read " + KEY)
                    .hasMessageContaining(message)
                    .hasMessageContaining(code);
            if (status == 301) {
                assertThatThrownBy(() -> storage.open(KEY, ByteRange.all())).hasMessageContaining("eu-west-1");
            }
        }
    }

    /** Ceph 16 answers so to the checksums that the SDK appends to content. */
    @ParameterizedTest
    @CsvSource({"400, XAmzContentSHA256Mismatch", "411, MissingContentLength", "501, NotImplemented"})
    void requestThatIsNotUnderstood_hasTheTextOfTheStore_andTheOptionThatHelps(int status, String code)
            throws IOException {
        S3StorageBuilder builder =
                answering(exchange -> error(exchange, status, code)).retryBudget(Duration.ofMillis(1));
        try (S3Storage storage = builder.build()) {
            assertThatThrownBy(() -> storage.put(KEY, Content.of(new byte[4]), PutCondition.ALWAYS))
                    .isExactlyInstanceOf(IOException.class)
                    .hasMessageContaining("said so")
                    .hasMessageContaining(code)
                    .hasMessageContaining("checksumsOnlyIfRequired()");
        }
        try (S3Storage storage = builder.checksumsOnlyIfRequired().build()) {
            assertThatThrownBy(() -> storage.put(KEY, Content.of(new byte[4]), PutCondition.ALWAYS))
                    .hasMessageContaining("said so")
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("checksumsOnlyIfRequired()"));
        }
    }

    @Test
    void clientOfTheCaller_isUsed_andNotClosed() throws IOException {
        S3StorageBuilder unused = answering(exchange -> {
            exchange.sendResponseHeaders(200, 4);
            exchange.getResponseBody().write("done".getBytes(StandardCharsets.UTF_8));
        });
        URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        try (S3Client client = S3Client.builder()
                .region(Region.EU_CENTRAL_1)
                .endpointOverride(endpoint)
                .forcePathStyle(true)
                .credentialsProvider(StaticCredentialsProvider.create(
                        AwsSessionCredentials.create("a-key", "a-secret", "a-session-token")))
                .build()) {
            for (int i = 0; i < 2; i++) {
                try (S3Storage storage =
                        S3Storage.builder().bucket("backups").client(client).build()) {
                    assertThat(storage.location()).isEqualTo(endpoint + "/backups");
                    try (InputStream in = storage.open(KEY, ByteRange.all())) {
                        assertThat(in.readAllBytes()).hasSize(4);
                    }
                }
            }
            assertThatThrownBy(() -> unused.client(client).build())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("client(..)");
        }
        assertThat(requests)
                .hasSize(2)
                .allSatisfy(headers ->
                        assertThat(headers.get("X-amz-security-token")).containsExactly("a-session-token"));
    }

    /** A store that asks to be left alone for a while is. */
    @Test
    void slowDown_isHonoured() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        try (S3Storage storage = answering(exchange -> {
                    if (asked.getAndIncrement() == 0) {
                        exchange.getResponseHeaders().add("Retry-After", "3");
                        error(exchange, 503, "SlowDown");
                    } else {
                        exchange.sendResponseHeaders(200, 4);
                        exchange.getResponseBody().write("done".getBytes(StandardCharsets.UTF_8));
                    }
                })
                .build()) {
            long start = System.nanoTime();
            try (InputStream in = storage.open(KEY, ByteRange.all())) {
                assertThat(in.readAllBytes()).hasSize(4);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(2900));
            assertThat(asked).hasValue(2);
        }
    }

    /**
     * Some stores honour conditions of whole objects only; what is there already is seen before parts become an
     * object.
     */
    @Test
    void parts_replaceNothing_evenWhereTheStoreWouldLetThem() throws IOException {
        List<String> completed = new CopyOnWriteArrayList<>();
        try (S3Storage storage = answering(exchange -> {
                    String query = String.valueOf(exchange.getRequestURI().getQuery());
                    String path = exchange.getRequestURI().getPath();
                    if (path.endsWith(S3Storage.PROBE)) {
                        error(exchange, 412, "PreconditionFailed");
                    } else if (query.startsWith("uploads")) {
                        byte[] body =
                                "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
                                        .getBytes(StandardCharsets.UTF_8);
                        exchange.sendResponseHeaders(200, body.length);
                        exchange.getResponseBody().write(body);
                    } else {
                        if (exchange.getRequestMethod().equals("POST")) {
                            completed.add(path);
                        }
                        exchange.getResponseHeaders().add("ETag", "\"e\"");
                        if (exchange.getRequestMethod().equals("HEAD") && path.endsWith("abcd")) {
                            exchange.getResponseHeaders().add("Content-Length", "5");
                            exchange.getResponseHeaders().add("Last-Modified", "Sun, 01 Nov 2026 00:00:00 GMT");
                        }
                        exchange.sendResponseHeaders(200, -1);
                    }
                })
                .build()) {
            assertThatThrownBy(() -> storage.put(
                            KEY, Content.once(new ByteArrayInputStream(new byte[9_000_000])), PutCondition.IF_ABSENT))
                    .isInstanceOf(PreconditionFailedException.class);
            assertThat(completed).isEmpty();
            assertThatThrownBy(() -> storage.find(new ObjectKey("other")))
                    .isExactlyInstanceOf(IOException.class)
                    .hasMessageContaining("does not say how long");
        }
    }

    /** How S3 shall keep what is put goes with each put, and locks only with what lasts. */
    @Test
    void settings_goWithEachPut() throws IOException {
        try (S3Storage storage = answering(exchange -> exchange.sendResponseHeaders(200, -1))
                .storageClass("STANDARD_IA")
                .encryptedByKms("alias/backups")
                .objectLock(new ObjectLock(ObjectLock.Mode.COMPLIANCE, Duration.ofDays(30)))
                .build()) {
            storage.put(KEY, Content.of(new byte[3]), PutCondition.ALWAYS);
            storage.put(new ObjectKey("sessions/a"), Content.of(new byte[3]), PutCondition.ALWAYS);
        }
        assertThat(requests.get(0))
                .containsEntry("X-amz-storage-class", List.of("STANDARD_IA"))
                .containsEntry("X-amz-server-side-encryption", List.of("aws:kms"))
                .containsEntry("X-amz-server-side-encryption-aws-kms-key-id", List.of("alias/backups"))
                .containsEntry("X-amz-object-lock-mode", List.of("COMPLIANCE"))
                .containsKey("X-amz-object-lock-retain-until-date");
        assertThat(requests.get(1))
                .containsEntry("X-amz-storage-class", List.of("STANDARD_IA"))
                .doesNotContainKey("X-amz-object-lock-mode");
    }
}
