package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Volumes that are read from snapshots, on a real cluster with a double of the driver that takes them. */
@Tag("kubernetes")
@Timeout(300)
class VolumeSnapshotTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private Kubernetes kubernetes;
    private String namespace;
    private SnapshotDouble driver;

    private final Repository repo = Repository.at(new MemoryStorage())
            .encryption(Encryption.passphrase(() -> "secret"))
            .openOrCreate();

    @BeforeEach
    void start() throws IOException {
        kubernetes = Kubernetes.local().withJournal(QuiesceJournal.at(dir.resolve("journal")));
        namespace = cluster.namespace("snapshots");
        kubectl("create", "namespace", namespace);
        driver = new SnapshotDouble(cluster, namespace, dir.resolve("volumes"));
        ClusterFixture.apply(Shop.resource("files.yaml")
                .replace("NAMESPACE", namespace)
                .replace("accessModes:", "storageClassName: " + SnapshotDouble.STORAGE_CLASS + "\n  accessModes:"));
        awaitReady();
        sh("echo one > /data/file");
    }

    @AfterEach
    void verify() throws Exception {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        driver.awaitNothingLeft();
        driver.end();
        awaitReady();
        assertThat(kubectl("-n", namespace, "get", "deployment", "files", "-o", "jsonpath={.metadata.annotations}"))
                .doesNotContain("dev.lifeboat");
        repo.close();
        kubernetes.close();
    }

    private void awaitReady() {
        kubectl("-n", namespace, "rollout", "status", "deployment/files", "--timeout=120s");
    }

    private void sh(String command) {
        kubectl("-n", namespace, "exec", "deployment/files", "--", "sh", "-c", command);
    }

    private String stored(Snapshot snapshot, String path) throws IOException {
        try (SnapshotTree tree = repo.browse(snapshot);
                InputStream in = tree.open(EntryPath.of(path))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String file(Snapshot snapshot) throws IOException {
        return stored(snapshot, "volumes/" + namespace + ".data/data/file");
    }

    private String fidelity(Snapshot snapshot) throws IOException {
        return stored(snapshot, "lifeboat/fidelity.json");
    }

    /** The storage copies the snapshot elsewhere first, while the application runs and writes. */
    @Test
    void applicationIsResumed_onceTheSnapshotIsTaken_beforeItIsRead() throws Exception {
        driver.withClass("double").ready(false);
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace).quiesce(PodQuiesce.scaleToZero()))
                .onEvent(event -> {
                    if (event instanceof OperationEvent.Resumed) {
                        awaitReady();
                        sh("echo two > /data/file");
                        driver.ready(true);
                    }
                })
                .run();
        assertThat(file(snapshot)).isEqualTo("one\n");
        assertThat(driver.taken()).hasSize(1);
        assertThat(fidelity(snapshot)).contains("volume snapshot, ");
        // What is deleted in the cluster is deleted in the storage, though its classes say otherwise.
        driver.awaitNothingLeft();
        // It is none of the application.
        assertThat(stored(snapshot, "lifeboat/app.json")).contains("\"volumes\"");
        try (SnapshotTree tree = repo.browse(snapshot)) {
            assertThat(tree.stat(EntryPath.of(
                            "kubernetes/resources/volumesnapshots.snapshot.storage.k8s.io/namespaces/" + namespace)))
                    .isEmpty();
        }
    }

    @Test
    void volumeWhoseFilesAreInView_isReadWithoutASnapshot() throws Exception {
        driver.withClass("double");
        Snapshot onHost = repo.backup(kubernetes.namespace(namespace)).run();
        assertThat(fidelity(onHost)).contains("host path").doesNotContain("volume snapshot");
        Snapshot without = repo.backup(
                        kubernetes.namespace(namespace).withoutHostPaths().withoutVolumeSnapshots())
                .run();
        assertThat(file(without)).isEqualTo("one\n");
        assertThat(fidelity(without)).doesNotContain("volume snapshot");
        assertThat(driver.taken()).isEmpty();
        Snapshot taken =
                repo.backup(kubernetes.namespace(namespace).withoutHostPaths()).run();
        assertThat(file(taken)).isEqualTo("one\n");
        assertThat(fidelity(taken)).contains("volume snapshot, tar in a pod");
        assertThat(driver.taken()).hasSize(1);
    }

    @Test
    void classOfSnapshots_isTheOnlyOne_orChosen() throws Exception {
        driver.withClass("one").withClass("other");
        KubernetesSource source = kubernetes.namespace(namespace).withoutHostPaths();
        assertThat(fidelity(repo.backup(source).run())).doesNotContain("volume snapshot");
        assertThat(fidelity(repo.backup(source.volumeSnapshotClass("other")).run()))
                .contains("volume snapshot");
        assertThatThrownBy(
                        () -> repo.backup(source.volumeSnapshotClass("missing")).run())
                .hasMessageContaining("no class of volume snapshots missing");
        kubectl("annotate", "volumesnapshotclass", "one", "snapshot.storage.kubernetes.io/is-default-class=true");
        assertThat(fidelity(repo.backup(source).run())).contains("volume snapshot");
    }

    /** The files are read all the same, while nothing writes them. */
    @Test
    void driverThatFails_isReported_andTheVolumeIsReadWithoutIt() throws Exception {
        driver.withClass("double").failing("no space in the pool");
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace).quiesce(PodQuiesce.scaleToZero()))
                .run();
        assertThat(file(snapshot)).isEqualTo("one\n");
        assertThat(snapshot.problems())
                .filteredOn(problem -> problem.detail().contains("no space in the pool"))
                .singleElement()
                .satisfies(problem -> assertThat(problem.kind()).isEqualTo(Problem.Kind.DEGRADED));
    }

    @Test
    void quotaThatAllowsNoClaim_isReported_andTheVolumeIsReadWithoutIt() throws Exception {
        driver.withClass("double");
        kubectl("-n", namespace, "create", "quota", "claims", "--hard=persistentvolumeclaims=1");
        Snapshot snapshot =
                repo.backup(kubernetes.namespace(namespace).withoutHostPaths()).run();
        assertThat(file(snapshot)).isEqualTo("one\n");
        assertThat(snapshot.problems()).anyMatch(problem -> problem.detail().contains("exceeded quota"));
    }

    /** Kubernetes may give the claim of a snapshot a free volume, which has other files. */
    @Test
    void freeVolumeOfAUser_isNeitherRead_norDeleted() throws Exception {
        driver.withClass("double");
        Path directory = Files.createDirectories(dir.resolve("users"));
        Files.writeString(directory.resolve("precious"), "precious");
        String volume = cluster.name("users");
        cluster.deleteLater("persistentvolume/" + volume);
        ClusterFixture.apply("""
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: %s, annotations: {pv.kubernetes.io/provisioned-by: double.example.org}}
                spec:
                  capacity: {storage: 5Mi}
                  accessModes: [ReadWriteOnce]
                  persistentVolumeReclaimPolicy: Delete
                  storageClassName: %s
                  hostPath: {path: "%s"}
                """.formatted(volume, SnapshotDouble.STORAGE_CLASS, directory));
        while (!kubectl("get", "pv", volume, "-o", "jsonpath={.status.phase}").equals("Available")) {
            Thread.sleep(50);
        }
        // Times of objects are in seconds.
        Thread.sleep(1100);
        Snapshot snapshot =
                repo.backup(kubernetes.namespace(namespace).withoutHostPaths()).run();
        assertThat(snapshot.problems())
                .filteredOn(problem -> problem.kind() == Problem.Kind.CHANGED)
                .singleElement()
                .satisfies(problem -> assertThat(problem.detail()).contains("existed already"));
        assertThat(file(snapshot)).isEqualTo("one\n");
        assertThat(kubectl("get", "pv", volume, "-o", "jsonpath={.spec.persistentVolumeReclaimPolicy}"))
                .isEqualTo("Retain");
        assertThat(directory.resolve("precious")).hasContent("precious");
    }

    /** Nothing of it is left: no pod, no claim, no snapshot, nothing in the storage. */
    @Test
    void killedProcess_isRecovered() throws Exception {
        driver.withClass("double");
        Path said = dir.resolve("log");
        Process child = ChildJvm.start(
                Child.class, "128m", said, namespace, dir.resolve("journal").toString());
        try {
            while (kubectl("-n", namespace, "get", "pods", "-l", "dev.lifeboat/helper", "-o", "name")
                    .isEmpty()) {
                assertThat(child.isAlive()).as(Files.readString(said)).isTrue();
                Thread.sleep(50);
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
        assertThat(kubernetes.recover())
                .anyMatch(text -> text.startsWith("pod " + namespace))
                .anyMatch(text -> text.startsWith("claim " + namespace))
                .anyMatch(text -> text.startsWith("volume snapshot " + namespace));
        driver.awaitNothingLeft();
    }

    /** Reads, and is killed meanwhile. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            Kubernetes kubernetes = Kubernetes.local().withJournal(QuiesceJournal.at(Path.of(arguments[1])));
            while (true) {
                kubernetes
                        .namespace(arguments[0])
                        .withoutHostPaths()
                        .quiesce(PodQuiesce.scaleToZero())
                        .sendTo(new MemoryTree().begin(RestoreRequest.plain()), handle -> {});
            }
        }
    }
}
