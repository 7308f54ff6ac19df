package dev.lifeboat.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.oci.registry.RegistryException;
import dev.lifeboat.oci.registry.RegistryException.Kind;
import dev.lifeboat.oci.testkit.RegistryProxy;
import dev.lifeboat.oci.testkit.SampleImages;
import dev.lifeboat.oci.testkit.SampleImages.Pushed;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Registries that send what they should not, and networks that break. */
@Tag("registry")
@Timeout(120)
class LyingRegistryTest {
    private static final String SECRET = "hunter2";
    private static final String BASIC =
            "Basic " + Base64.getEncoder().encodeToString(("ann:" + SECRET).getBytes(StandardCharsets.UTF_8));

    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private final Repository repository =
            Repository.at(new MemoryStorage()).encryption(Encryption.none()).create();

    private TestRegistry real;
    private RegistryProxy proxy;
    private SampleImages samples;
    private Pushed image;

    @BeforeEach
    void start() throws Exception {
        real = TestRegistry.plain(dir.resolve("registry"));
        proxy = new RegistryProxy(real.url());
        samples = new SampleImages(real.url());
        image = samples.image("shop/web", "1", "amd64", 5, 3_000_000);
    }

    @AfterEach
    void repositoryIsWhole() {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
        proxy.close();
        real.close();
    }

    private Registry registry() {
        return Registry.at(proxy.url()).anonymous().retryingFor(Duration.ofSeconds(20));
    }

    private Snapshot backup() {
        return repository.backup(registry().image("shop/web:1")).run();
    }

    private void fails(Registry registry, Kind kind, String message) {
        assertThatThrownBy(() -> repository.backup(registry.image("shop/web:1")).run())
                .cause()
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(message)
                .hasMessageNotContaining(SECRET);
        assertThat(repository.snapshots()).isEmpty();
    }

    private static boolean isLayer(String path) {
        return path.contains("/blobs/sha256:");
    }

