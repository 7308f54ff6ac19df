package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.velero.VeleroRun;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A program that drives Velero, in a real cluster with Velero's kinds. The server is a double: this test sets the
 * status that Velero would set.
 */
@Tag("kubernetes")
@Timeout(300)
class VeleroServerTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    private final Kubernetes kubernetes = Kubernetes.local();
    private String namespace = "";

    @BeforeEach
    void install() throws IOException {
        namespace = cluster.namespace("velero");
        kubectl("create", "namespace", namespace);
        for (String kind : new String[] {"Backup", "Restore", "DownloadRequest"}) {
            String plural = kind.toLowerCase(Locale.ROOT) + "s";
            cluster.deleteLater("crd/" + plural + ".velero.io");
            ClusterFixture.apply("""
                    apiVersion: apiextensions.k8s.io/v1
                    kind: CustomResourceDefinition
                    metadata: {name: PLURAL.velero.io}
                    spec:
                      group: velero.io
                      scope: Namespaced
                      names: {kind: KIND, listKind: KINDList, plural: PLURAL, singular: SINGULAR}
                      versions:
                      - name: v1
                        served: true
                        storage: true
                        schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                    """.replace("KIND", kind)
                    .replace("PLURAL", plural)
                    .replace("SINGULAR", plural.substring(0, plural.length() - 1)));
            kubectl("wait", "--for=condition=Established", "crd/" + plural + ".velero.io");
        }
    }

    @AfterEach
    void close() {
        kubernetes.close();
    }

    /** What the server does: it sees the object, and sets its status. */
    private CompletableFuture<Void> serve(String kind, String status) {
        return CompletableFuture.runAsync(() -> {
            String name = "";
            while (name.isEmpty()) {
                name = kubectl(
                        "-n", namespace, "get", kind, "-o", "jsonpath={.items[0].metadata.name}", "--ignore-not-found");
            }
            kubectl("-n", namespace, "patch", kind, name, "--type=merge", "-p", "{\"status\":" + status + "}");
        });
    }

    @Test
    void backupAndRestore_areFollowedToTheirEnd() throws Exception {
        VeleroServer velero = kubernetes.velero(namespace);
        CompletableFuture<Void> server =
                serve("backups", "{\"phase\":\"PartiallyFailed\",\"errors\":2,\"warnings\":1}");
        VeleroRun backup = velero.backup("nightly", Duration.ofHours(24), "shop");
        server.get();
        assertThat(backup).isEqualTo(new VeleroRun("nightly", "PartiallyFailed", 2, 1, List.of()));
        assertThat(backup.isComplete()).isFalse();
        assertThat(kubectl("-n", namespace, "get", "backups", "nightly", "-o", "jsonpath={.spec}"))
                .isEqualTo("{\"includedNamespaces\":[\"shop\"],\"ttl\":\"86400s\"}");
        assertThatThrownBy(() -> velero.backup("nightly", Duration.ofHours(1)))
                .isInstanceOfSatisfying(
                        KubernetesException.class,
                        e -> assertThat(e.kind()).isEqualTo(KubernetesException.Kind.CONFLICT));
        server = serve("restores", "{\"phase\":\"FailedValidation\",\"validationErrors\":[\"no such backup\"]}");
        VeleroRun restore = velero.restore("r1", "nothere", Map.of("shop", "copy"));
        server.get();
        assertThat(restore.validationErrors()).containsExactly("no such backup");
        assertThat(kubectl("-n", namespace, "get", "restores", "r1", "-o", "jsonpath={.spec.namespaceMapping.shop}"))
                .isEqualTo("copy");
    }

    @Test
    void log_comesFromTheStore_withoutCredentialsOfTheCluster() throws Exception {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
            out.write("level=info msg=done\n".getBytes(StandardCharsets.UTF_8));
        }
        StringBuilder authorization = new StringBuilder();
        HttpServer store = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        store.createContext("/", exchange -> {
            authorization.append(exchange.getRequestHeaders().getOrDefault("Authorization", List.of()));
            exchange.sendResponseHeaders(200, zipped.size());
            exchange.getResponseBody().write(zipped.toByteArray());
            exchange.close();
        });
        store.start();
        try {
            CompletableFuture<Void> server = serve(
                    "downloadrequests",
                    "{\"phase\":\"Processed\",\"downloadURL\":\"http://127.0.0.1:"
                            + store.getAddress().getPort() + "/log?signature=x\"}");
            try (InputStream log = kubernetes.velero(namespace).backupLog("nightly")) {
                assertThat(new String(log.readAllBytes(), StandardCharsets.UTF_8))
                        .contains("msg=done");
            }
            server.get();
            assertThat(authorization.toString()).isEqualTo("[]");
            assertThat(kubectl("-n", namespace, "get", "downloadrequests", "-o", "name"))
                    .isEmpty();
        } finally {
            store.stop(0);
        }
    }

    @Test
    void clusterWithoutVelero_isNamed() {
        assertThatThrownBy(() -> kubernetes.velero("nothere").backup("b", Duration.ofHours(1)))
                .hasMessageContaining("Velero is not installed");
    }
}
