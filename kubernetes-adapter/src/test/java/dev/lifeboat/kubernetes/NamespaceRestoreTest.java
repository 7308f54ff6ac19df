package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static dev.lifeboat.kubernetes.ClusterFixture.tryKubectl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.plan.Conflict;
import dev.lifeboat.kubernetes.plan.PlanStep;
import dev.lifeboat.kubernetes.plan.RestorePlan;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.kubernetes.velero.Velero;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Restores of a namespace of a real cluster. */
@Tag("kubernetes")
@Timeout(300)
class NamespaceRestoreTest {
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

    /** What was captured and what is there now, without what must differ. */
    private static Map<String, Object> essence(String namespace, String kind, String name) throws Exception {
        JsonObject object = JsonObject.parse(
                kubectl("-n", namespace, "get", kind, name, "-o", "json").getBytes(StandardCharsets.UTF_8), name);
        object.remove("status");
        JsonObject metadata = object.object("metadata");
        for (String member : List.of(
                "uid",
                "resourceVersion",
                "creationTimestamp",
                "generation",
                "managedFields",
                "selfLink",
                "namespace",
                "finalizers")) {
            metadata.remove(member);
        }
        if (metadata.has("annotations")) {
            JsonObject annotations = metadata.object("annotations");
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
            for (String prefix : List.of("pv.kubernetes.io/", "volume.beta.kubernetes.io/")) {
                annotations.members().keySet().removeIf(annotation -> annotation.startsWith(prefix));
            }
            if (annotations.members().isEmpty()) {
                metadata.remove("annotations");
            }
        }
        JsonObject spec = object.objectOrEmpty("spec");
        spec.remove("volumeName").remove("clusterIP").remove("clusterIPs");
        for (JsonObject port : ports(spec)) {
            port.remove("nodePort");
        }
        object.remove("secrets");
        return new HashMap<>(object.members());
    }

    private static List<JsonObject> ports(JsonObject spec) throws Exception {
        return spec.members().get("ports") instanceof List ? spec.objects("ports") : List.of();
    }

    private static final List<List<String>> OBJECTS = List.of(
            List.of("serviceaccount", "shop"),
            List.of("role", "shop"),
            List.of("configmap", "settings"),
            List.of("secret", "db"),
            List.of("service", "db"),
            List.of("service", "web"),
            List.of("persistentvolumeclaim", "data-db-0"),
            List.of("persistentvolumeclaim", "cache"),
            List.of("statefulset", "db"),
            List.of("deployment", "web"),
            List.of("cronjob", "cleanup"),
            List.of("networkpolicy", "web"),
            List.of("rolebinding", "shop"),
            List.of("ingress.networking.k8s.io", "web"));

    private static Map<String, Object> all(String namespace, List<String> without) throws Exception {
        Map<String, Object> all = new HashMap<>();
        for (List<String> object : OBJECTS) {
            if (!without.contains(object.get(0))) {
                all.put(object.toString(), essence(namespace, object.get(0), object.get(1)));
            }
        }
        return all;
    }