    @Test
    void aBlobWithOtherContent_isNotCaptured() throws Exception {
        String layer = layerDigest();
        byte[] content = Files.readAllBytes(real.blobFile(layer));
        content[content.length / 2] ^= 1;
        Files.write(real.blobFile(layer), content);
        fails(registry(), Kind.DAMAGED, layer);

        // In a whole registry it is a problem of this blob.
        samples.image("shop/db", "1", "amd64", 6, 1000);
        Snapshot catalog = repository.backup(registry().catalog()).run();
        assertThat(catalog.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.FAILED);
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            var result = repository
                    .restore(catalog)
                    .to(Registry.at(to.url()).anonymous().push())
                    .run();
            assertThat(result.problems()).anyMatch(problem -> problem.detail().contains("lacks its blob " + layer));
            SampleImages there = new SampleImages(to.url());
            assertThat(there.get("shop/web/manifests/1")).isEmpty();
            assertThat(there.get("shop/db/manifests/1")).isNotEmpty();
        }
    }

    private String layerDigest() throws Exception {
        String manifest = new String(samples.get("shop/web/manifests/1"), StandardCharsets.UTF_8);
        int at = manifest.indexOf("sha256:", manifest.indexOf("\"layers\""));
        return manifest.substring(at, at + 71);
    }

    @Test
    void aManifestWithAnotherDigest_isNotCaptured() {
        proxy.setFault(exchange -> {
            boolean manifest = exchange.getRequestMethod().equals("GET")
                    && exchange.getRequestURI().getPath().contains("/manifests/sha256:");
            if (manifest) {
                RegistryProxy.respond(
                        exchange, 200, "{\"schemaVersion\":2,\"layers\":[]}".getBytes(StandardCharsets.UTF_8));
            }
            return manifest;
        });
        fails(registry(), Kind.DAMAGED, image.digest());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void aBlobOfAnotherSize_isNotCaptured(int difference) {
        proxy.setFault(exchange -> {
            boolean layer = isLayer(exchange.getRequestURI().getPath())
                    && exchange.getRequestMethod().equals("GET");
            if (layer) {
                byte[] content = Files.readAllBytes(
                        real.blobFile(exchange.getRequestURI().getPath().replaceFirst(".*/", "")));
                RegistryProxy.respond(exchange, 200, Arrays.copyOf(content, content.length + difference));
            }
            return layer;
        });
        fails(registry(), Kind.DAMAGED, "bytes");
    }

    @Test
    void aDownloadThatBreaks_continuesWhereItBroke() {
        AtomicInteger breaks = new AtomicInteger();
        proxy.setFault(exchange -> {
            String path = exchange.getRequestURI().getPath();
            boolean breaks0 = isLayer(path)
                    && exchange.getRequestMethod().equals("GET")
                    && breaks.get() < 3
                    && Files.size(real.blobFile(path.replaceFirst(".*/", ""))) > 1_000_000;
            if (breaks0) {
                byte[] content = Files.readAllBytes(real.blobFile(path.replaceFirst(".*/", "")));
                String range = exchange.getRequestHeaders().getFirst("Range");
                int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
                if (from > 0) {
                    exchange.getResponseHeaders()
                            .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
                }
                exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
                exchange.getResponseBody().write(content, from, 700_000);
                exchange.getResponseBody().flush();
                breaks.incrementAndGet();
            }
            return breaks0;
        });
        assertThat(backup().problems()).isEmpty();
        assertThat(breaks).hasValue(3);
    }

    @Test
    void aRegistryThatIgnoresRanges_isReadAgain() {
        AtomicInteger breaks = new AtomicInteger();
        proxy.setFault(exchange -> {
            String path = exchange.getRequestURI().getPath();
            boolean large = isLayer(path)
                    && exchange.getRequestMethod().equals("GET")
                    && Files.size(real.blobFile(path.replaceFirst(".*/", ""))) > 1_000_000;
            if (large) {
                byte[] content = Files.readAllBytes(real.blobFile(path.replaceFirst(".*/", "")));
                exchange.sendResponseHeaders(200, content.length);
                exchange.getResponseBody()
                        .write(content, 0, breaks.getAndIncrement() == 0 ? 1_500_000 : content.length);
                exchange.getResponseBody().flush();
            }
            return large;
        });
        assertThat(backup().problems()).isEmpty();
        assertThat(breaks).hasValue(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 503})
    void whatPasses_isTriedAgain(int status) {
        AtomicInteger left = new AtomicInteger(2);
        proxy.setFault(exchange -> {
            boolean fault = left.getAndDecrement() > 0;
            if (fault) {
                exchange.getResponseHeaders().set("Retry-After", "1");
                RegistryProxy.respond(exchange, status, new byte[0]);
            }
            return fault;
        });
        long begin = System.nanoTime();
        assertThat(backup().problems()).isEmpty();
        assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.SECONDS.toNanos(2));
    }

    @Test
    void aLimitThatLastsLonger_isReportedAtOnce() {
        proxy.setFault(exchange -> {
            exchange.getResponseHeaders().set("Retry-After", "3600");
            RegistryProxy.respond(
                    exchange,
                    429,
                    "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"pull rate limit\"}]}"
                            .getBytes(StandardCharsets.UTF_8));
            return true;
        });
        fails(registry(), Kind.RATE_LIMITED, "3600 s");
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 404, 418})
    void aRefusal_isReportedWithWhatTheRegistrySays(int status) {
        proxy.setFault(exchange -> {
            boolean manifest = exchange.getRequestMethod().equals("GET");
            if (manifest) {
                RegistryProxy.respond(
                        exchange,
                        status,
                        "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not\\u0007 for you\"}]}"
                                .getBytes(StandardCharsets.UTF_8));
            }
            return manifest;
        });
        Kind kind = status == 403 ? Kind.FORBIDDEN : status == 404 ? Kind.NOT_FOUND : Kind.REFUSED;
        fails(registry(), kind, status == 404 ? "no such image" : "not  for you");
    }

    @Test
    void aRedirect_isFollowedWithoutCredentials_overTwoHostsAndTheirChallenges() throws Exception {
        try (RegistryProxy other = new RegistryProxy(real.url());
                RegistryProxy third = new RegistryProxy(real.url())) {
            proxy.setFault(exchange -> {
                if (exchange.getRequestHeaders().getFirst("Authorization") == null) {
                    exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"tests\"");
                    RegistryProxy.respond(exchange, 401, new byte[0]);
                    return true;
                }
                boolean layer = isLayer(exchange.getRequestURI().getPath());
                if (layer) {
                    exchange.getResponseHeaders().set("Location", other.url() + exchange.getRequestURI());
                    RegistryProxy.respond(exchange, 307, new byte[0]);
                }
                return layer;
            });
            AtomicInteger hops = new AtomicInteger();
            other.setFault(exchange -> {
                boolean hop = hops.incrementAndGet() % 2 == 1;
                if (hop) {
                    exchange.getResponseHeaders()
                            .set(
                                    "Location",
                                    hops.get() % 4 == 1
                                            ? exchange.getRequestURI().toString()
                                            : third.url() + exchange.getRequestURI());
                    RegistryProxy.respond(exchange, 308, new byte[0]);
                }
                return hop;
            });
            Registry ann = Registry.at(proxy.url()).withCredentials("ann", SECRET);
            assertThat(repository.backup(ann.image("shop/web:1")).run().problems())
                    .isEmpty();
            assertThat(proxy.authorizations()).contains(BASIC);
            assertThat(other.requests()).isNotEmpty();
            assertThat(other.authorizations()).isEmpty();
            assertThat(third.authorizations()).isEmpty();

            // One that challenges is not answered.
            other.setFault(exchange -> {
                exchange.getResponseHeaders()
                        .set("WWW-Authenticate", "Bearer realm=\"" + third.url() + "/token\",service=\"s\"");
                RegistryProxy.respond(exchange, 401, new byte[0]);
                return true;
            });
            third.clear();
            assertThatThrownBy(() -> Repository.at(new MemoryStorage())
                            .encryption(Encryption.none())
                            .create()
                            .backup(ann.image("shop/web:1"))
                            .run())
                    .rootCause()
                    .hasMessageContaining("401");
            assertThat(other.authorizations()).isEmpty();
            assertThat(third.requests()).isEmpty();
        }
    }

    @Test
    void anUploadToAnotherHost_goesWithoutCredentials() throws Exception {
        Snapshot snapshot = backup();
        try (RegistryProxy other = new RegistryProxy(real.url())) {
            proxy.setFault(exchange -> {
                if (exchange.getRequestHeaders().getFirst("Authorization") == null) {
                    exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"tests\"");
                    RegistryProxy.respond(exchange, 401, new byte[0]);
                    return true;
                }
                boolean start = exchange.getRequestMethod().equals("POST");
                if (start) {
                    exchange.getResponseHeaders().set("Location", other.url() + "/elsewhere");
                    RegistryProxy.respond(exchange, 202, new byte[0]);
                }
                return start;
            });
            other.setFault(exchange -> {
                RegistryProxy.respond(exchange, 201, new byte[0]);
                return true;
            });
            assertThatThrownBy(() -> repository
                            .restore(snapshot)
                            .to(Registry.at(proxy.url())
                                    .withCredentials("ann", SECRET)
                                    .push("new/web:1"))
                            .run())
                    .rootCause()
                    .hasMessageContaining("MANIFEST_BLOB_UNKNOWN");
            assertThat(other.requests()).anyMatch(request -> request.startsWith("PUT /elsewhere"));
            assertThat(other.authorizations()).isEmpty();
        }
    }

    @Test
    void aRedirectInACircle_ends() {
        proxy.setFault(exchange -> {
            exchange.getResponseHeaders()
                    .set("Location", exchange.getRequestURI().toString());
            RegistryProxy.respond(exchange, 302, new byte[0]);
            return true;
        });
        fails(registry(), Kind.REFUSED, "redirects");
    }

    @Test
    void aListWithoutEnd_ends() {
        proxy.setFault(exchange -> {
            exchange.getResponseHeaders().set("Link", "</v2/_catalog?n=1000>; rel=\"next\"");
            RegistryProxy.respond(exchange, 200, "{\"repositories\":[\"a\"]}".getBytes(StandardCharsets.UTF_8));
            return true;
        });
        assertThatThrownBy(() -> repository.backup(registry().catalog()).run())
                .rootCause()
                .hasMessageContaining("without end");
    }

    @Test
    void namesOutOfARegistry_areNotTrusted() {
        proxy.setFault(exchange -> {
            RegistryProxy.respond(exchange, 200, "{\"repositories\":[\"../../etc\"]}".getBytes(StandardCharsets.UTF_8));
            return true;
        });
        assertThatThrownBy(() -> repository.backup(registry().catalog()).run())
                .rootCause()
                .hasMessageContaining("not the name of a repository");
    }

    @Test
    void anInterrupt_endsAStalledDownload() throws Exception {
        proxy.setFault(exchange -> {
            boolean layer = isLayer(exchange.getRequestURI().getPath());
            if (layer) {
                exchange.sendResponseHeaders(200, 3_000_000);
                exchange.getResponseBody().flush();
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return layer;
        });
        var job = repository.backup(registry().image("shop/web:1")).start();
        while (proxy.requests().stream().noneMatch(request -> request.contains("/blobs/"))) {
            Thread.sleep(20);
        }
        long begin = System.nanoTime();
        job.cancel();
        assertThatThrownBy(() -> job.result().get()).isInstanceOf(Exception.class);
        job.close();
        assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(10));
    }

    @Test
    void anImageOfTheOldSchema_isRefusedByName_andLeftOutOfARegistry() {
        String schema1 = "{\"schemaVersion\":1,\"name\":\"shop/web\",\"tag\":\"1\",\"fsLayers\":[],\"signatures\":[]}";
        proxy.setFault(exchange -> {
            boolean manifest = exchange.getRequestURI().getPath().contains("/manifests/");
            if (manifest) {
                exchange.getResponseHeaders()
                        .set("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws");
                exchange.getResponseHeaders().set("Docker-Content-Digest", "sha256:" + "a".repeat(64));
                boolean get = exchange.getRequestMethod().equals("GET");
                byte[] body = get ? schema1.getBytes(StandardCharsets.UTF_8) : new byte[0];
                RegistryProxy.respond(exchange, 200, body);
            }
            return manifest;
        });
        fails(registry(), Kind.UNSUPPORTED, "schema 1");
        Snapshot snapshot = repository.backup(registry().catalog()).run();
        assertThat(snapshot.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.SKIPPED);
    }

    @Test
    void nobodyListening_isReportedAsSuch() {
        real.close();
        proxy.close();
        fails(registry().retryingFor(Duration.ofSeconds(1)), Kind.UNREACHABLE, "does not respond");
    }

    @Test
    void aRegistryThatHasAnotherImageUnderADigest_isNotBelieved() throws Exception {
        Pushed other = samples.image("shop/web", "2", "amd64", 6, 1000);
        proxy.setFault(exchange -> {
            boolean look = exchange.getRequestMethod().equals("HEAD");
            if (look) {
                exchange.getResponseHeaders().set("Docker-Content-Digest", other.digest());
                exchange.sendResponseHeaders(200, -1);
            }
            return look;
        });
        assertThatThrownBy(() -> repository
                        .backup(registry().image("shop/web@" + image.digest()))
                        .run())
                .rootCause()
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DAMAGED));
    }

    @Test
    void aRegistryThatShowsManifestsAsBlobs_getsThemUnderFurtherTags() throws Exception {
        Snapshot snapshot = backup();
        proxy.setFault(exchange -> {
            String path = exchange.getRequestURI().getPath();
            boolean blob = exchange.getRequestMethod().equals("HEAD") && path.contains("/blobs/" + image.digest());
            if (blob) {
                exchange.sendResponseHeaders(200, -1);
            }
            return blob;
        });
        var result = repository
                .restore(snapshot)
                .to(registry().push("shop/web:again"))
                .run();
        assertThat(result.problems()).isEmpty();
        assertThat(samples.get("shop/web/manifests/again")).isEqualTo(samples.get("shop/web/manifests/1"));
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 400, 405, 406})
    void aRegistryThatDoesNotKnowReferrers_isAskedForTheirTag(int status) throws Exception {
        Pushed signature = samples.artifact("shop/web", "", "application/vnd.test.signature", image.descriptor(""), 7);
        Pushed deleted = samples.artifact("shop/web", "", "application/vnd.test.signature", image.descriptor(""), 8);
        samples.manifest(
                "shop/web",
                image.digest().replace(':', '-'),
                SampleImages.INDEX,
                "{\"schemaVersion\":2,\"mediaType\":\"" + SampleImages.INDEX + "\",\"manifests\":["
                        + signature.descriptor("") + ","
                        + deleted.descriptor("") + "]}");
        samples.delete("shop/web/manifests/" + deleted.digest());
        proxy.setFault(exchange -> {
            boolean referrers = exchange.getRequestURI().getPath().contains("/referrers/");
            if (referrers) {
                RegistryProxy.respond(exchange, status, "<html>no</html>".getBytes(StandardCharsets.UTF_8));
            }
            return referrers;
        });
        Snapshot snapshot = backup();
        // One that is listed and not there is a problem of its own.
        assertThat(snapshot.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.VANISHED);
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            Registry registry = Registry.at(to.url()).anonymous();
            repository.restore(snapshot).to(registry.push("web:1")).run();
            SampleImages there = new SampleImages(to.url());
            String tag = "web/manifests/" + image.digest().replace(':', '-');
            assertThat(new String(there.get(tag), StandardCharsets.UTF_8)).contains(signature.digest());
            // One that was pushed and not entered is entered by the next push.
            there.manifest(
                    "web",
                    image.digest().replace(':', '-'),
                    SampleImages.INDEX,
                    "{\"schemaVersion\":2,\"mediaType\":\"" + SampleImages.INDEX + "\",\"manifests\":[]}");
            repository.restore(snapshot).to(registry.push("web:1")).run();
            assertThat(new String(there.get(tag), StandardCharsets.UTF_8)).contains(signature.digest());
        }
    }

    @Test
    void aRepositoryThatMayNotBeRead_isAProblemOfARegistry() throws Exception {
        samples.image("shop/db", "1", "amd64", 6, 1000);
        proxy.setFault(exchange -> {
            boolean forbidden = exchange.getRequestURI().getPath().contains("/shop/web/tags/");
            if (forbidden) {
                RegistryProxy.respond(exchange, 403, new byte[0]);
            }
            return forbidden;
        });
        Snapshot snapshot = repository.backup(registry().catalog()).run();
        assertThat(snapshot.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.FAILED);
        assertThat(snapshot.stats().entries()).isGreaterThan(5);
    }

    @Test
    void aSignatureInAnotherRepositoryOfTheSameImage_isCapturedThere() throws Exception {
        Pushed copy = samples.image("prod/web", "1", "amd64", 5, 3_000_000);
        assertThat(copy.digest()).isEqualTo(image.digest());
        Pushed signature = samples.artifact("shop/web", "", "application/vnd.test.signature", image.descriptor(""), 7);
        samples.manifest(
                "shop/web",
                image.digest().replace(':', '-'),
                SampleImages.INDEX,
                "{\"schemaVersion\":2,\"mediaType\":\"" + SampleImages.INDEX + "\",\"manifests\":["
                        + signature.descriptor("") + "]}");
        Snapshot snapshot = repository
                .backup(registry().images("shop", "prod/web:1", "shop/web:1"))
                .run();
        try (TestRegistry to = TestRegistry.plain(dir.resolve("to"))) {
            repository
                    .restore(snapshot)
                    .to(Registry.at(to.url()).anonymous().push())
                    .run();
            SampleImages there = new SampleImages(to.url());
            assertThat(there.get("shop/web/manifests/" + signature.digest())).isNotEmpty();
            assertThat(there.get("prod/web/manifests/1")).isNotEmpty();
        }
    }

    @Test
    void anUnknownHost_isReportedAtOnce() {
        fails(Registry.at("no-such-host.invalid").anonymous(), Kind.UNREACHABLE, "no-such-host.invalid");
    }
}
