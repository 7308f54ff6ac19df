package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Backups of a namespace of a real cluster. */
@Tag("kubernetes")
@Timeout(300)
class NamespaceBackupTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final Kubernetes kubernetes = Kubernetes.local();
    private final Repository repo = Repository.at(new MemoryStorage())
            .encryption(Encryption.passphrase(() -> "secret"))
            .openOrCreate();

    @AfterEach
    void verify() {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
        kubernetes.close();
    }

    private Set<String> files(Snapshot snapshot, String prefix) throws IOException {
        TreeSet<String> files = new TreeSet<>();
        try (SnapshotTree tree = repo.browse(snapshot)) {
            tree.find("**", entry -> {
                String path = entry.path().toString();
                if (entry.type() != EntryType.DIRECTORY && path.startsWith(prefix)) {
                    files.add(path.substring(prefix.length()));
                }
            });
        }
        return files;
    }

    private String text(Snapshot snapshot, String path) throws IOException {
        try (SnapshotTree tree = repo.browse(snapshot);
                InputStream in = tree.open(EntryPath.of(path))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** What kubectl finds, kind by kind. */
    private static Set<String> objects(String namespace) {
        TreeSet<String> objects = new TreeSet<>();
        for (String kind : kubectl("api-resources", "--verbs=list,get,create,delete", "--namespaced", "-o", "name")
                .lines()
                .toList()) {
            // The same objects as those of other groups.
            if (kind.equals("ingresses.extensions") || kind.equals("events.events.k8s.io")) {
                continue;
            }
            for (String name : kubectl("-n", namespace, "get", kind, "-o", "jsonpath={.items[*].metadata.name}")
                    .split(" ", -1)) {
                if (!name.isEmpty() && !kind.equals("events")) {
                    objects.add(kind + "/namespaces/" + namespace + "/" + name + ".json");
                }
            }
        }
        return objects;
    }

    @Test
    void backup_takesAllObjects_theFiles_andWhatTheyNeed() throws Exception {
        Shop shop = new Shop(cluster);
        shop.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS id");
        shop.web(
                "echo cached > /cache/page; ln /cache/page /cache/again; ln -s page /cache/link; chmod 640 /cache/page");
        KubernetesSource source = kubernetes.namespace(shop.namespace);
        Snapshot snapshot = repo.backup(source).run();

        String resources = "kubernetes/resources/";
        Set<String> stored = new TreeSet<>(files(snapshot, resources));
        Set<String> ofCluster = new TreeSet<>(stored);
        ofCluster.removeIf(path -> !path.contains("/cluster/"));
        stored.removeIf(path -> path.contains("/cluster/") || path.startsWith("events/"));
        assertThat(stored).isEqualTo(objects(shop.namespace));
        assertThat(ofCluster)
                .contains(
                        "namespaces/cluster/" + shop.namespace + ".json",
                        "customresourcedefinitions.apiextensions.k8s.io/cluster/vouchers." + shop.group + ".json",
                        "clusterroles.rbac.authorization.k8s.io/cluster/" + shop.namespace + "-nodes.json",
                        "clusterrolebindings.rbac.authorization.k8s.io/cluster/" + shop.namespace + "-nodes.json",
                        "storageclasses.storage.k8s.io/cluster/lifeboat.json")
                .filteredOn(path -> path.startsWith("persistentvolumes/"))
                .hasSize(2);
        assertThat(text(snapshot, resources + "configmaps/namespaces/" + shop.namespace + "/settings.json"))
                .contains("Grüße, 你好, ")
                .contains("\"apiVersion\" : \"v1\"");
        String cache = "volumes/" + shop.namespace + ".cache/data/";
        assertThat(files(snapshot, cache)).containsExactly("again", "link", "page");
        assertThat(text(snapshot, cache + "page")).isEqualTo("cached\n");
        assertThat(text(snapshot, "lifeboat/fidelity.json")).contains("host path");

        // Nothing of the volumes is read again that has not changed.
        Snapshot second = repo.backup(source).run();
        assertThat(second.stats().contentBytes()).isGreaterThan(20_000_000);
        assertThat(second.stats().bytesRead()).isLessThan(5_000_000);

        // By tar in the container of the web server, which is that of busybox.
        Snapshot byTar = repo.backup(
                        kubernetes.namespace(shop.namespace).withoutHostPaths().withoutVolume("data-db-0"))
                .run();
        assertThat(files(byTar, cache)).containsExactly("again", "link", "page");
        assertThat(text(byTar, cache + "page")).isEqualTo("cached\n");
        try (SnapshotTree tree = repo.browse(byTar)) {
            Entry link = tree.stat(EntryPath.of(cache + "page")).orElseThrow();
            assertThat(link.type()).isEqualTo(EntryType.HARD_LINK);
            assertThat(link.attributes().mode()).isEqualTo(0640);
        }
        assertThat(byTar.problems()).extracting(Problem::kind).containsOnly(Problem.Kind.DEGRADED);
        assertThat(files(byTar, "volumes/" + shop.namespace + ".data-db-0")).isEmpty();

        Snapshot some = repo.backup(kubernetes
                        .namespace(shop.namespace)
                        .matching("app=web")
                        .without("pods", "ReplicaSet", "endpoints", "endpointslices")
                        .withoutVolumes())
                .run();
        assertThat(files(some, "kubernetes/resources/"))
                .containsExactlyInAnyOrder(
                        "clusterrolebindings.rbac.authorization.k8s.io/cluster/" + shop.namespace + "-nodes.json",
                        "clusterroles.rbac.authorization.k8s.io/cluster/" + shop.namespace + "-nodes.json",
                        "configmaps/namespaces/" + shop.namespace + "/settings.json",
                        "deployments.apps/namespaces/" + shop.namespace + "/web.json",
                        "namespaces/cluster/" + shop.namespace + ".json");
        Snapshot one = repo.backup(kubernetes
                        .namespace(shop.namespace)
                        .only("configmaps", "secrets")
                        .withoutSecrets()
                        .withoutObject("configmaps", "kube-root-ca.crt"))
                .run();
        assertThat(files(one, "kubernetes/resources/"))
                .containsExactlyInAnyOrder(
                        "configmaps/namespaces/" + shop.namespace + "/settings.json",
                        "namespaces/cluster/" + shop.namespace + ".json");
        try (Repository plain =
                Repository.at(new MemoryStorage()).encryption(Encryption.none()).openOrCreate()) {
            assertThatThrownBy(() -> plain.backup(source).run()).hasMessageContaining("not encrypted");
            assertThat(plain.backup(source.withoutSecrets().withoutVolumes())
                            .run()
                            .problems())
                    .isEmpty();
        }
    }

    @Test
    void permissionsThatAreMissing_areAllNamed_inRolesThatHaveThem() throws Exception {
        String namespace = cluster.namespace("few");
        kubectl("create", "namespace", namespace);
        ClusterFixture.apply("""
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: reader, namespace: NS}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: reader, namespace: NS}
                rules:
                - {apiGroups: [""], resources: [configmaps, serviceaccounts, pods, pods/exec], verbs: [get, list]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: reader, namespace: NS}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
                subjects: [{kind: ServiceAccount, name: reader, namespace: NS}]
                """.replace("NS", namespace));
        Path kubeconfig = dir.resolve("kubeconfig");
        String secret =
                kubectl("-n", namespace, "get", "serviceaccount", "reader", "-o", "jsonpath={.secrets[0].name}");
        String token =
                kubectl("-n", namespace, "get", "secret", secret, "-o", "go-template={{.data.token | base64decode}}");
        Files.writeString(kubeconfig, """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "%s", certificate-authority-data: %s}}]
                users: [{name: u, user: {token: %s}}]
                contexts: [{name: c, context: {cluster: c, user: u}}]
                current-context: c
                """.formatted(
                kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"),
                kubectl("config", "view", "--raw", "-o", "jsonpath={.clusters[0].cluster.certificate-authority-data}"),
                token));
        try (Kubernetes few = Kubernetes.ofKubeconfig(kubeconfig)) {
            assertThatThrownBy(() -> repo.backup(few.namespace(namespace)).run())
                    .hasMessageContaining("kind: Role\n")
                    .hasMessageContaining("kind: ClusterRole\n")
                    .hasMessageContaining("deployments")
                    .hasMessageContaining("secrets")
                    .hasMessageContaining("clusterrolebindings")
                    .hasMessageNotContaining("configmaps")
                    .cause()
                    .isInstanceOfSatisfying(
                            KubernetesException.class,
                            e -> assertThat(e.kind()).isEqualTo(KubernetesException.Kind.FORBIDDEN));
            assertThat(repo.snapshots()).isEmpty();
        }
    }

    @Test
    void namespaceThatIsMissing_orIsBeingDeleted_isRefused() {
        assertThatThrownBy(() -> repo.backup(kubernetes.namespace("nothere")).run())
                .hasMessageContaining("there is no namespace nothere");
        String namespace = cluster.namespace("going");
        kubectl("create", "namespace", namespace);
        ClusterFixture.apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: stays, namespace: NS, finalizers: [example.org/wait]}
                """.replace("NS", namespace));
        kubectl("delete", "namespace", namespace, "--wait=false");
        try {
            assertThatThrownBy(
                            () -> repo.backup(kubernetes.namespace(namespace)).run())
                    .hasMessageContaining("is being deleted");
        } finally {
            kubectl(
                    "-n",
                    namespace,
                    "patch",
                    "configmap",
                    "stays",
                    "--type=merge",
                    "-p",
                    "{\"metadata\":{\"finalizers\":null}}");
        }
        for (String name : List.of("-", ".", "A", "", "a".repeat(64))) {
            assertThatThrownBy(() -> kubernetes.namespace(name)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
