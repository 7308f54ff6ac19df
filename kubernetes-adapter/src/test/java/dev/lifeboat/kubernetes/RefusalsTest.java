package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static dev.lifeboat.kubernetes.ClusterFixture.tryKubectl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.plan.Conflict;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a real cluster refuses, or takes away in the middle: each with its name, and nothing left behind. */
@Tag("kubernetes")
@Timeout(300)
class RefusalsTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final Kubernetes kubernetes = Kubernetes.local();
    private Repository repo;
    private String namespace;

    @BeforeEach
    void start() throws IOException {
        repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.passphrase(() -> "secret"))
                .openOrCreate();
        namespace = cluster.namespace("refusals");
        ClusterFixture.apply(Shop.resource("files.yaml").replace("NAMESPACE", namespace));
        kubectl("-n", namespace, "rollout", "status", "deployment/files", "--timeout=120s");
    }

    @AfterEach
    void verify() {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
        kubernetes.close();
    }

    private void sh(String command) {
        kubectl("-n", namespace, "exec", "deployment/files", "--", "sh", "-c", command);
    }

    private static String helpers(String of, String... options) {
        List<String> command =
                new ArrayList<>(List.of("-n", of, "get", "pods", "-l", "dev.lifeboat/helper", "-o", "name"));
        command.addAll(List.of(options));
        return tryKubectl(command.toArray(String[]::new));
    }

    /** Runs something, and deletes the first pod that it creates once that runs. */
    private static void evicting(String of, Runnable operation) throws InterruptedException {
        AtomicBoolean ended = new AtomicBoolean();
        AtomicBoolean evicted = new AtomicBoolean();
        Thread evicting = new Thread(() -> {
            while (!ended.get() && !evicted.get()) {
                String pod = helpers(of, "--field-selector=status.phase=Running");
                if (pod.startsWith("pod/")) {
                    String unused = tryKubectl("-n", of, "delete", pod, "--force", "--grace-period=0");
                    evicted.set(true);
                }
            }
        });
        evicting.start();
        try {
            operation.run();
        } finally {
            ended.set(true);
            evicting.join();
        }
        assertThat(evicted).isTrue();
    }

    /** The server of an aggregated API is down: the rest is captured. */
    @Test
    void apiThatDoesNotAnswer_isAProblemWithItsName() {
        String group = cluster.name("down") + ".example.org";
        ClusterFixture.apply("""
                apiVersion: apiregistration.k8s.io/v1
                kind: APIService
                metadata: {name: v1.GROUP}
                spec:
                  group: GROUP
                  version: v1
                  groupPriorityMinimum: 100
                  versionPriority: 100
                  insecureSkipTLSVerify: true
                  service: {name: nothere, namespace: NS}
                """.replace("GROUP", group).replace("NS", namespace));
        try {
            Snapshot snapshot = repo.backup(kubernetes.namespace(namespace).withoutVolumes())
                    .run();
            assertThat(snapshot.problems())
                    .filteredOn(problem -> problem.detail().contains(group))
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.kind()).isEqualTo(Problem.Kind.FAILED));
        } finally {
            // No namespace is deleted while it is there.
            kubectl("delete", "apiservice", "v1." + group);
        }
    }

    @Test
    void claimWithoutAVolume_isAProblemWithItsName() {
        ClusterFixture.apply("""
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: waits, namespace: NS}
                spec: {accessModes: [ReadWriteOnce], storageClassName: nothere, resources: {requests: {storage: 5Mi}}}
                """.replace("NS", namespace));
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace)).run();
        assertThat(snapshot.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.kind()).isEqualTo(Problem.Kind.FAILED);
            assertThat(problem.path().toString()).isEqualTo("volumes/" + namespace + ".waits");
            assertThat(problem.detail()).contains("Pending");
        });
    }

    /** The pod is gone while its volume is read: what was read is no snapshot. */
    @Test
    void podThatIsEvictedWhileItIsRead_failsTheBackup() throws Exception {
        sh("for i in 1 2 3 4 5 6; do dd if=/dev/urandom of=/data/$i bs=1M count=50; done");
        KubernetesSource source = kubernetes
                .namespace(namespace)
                .withoutHostPaths()
                .withoutVolumeSnapshots()
                .helperImage(ClusterFixture.BUSYBOX);
        evicting(
                namespace,
                () -> assertThatThrownBy(() -> repo.backup(source).run())
                        .isInstanceOf(BackupException.SourceFailed.class)
                        .cause()
                        .isInstanceOf(KubernetesException.class));
        assertThat(repo.snapshots()).isEmpty();
        assertThat(helpers(namespace)).isEmpty();
    }

    @Test
    void podThatIsEvictedWhileItIsWritten_failsTheRestore_whichLeavesNothing() throws Exception {
        sh("for i in 1 2 3 4 5 6; do dd if=/dev/urandom of=/data/$i bs=1M count=30; done");
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace)).run();
        String copy = cluster.namespace("copy");
        evicting(
                copy,
                () -> assertThatThrownBy(() -> repo.restore(snapshot)
                                .to(kubernetes.newNamespace(copy).withoutHostPaths())
                                .run())
                        .isInstanceOf(BackupException.TargetFailed.class)
                        .cause()
                        .isInstanceOf(KubernetesException.class));
        assertThat(tryKubectl("get", "namespace", copy)).contains("NotFound");
    }

    /** A quota and a webhook: found out before anything is created if the namespace is there, else undone. */
    @Test
    void whatTheServerDoesNotAccept_isAConflict_orIsUndone() {
        kubectl("-n", namespace, "create", "configmap", "settings", "--from-literal=a=b");
        kubectl("label", "namespace", namespace, "refusals=" + namespace);
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace)).run();
        kubectl("-n", namespace, "delete", "configmap", "settings");
        kubectl("-n", namespace, "create", "quota", "few", "--hard=configmaps=1");
        assertThatThrownBy(() -> repo.restore(snapshot).to(kubernetes.inPlace()).run())
                .cause()
                .isInstanceOfSatisfying(
                        KubernetesException.class,
                        e -> assertThat(e.conflicts()).singleElement().satisfies(conflict -> {
                            assertThat(conflict.kind()).isEqualTo(Conflict.Kind.REJECTED);
                            assertThat(conflict.resource()).isEqualTo("configmaps " + namespace + "/settings");
                            assertThat(conflict.detail()).contains("exceeded quota");
                        }));
        kubectl("-n", namespace, "delete", "quota", "few");

        String webhook = cluster.name("refuses");
        cluster.deleteLater("validatingwebhookconfiguration/" + webhook);
        ClusterFixture.apply("""
                apiVersion: admissionregistration.k8s.io/v1
                kind: ValidatingWebhookConfiguration
                metadata: {name: NAME}
                webhooks:
                - name: refuses.example.org
                  admissionReviewVersions: [v1]
                  sideEffects: None
                  failurePolicy: Fail
                  timeoutSeconds: 1
                  clientConfig: {service: {name: nothere, namespace: default}}
                  namespaceSelector: {matchLabels: {refusals: NS}}
                  rules:
                  - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}
                """.replace("NAME", webhook).replace("NS", namespace));
        assertThatThrownBy(() -> repo.restore(snapshot).to(kubernetes.inPlace()).run())
                .hasMessageContaining("settings")
                .hasMessageContaining("refuses.example.org");
        String copy = cluster.namespace("copy");
        assertThatThrownBy(() ->
                        repo.restore(snapshot).to(kubernetes.newNamespace(copy)).run())
                .hasMessageContaining("refuses.example.org");
        assertThat(tryKubectl("get", "namespace", copy)).contains("NotFound");
        kubectl("delete", "validatingwebhookconfiguration", webhook);
        repo.restore(snapshot).to(kubernetes.inPlace()).run();
        assertThat(kubectl("-n", namespace, "get", "configmap", "settings", "-o", "jsonpath={.data.a}"))
                .isEqualTo("b");
    }

    /** A kind that the cluster does not have. */
    @Test
    void kindThatIsMissing_isAConflict() throws Exception {
        String group = namespace + ".example.org";
        cluster.deleteLater("crd/vouchers." + group);
        ClusterFixture.apply(Shop.resource("voucher.yaml").replace("GROUP", group));
        kubectl("wait", "--for=condition=Established", "crd/vouchers." + group);
        ClusterFixture.apply("""
                apiVersion: %s/v1
                kind: Voucher
                metadata: {name: spring, namespace: %s}
                spec: {percent: 15}
                """.formatted(group, namespace));
        Snapshot snapshot = repo.backup(kubernetes
                        .namespace(namespace)
                        .without("customresourcedefinitions")
                        .withoutVolumes())
                .run();
        kubectl("delete", "crd", "vouchers." + group);
        assertThatThrownBy(() -> repo.restore(snapshot).to(kubernetes.inPlace()).run())
                .cause()
                .isInstanceOfSatisfying(
                        KubernetesException.class,
                        e -> assertThat(e.conflicts())
                                .extracting(Conflict::kind)
                                .containsExactly(Conflict.Kind.MISSING_KIND));
    }
}