    /** Under write load, deleted with all that it had in the cluster, and brought back. */
    @Test
    void namespaceThatWasDeleted_comesBack_andACopyBesideIt() throws Exception {
        Shop shop = new Shop(cluster);
        shop.sql("CREATE TABLE t (id int PRIMARY KEY, pair int)");
        shop.web("echo cached > /cache/page; chmod 640 /cache/page; ln /cache/page /cache/same");
        Map<String, Object> before = all(shop.namespace, List.of());
        AtomicBoolean done = new AtomicBoolean();
        Thread load = new Thread(() -> {
            for (int i = 0; !done.get(); i++) {
                // Fails while the database is scaled to zero.
                String unused = tryKubectl(
                        "-n",
                        shop.namespace,
                        "exec",
                        "db-0",
                        "--",
                        "psql",
                        "-U",
                        "postgres",
                        "-h",
                        "127.0.0.1",
                        "-c",
                        "BEGIN; INSERT INTO t VALUES (" + 2 * i + ", " + i + "); INSERT INTO t VALUES (" + (2 * i + 1)
                                + ", " + i + "); COMMIT");
            }
        });
        load.start();
        Snapshot snapshot;
        try {
            Thread.sleep(1500);
            snapshot = repo.backup(kubernetes
                            .withJournal(QuiesceJournal.at(dir.resolve("journal")))
                            .namespace(shop.namespace)
                            .quiesce(PodQuiesce.scaleToZero()))
                    .run();
        } finally {
            done.set(true);
            load.join();
        }
        Shop.awaitReady(shop.namespace);

        // A copy beside it: the host of the ingress is a conflict first.
        String copy = cluster.namespace("copy");
        cluster.deleteLater("clusterrolebinding/" + shop.namespace + "-nodes-" + copy);
        assertThatThrownBy(() ->
                        repo.restore(snapshot).to(kubernetes.newNamespace(copy)).run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .cause()
                .isInstanceOfSatisfying(
                        KubernetesException.class,
                        e -> assertThat(e.conflicts())
                                .extracting(Conflict::kind)
                                .containsExactly(Conflict.Kind.INGRESS_HOST_TAKEN));
        assertThat(tryKubectl("get", "namespace", copy)).contains("NotFound");
        List<RestoredWorkload> ready = new ArrayList<>();
        List<RestorePlan> plans = new ArrayList<>();
        NamespaceRestore target = kubernetes
                .newNamespace(copy)
                .ingressHost(shop.namespace + ".example.org", copy + ".example.org")
                .onPlan(plans::add)
                .onReady(ready::add);
        repo.restore(snapshot).to(target).dryRun().run();
        assertThat(plans.get(0).steps())
                .anyMatch(step -> step.action() == PlanStep.Action.CREATE
                        && step.resource().equals("deployments.apps " + copy + "/web"))
                .anyMatch(step -> step.action() == PlanStep.Action.WRITE
                        && step.resource().equals("files of claim " + copy + "/data-db-0"));
        assertThat(tryKubectl("get", "namespace", copy)).contains("NotFound");
        assertThat(repo.restore(snapshot).to(target).run().problems()).isEmpty();
        assertThat(ready).hasSize(2).allMatch(RestoredWorkload::ready);
        consistent(copy);
        assertThat(kubectl("-n", copy, "exec", "deployment/web", "--", "cat", "/cache/same"))
                .isEqualTo("cached");
        assertThat(all(copy, List.of("ingress.networking.k8s.io", "rolebinding")))
                .isEqualTo(all(shop.namespace, List.of("ingress.networking.k8s.io", "rolebinding")));
        assertThat(kubectl("-n", copy, "get", "rolebinding", "shop", "-o", "jsonpath={.subjects[0].namespace}"))
                .isEqualTo(copy);
        assertThat(kubectl("get", "namespace", copy, "-o", "jsonpath={.metadata}"))
                .doesNotContain("dev.lifeboat");
        String count = Shop.sql(copy, "SELECT count(*) FROM t");

        // What is there stays as it is.
        kubectl(
                "-n",
                copy,
                "patch",
                "configmap",
                "settings",
                "--type=merge",
                "-p",
                "{\"data\":{\"greeting\":\"bye\"}}");
        kubectl("-n", copy, "delete", "secret", "db");
        NamespaceRestore into =
                kubernetes.inPlace().namespace(shop.namespace, copy).without("ingresses");
        repo.restore(snapshot).to(into).run();
        assertThat(kubectl("-n", copy, "get", "configmap", "settings", "-o", "jsonpath={.data.greeting}"))
                .isEqualTo("bye");
        assertThat(kubectl("-n", copy, "get", "secret", "db", "-o", "name")).isEqualTo("secret/db");
        repo.restore(snapshot)
                .to(into.only("configmaps").update().withoutVolumes())
                .run();
        assertThat(kubectl("-n", copy, "get", "configmap", "settings", "-o", "jsonpath={.data.greeting}"))
                .isEqualTo("hello");
        assertThatThrownBy(() -> repo.restore(snapshot).to(into.update()).run())
                .hasMessageContaining("pod db-0 uses it");

        // The original and all that it has in the cluster are lost.
        kubectl("delete", "namespace", copy);
        forget(shop);
        ready.clear();
        repo.restore(snapshot).to(kubernetes.inPlace().onReady(ready::add)).run();
        assertThat(ready).hasSize(2).allMatch(RestoredWorkload::ready);
        consistent(shop.namespace);
        assertThat(shop.sql("SELECT count(*) FROM t")).isEqualTo(count);
        assertThat(all(shop.namespace, List.of())).isEqualTo(before);
        assertThat(kubectl(
                        "-n",
                        shop.namespace,
                        "get",
                        "vouchers." + shop.group,
                        "spring",
                        "-o",
                        "jsonpath={.spec.percent}"))
                .isEqualTo("15");
        assertThat(kubectl("auth", "can-i", "list", "nodes", "--as=system:serviceaccount:" + shop.namespace + ":shop"))
                .endsWith("yes");
        assertThat(kubectl("get", "crd,clusterrole", "-o", "yaml")).doesNotContain("dev.lifeboat/restoring");
    }

    private static void consistent(String namespace) {
        assertThat(Integer.parseInt(Shop.sql(namespace, "SELECT count(*) FROM t")))
                .isPositive()
                .isEven();
        assertThat(Shop.sql(
                        namespace, "SELECT count(*) FROM (SELECT pair FROM t GROUP BY pair HAVING count(*) <> 2) x"))
                .isEqualTo("0");
    }

    /** Ours, exported, is restored by a script that knows Velero's layout only; ours, imported again, by us. */
    @Test
    void backupOfVelero_isRestoredByAnother_andByUs() throws Exception {
        Shop shop = new Shop(cluster);
        Map<String, Object> before = all(shop.namespace, List.of());
        Path bucket = dir.resolve("bucket");
        try (Velero velero = Velero.at(FileStorage.at(bucket))) {
            Snapshot snapshot = repo.backup(kubernetes.namespace(shop.namespace).withoutVolumes())
                    .run();
            repo.restore(snapshot).to(velero.newBackup("b", Duration.ofDays(1))).run();
            forget(shop);
            Shell.run(
                    "src/test/resources/velero/restore",
                    System.getenv("LIFEBOAT_KUBECTL"),
                    bucket.resolve("backups/b/b.tar.gz").toString());
            Shop.awaitReady(shop.namespace);
            assertThat(all(shop.namespace, List.of())).isEqualTo(before);
            assertThat(kubectl("-n", shop.namespace, "get", "vouchers." + shop.group, "-o", "name"))
                    .endsWith("/spring");
            forget(shop);
            Snapshot imported = repo.backup(velero.backup("b")).run();
            repo.restore(imported).to(kubernetes.inPlace()).run();
            Shop.awaitReady(shop.namespace);
            assertThat(all(shop.namespace, List.of())).isEqualTo(before);
        }
    }

    private static void forget(Shop shop) {
        kubectl("delete", "namespace", shop.namespace);
        kubectl("delete", "clusterrole,clusterrolebinding", shop.namespace + "-nodes");
        kubectl("delete", "crd", "vouchers." + shop.group);
    }

    /** All through the API server: GNU tar, and that of busybox. */
    @Test
    void filesThroughTheApi_keepWhatTarKeeps() throws Exception {
        String namespace = files("tools");
        sh(
                namespace,
                "cd /data; echo one > one; ln one two; ln -s one link; mkdir -m 2750 dir; echo x > dir/'a b';"
                        + " chown 7:8 dir; touch -d '2001-02-03 04:05:06' one; mkfifo pipe");
        String name = "n".repeat(120);
        sh(namespace, "echo long > /data/dir/" + name);
        Snapshot snapshot =
                repo.backup(kubernetes.namespace(namespace).withoutHostPaths()).run();
        assertThat(snapshot.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.DEGRADED);
        String shown =
                "cd /data; for f in one two link dir dir/*; do stat -c '%n %F %a %u:%g %h %Y' \"$f\"; done; cat one dir/*";
        String before = sh(namespace, shown);
        for (String image : List.of("lifeboat-tools:1", ClusterFixture.BUSYBOX)) {
            String copy = cluster.namespace("copy-" + (image.contains("tools") ? "gnu" : "busybox"));
            List<Problem> problems = repo.restore(snapshot)
                    .to(kubernetes.newNamespace(copy).withoutHostPaths().helperImage(image))
                    .run()
                    .problems();
            assertThat(problems).hasSize(image.contains("tools") ? 0 : 1);
            // The time of the link, which busybox does not set.
            String links = image.contains("tools") ? "" : "(?<=link symbolic link 777 0:0 1 )[0-9]+";
            assertThat(sh(copy, shown).replaceAll(links, "")).isEqualTo(before.replaceAll(links, ""));
        }
    }

    private String files(String image) throws Exception {
        String namespace = cluster.namespace("files");
        ClusterFixture.apply(Shop.resource("files.yaml")
                .replace("NAMESPACE", namespace)
                .replace("replicas: 2", "replicas: 1")
                .replace("lifeboat-busybox:1", "lifeboat-" + image + ":1"));
        kubectl("-n", namespace, "rollout", "status", "deployment/files", "--timeout=120s");
        return namespace;
    }

    private static String sh(String namespace, String command) {
        return kubectl("-n", namespace, "exec", "deployment/files", "--", "sh", "-c", command);
    }

    /** A restore that fails, one that was killed, and one with an image that does not exist. */
    @Test
    void restoreThatFails_leavesNothing() throws Exception {
        String namespace = files("busybox");
        sh(namespace, "dd if=/dev/urandom of=/data/big bs=1M count=3");
        Path store = dir.resolve("repository");
        Snapshot snapshot;
        try (Repository onDisk = Repository.at(FileStorage.at(store))
                .encryption(Encryption.passphrase(() -> "secret"))
                .openOrCreate()) {
            snapshot = onDisk.backup(kubernetes.namespace(namespace)).run();
            String copy = cluster.namespace("copy");
            assertThatThrownBy(() -> onDisk.restore(snapshot)
                            .to(kubernetes.newNamespace(copy).helperImage("nothere:1"))
                            .run())
                    .hasMessageContaining("does not run")
                    .hasMessageContaining("nothere:1");
            assertThat(tryKubectl("get", "namespace", copy)).contains("NotFound");
            assertThatThrownBy(() -> onDisk.restore(snapshot)
                            .to(kubernetes.newNamespace(namespace))
                            .run())
                    .hasMessageContaining("it exists already");

            Path said = dir.resolve("log");
            Process child = ChildJvm.start(
                    Child.class, "128m", said, store.toString(), snapshot.id().value(), copy);
            try {
                while (!tryKubectl("-n", copy, "get", "pods", "-o", "name").contains("lifeboat")) {
                    assertThat(child.isAlive()).as(Files.readString(said)).isTrue();
                    Thread.sleep(20);
                }
            } finally {
                child.destroyForcibly().waitFor();
            }
            assertThat(kubernetes.recover()).contains("namespaces " + copy);
            assertThat(tryKubectl("get", "namespace", copy)).contains("NotFound");
            assertThat(onDisk.verify().readData().run().findings()).isEmpty();
        }
        assertThat(sh(namespace, "ls /data")).isEqualTo("big");
        assertThatThrownBy(() -> repo.restore(
                                repo.backup(kubernetes.namespace(namespace)).run())
                        .to(kubernetes
                                .intoClaim(namespace + ".data", namespace, "data")
                                .helperImage("lifeboat-tools:1"))
                        .run())
                .hasMessageContaining("uses it");
    }

    /** One object, and the files of one volume. */
    @Test
    void parts_areRestoredAlone() throws Exception {
        String namespace = files("busybox");
        sh(namespace, "echo one > /data/file; mkdir /data/dir");
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace)).run();
        kubectl("-n", namespace, "delete", "deployment", "files", "--wait=true");
        kubectl("-n", namespace, "wait", "--for=delete", "pod", "-l", "app=files", "--timeout=60s");
        ClusterFixture.apply("""
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: other, namespace: NS}
                spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Mi}}}
                """.replace("NS", namespace));
        for (boolean host : new boolean[] {true, false}) {
            ClaimRestore claim = kubernetes
                    .intoClaim(namespace + ".data", namespace, "other")
                    .helperImage("lifeboat-tools:1");
            // A dry run changes nothing.
            repo.restore(snapshot)
                    .to(host ? claim : claim.withoutHostPaths())
                    .deleteExtra()
                    .dryRun()
                    .run();
            assertThat(kubectl("-n", namespace, "get", "pods", "-o", "name")).isEmpty();
            assertThat(repo.restore(snapshot)
                            .to(host ? claim : claim.withoutHostPaths())
                            .deleteExtra()
                            .run()
                            .problems())
                    .isEmpty();
            assertThat(repo.backup(kubernetes.namespace(namespace).helperImage("lifeboat-tools:1"))
                            .run()
                            .problems())
                    .isEmpty();
        }
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(kubernetes.intoClaim("nothere", namespace, "other").helperImage("lifeboat-tools:1"))
                        .run())
                .hasMessageContaining("it has [" + namespace + ".data]");
        String hook =
                "{\"op\":\"add\",\"path\":\"/spec/template/metadata/annotations/post.hook.restore.velero.io~1command\","
                        + "\"value\":\"[\\\"sh\\\",\\\"-c\\\",\\\"echo restored > /data/hook\\\"]\"}";
        assertThat(repo.restore(snapshot)
                        .to(kubernetes
                                .inPlace()
                                .onlyObject("deployments.apps", "files")
                                .patch("deployments", "", "[" + hook + "]")
                                .veleroHooks())
                        .run()
                        .problems())
                .isEmpty();
        assertThat(sh(namespace, "cat /data/file /data/hook")).isEqualTo("one\nrestored");
    }

    /** Restores, and is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            Repository repo = Repository.at(FileStorage.at(Path.of(arguments[0])))
                    .encryption(Encryption.passphrase(() -> "secret"))
                    .open();
            Snapshot snapshot = repo.snapshots().stream()
                    .filter(s -> s.id().value().equals(arguments[1]))
                    .findFirst()
                    .orElseThrow();
            Kubernetes kubernetes = Kubernetes.local();
            repo.restore(snapshot).to(kubernetes.newNamespace(arguments[2])).run();
        }
    }

    /** A volume that was made by hand and kept its files when its claim was deleted. */
    @Test
    void volumeThatIsKept_isBoundAgain_withItsFiles() throws Exception {
        String namespace = cluster.namespace("files");
        String volume = cluster.name("kept");
        cluster.deleteLater("pv/" + volume);
        Path directory =
                Path.of(System.getenv("KUBECONFIG")).resolveSibling("volumes").resolve(volume);
        Files.createDirectories(directory);
        ClusterFixture.apply("""
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: NAME}
                spec:
                  capacity: {storage: 10Mi}
                  accessModes: [ReadWriteOnce]
                  storageClassName: manual
                  persistentVolumeReclaimPolicy: Retain
                  hostPath: {path: PATH}
                  claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, namespace: NS, name: data}
                """.replace("NAME", volume)
                .replace("PATH", directory.toString())
                .replace("NS", namespace));
        ClusterFixture.apply(Shop.resource("files.yaml")
                .replace("NAMESPACE", namespace)
                .replace("replicas: 2", "replicas: 1")
                .replace(
                        "  accessModes: [ReadWriteOnce]",
                        "  accessModes: [ReadWriteOnce]\n  storageClassName: manual"));
        kubectl("-n", namespace, "rollout", "status", "deployment/files", "--timeout=120s");
        sh(namespace, "echo old > /data/file");
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace)).run();
        sh(namespace, "echo newer > /data/file");
        // A copy does not get its storage.
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(kubernetes.newNamespace(cluster.namespace("copy")))
                        .run())
                .hasMessageContaining("storage class manual");
        kubectl("delete", "namespace", namespace);
        List<Problem> problems =
                repo.restore(snapshot).to(kubernetes.inPlace()).run().problems();
        assertThat(problems).extracting(Problem::detail).anyMatch(text -> text.contains("keeps its files"));
        assertThat(sh(namespace, "cat /data/file")).isEqualTo("newer");
        kubectl("delete", "namespace", namespace);
        repo.restore(snapshot).to(kubernetes.inPlace().update()).run();
        assertThat(sh(namespace, "cat /data/file")).isEqualTo("old");
        kubectl("delete", "namespace", namespace);
        kubectl("delete", "pv", volume);
        repo.restore(snapshot).to(kubernetes.inPlace().persistentVolumes()).run();
        assertThat(sh(namespace, "cat /data/file")).isEqualTo("old");
    }
}
