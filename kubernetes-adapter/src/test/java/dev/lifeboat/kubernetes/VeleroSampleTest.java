package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import dev.lifeboat.kubernetes.velero.Velero;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A backup that a real Velero made of another cluster, restored into this one. */
@Tag("kubernetes")
@Timeout(300)
class VeleroSampleTest {
    private static final String GROUP = "vshop.example.org";

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

    @Test
    void sample_isRestored_andRuns() throws Exception {
        String namespace = cluster.namespace("vshop");
        cluster.deleteLater("crd/vouchers." + GROUP);
        cluster.deleteLater("clusterrole/vshop-nodes");
        cluster.deleteLater("clusterrolebinding/vshop-nodes-" + namespace);
        Snapshot imported;
        try (Velero velero = Velero.at(FileStorage.at(Path.of("src/test/resources/velero")))) {
            imported = repo.backup(velero.backup("b1")).run();
        }
        List<RestoredWorkload> ready = new ArrayList<>();
        List<Problem> problems = repo.restore(imported)
                .to(kubernetes
                        .newNamespace(namespace)
                        .storageClass("manual", "lifeboat")
                        .veleroHooks()
                        .onReady(ready::add))
                .run()
                .problems();
        assertThat(ready)
                .filteredOn(RestoredWorkload::ready)
                .extracting(RestoredWorkload::resource)
                .contains("deployments.apps " + namespace + "/web");
        assertThat(problems).allMatch(problem -> problem.kind() == Problem.Kind.DEGRADED);
        // The server answers with what the config map says, so it has its volumes, its secret and its account.
        assertThat(kubectl("-n", namespace, "exec", "deployment/web", "--", "wget", "-qO-", "http://127.0.0.1:8080/"))
                .contains(kubectl("-n", namespace, "get", "configmap", "settings", "-o", "jsonpath={.data.greeting}"));
        // The hook of Velero for after a restore.
        assertThat(kubectl("-n", namespace, "exec", "ledger", "--", "cat", "/uploads/hooks"))
                .isEqualTo("restored");
        assertThat(kubectl("-n", namespace, "get", "vouchers." + GROUP, "spring", "-o", "jsonpath={.spec.percent}"))
                .isEqualTo("15");
        assertThat(kubectl("-n", namespace, "get", "cronjob,networkpolicy,ingress.networking.k8s.io", "-o", "name"))
                .contains("/cleanup", "/web");
        assertThat(kubectl("auth", "can-i", "list", "nodes", "--as=system:serviceaccount:" + namespace + ":shop"))
                .endsWith("yes");
        // What had ended does not run again.
        assertThat(kubectl("-n", namespace, "get", "jobs", "-o", "name")).isEmpty();
    }

    @Test
    void initContainerOfAHook_runsBeforeThePodStarts() {
        String namespace = cluster.namespace("init");
        kubectl("create", "namespace", namespace);
        ClusterFixture.apply("""
                apiVersion: v1
                kind: Pod
                metadata:
                  name: alone
                  namespace: NS
                  annotations:
                    init.hook.restore.velero.io/container-name: prepares
                    init.hook.restore.velero.io/container-image: "lifeboat-busybox:1"
                    init.hook.restore.velero.io/command: '["sh", "-c", "echo prepared"]'
                spec:
                  terminationGracePeriodSeconds: 1
                  containers: [{name: c, image: "lifeboat-busybox:1", imagePullPolicy: Never, command: [sleep, "1000"]}]
                """.replace("NS", namespace));
        kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod/alone", "--timeout=60s");
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace)).run();
        String copy = cluster.namespace("copy");
        repo.restore(snapshot).to(kubernetes.newNamespace(copy).veleroHooks()).run();
        kubectl("-n", copy, "wait", "--for=condition=Ready", "pod/alone", "--timeout=60s");
        assertThat(kubectl("-n", copy, "logs", "alone", "-c", "prepares")).isEqualTo("prepared");
    }
}
