package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The application of shop.yaml: PostgreSQL with a claim, two web servers, and what belongs to them. */
final class Shop {
    final String namespace;
    final String group;

    /** Creates it, and waits until it runs. */
    Shop(ClusterFixture cluster) throws IOException {
        this.namespace = cluster.namespace("shop");
        this.group = namespace + ".example.org";
        cluster.deleteLater("clusterrole/" + namespace + "-nodes");
        cluster.deleteLater("clusterrolebinding/" + namespace + "-nodes");
        cluster.deleteLater("crd/vouchers." + group);
        ClusterFixture.apply(resource("voucher.yaml").replace("GROUP", group));
        ClusterFixture.apply(resource("shop.yaml").replace("NAMESPACE", namespace));
        kubectl("wait", "--for=condition=Established", "crd/vouchers." + group);
        ClusterFixture.apply("""
                apiVersion: %s/v1
                kind: Voucher
                metadata: {name: spring, namespace: %s}
                spec: {percent: 15, note: "15 %% off"}
                """.formatted(group, namespace));
        awaitReady(namespace);
    }

    static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Shop.class.getResourceAsStream(name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    static void awaitReady(String namespace) {
        kubectl("-n", namespace, "rollout", "status", "statefulset/db", "--timeout=120s");
        kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=120s");
    }

    /** Runs SQL. */
    static String sql(String namespace, String statement) {
        return kubectl(
                "-n", namespace, "exec", "db-0", "--", "psql", "-U", "postgres", "-h", "127.0.0.1", "-Atc", statement);
    }

    String sql(String statement) {
        return sql(namespace, statement);
    }

    /** Runs a shell command in a web server. */
    String web(String command) {
        return kubectl("-n", namespace, "exec", "deployment/web", "--", "sh", "-c", command);
    }
}
