package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Applications of a real cluster that are quiesced, and resumed. */
@Tag("kubernetes")
@Timeout(300)
class PodQuiesceTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private Kubernetes kubernetes;
    private String namespace;

    private final Repository repo = Repository.at(new MemoryStorage())
            .encryption(Encryption.passphrase(() -> "secret"))
            .openOrCreate();

    @BeforeEach
    void start() throws IOException {
        kubernetes = Kubernetes.local().withJournal(QuiesceJournal.at(dir.resolve("journal")));
        namespace = cluster.namespace("quiesce");
        ClusterFixture.apply(Shop.resource("files.yaml").replace("NAMESPACE", namespace));
        awaitReady();
    }

    private void awaitReady() {
        kubectl("-n", namespace, "rollout", "status", "deployment/files", "--timeout=120s");
    }

    /** As it was, and nothing left behind. */
    @AfterEach
    void verify() throws IOException {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        assertThat(kubectl("-n", namespace, "get", "deployment", "files", "-o", "jsonpath={.spec.replicas}"))
                .isEqualTo("2");
        assertThat(kubectl("-n", namespace, "get", "deployment", "files", "-o", "jsonpath={.metadata.annotations}"))
                .doesNotContain("dev.lifeboat");
        awaitReady();
        assertThat(records()).isEmpty();
        repo.close();
        kubernetes.close();
    }

    private List<Path> records() throws IOException {
        Path journal = dir.resolve("journal");
        if (!Files.isDirectory(journal)) {
            return List.of();
        }
        try (var files = Files.list(journal)) {
            return files.filter(file -> file.toString().endsWith(".quiesced")).toList();
        }
    }

    private String pods() {
        return kubectl("-n", namespace, "get", "pods", "-l", "app=files", "-o", "name");
    }

    private String sh(String command) {
        return kubectl("-n", namespace, "exec", "deployment/files", "--", "sh", "-c", command);
    }

    private String stored(Snapshot snapshot, String name) throws IOException {
        try (SnapshotTree tree = repo.browse(snapshot);
                InputStream in = tree.open(EntryPath.of("volumes/" + namespace + ".data/data/" + name))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void scaleToZero_readsWithoutPods_andScalesBack() throws Exception {
        sh("echo one > /data/file");
        String before = pods();
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace).quiesce(PodQuiesce.scaleToZero()))
                .run();
        assertThat(stored(snapshot, "file")).isEqualTo("one\n");
        assertThat(snapshot.stats().quiesced()).isPresent();
        awaitReady();
        assertThat(pods()).isNotEqualTo(before);
        // What is captured is the application as it was.
        try (SnapshotTree tree = repo.browse(snapshot);
                InputStream in = tree.open(EntryPath.of(
                        "kubernetes/resources/deployments.apps/namespaces/" + namespace + "/files.json"))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("\"replicas\" : 2")
                    .doesNotContain("replicas-before-backup");
        }
    }

    @Test
    void scaleToZero_withAPodThatNothingStartsAgain_isRefused() {
        ClusterFixture.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: alone, namespace: NS}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - {name: c, image: "lifeboat-busybox:1", imagePullPolicy: Never, command: [sleep, "1000"], volumeMounts: [{name: v, mountPath: /v}]}
                  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]
                """.replace("NS", namespace));
        kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod/alone", "--timeout=60s");
        String before = pods();
        assertThatThrownBy(() -> repo.backup(kubernetes.namespace(namespace).quiesce(PodQuiesce.scaleToZero()))
                        .run())
                .hasMessageContaining("alone")
                .hasMessageContaining("nothing would start it again");
        assertThat(pods()).isEqualTo(before);
        kubectl("-n", namespace, "delete", "pod", "alone", "--wait=true");
    }

    /** A process that is killed while all is scaled to zero. */
    @Test
    void killedProcess_isRecovered() throws Exception {
        Path said = dir.resolve("log");
        Process child = ChildJvm.start(
                Child.class, "128m", said, namespace, dir.resolve("journal").toString());
        try {
            while (!Files.readString(said).contains("quiesced")) {
                assertThat(child.isAlive()).as(Files.readString(said)).isTrue();
                Thread.sleep(50);
            }
            assertThat(pods()).isEmpty();
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertThat(records()).isNotEmpty();
        assertThat(kubernetes.recover()).anyMatch(text -> text.contains("deployments/files"));
    }

    /** Quiesces, and waits to be killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            Kubernetes kubernetes = Kubernetes.local().withJournal(QuiesceJournal.at(Path.of(arguments[1])));
            kubernetes
                    .namespace(arguments[0])
                    .quiesce(PodQuiesce.scaleToZero())
                    .sendTo(new MemoryTree().begin(RestoreRequest.plain()), Child::hold);
        }

        private static void hold(QuiesceHandle handle) {
            System.out.println("quiesced");
            try {
                Thread.sleep(100_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    void hooks_runBeforeAndAfter_alsoIfOneFails() throws Exception {
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace).quiesce(PodQuiesce.veleroHooks()))
                .run();
        assertThat(stored(snapshot, "hooks").lines().toList())
                .hasSize(2)
                .allMatch(line -> line.startsWith("before files-"));
        assertThat(sh("cat /data/hooks").lines().toList()).hasSize(4).endsWith("after", "after");
        sh("rm /data/hooks");
        PodQuiesce fails = PodQuiesce.exec(
                "app=files",
                List.of("sh", "-c", "echo no >&2; exit 3"),
                List.of("sh", "-c", "echo undone >> /data/hooks"));
        assertThatThrownBy(() -> repo.backup(kubernetes.namespace(namespace).quiesce(fails))
                        .run())
                .hasMessageContaining("exit code 3")
                .hasMessageContaining("no");
        assertThat(sh("cat /data/hooks")).isEqualTo("undone");
    }
}
