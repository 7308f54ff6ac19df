package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.HeldCommand;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceSession;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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

    /** Two backups at once: the second does not take what the first has scaled for its own. */
    @Test
    void secondBackup_doesNotScaleWhatTheFirstHasScaled() throws Exception {
        KubernetesSource source = kubernetes.namespace(namespace).quiesce(PodQuiesce.scaleToZero());
        List<QuiesceHandle> first = new ArrayList<>();
        source.sendTo(new MemoryTree().begin(RestoreRequest.plain()), first::add);
        assertThat(pods()).isEmpty();
        assertThatThrownBy(() -> repo.backup(source).run()).hasMessageContaining("another backup");
        assertThat(pods()).isEmpty();
        // What is captured is the application as it was.
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace)).run();
        try (SnapshotTree tree = repo.browse(snapshot);
                InputStream in = tree.open(EntryPath.of(
                        "kubernetes/resources/deployments.apps/namespaces/" + namespace + "/files.json"))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("\"replicas\" : 2")
                    .doesNotContain("\"dev.lifeboat/");
        }
        first.get(0).close();
        first.get(0).close();
    }

    /** The journal was lost, as it is with a pod: what the workload carries is enough. */
    @Test
    void killedProcess_isRecovered_withoutItsJournal() throws Exception {
        Path said = dir.resolve("log");
        Process child = ChildJvm.start(
                Child.class, "128m", said, namespace, dir.resolve("lost").toString());
        try {
            while (!Files.readString(said).contains("quiesced")) {
                assertThat(child.isAlive()).as(Files.readString(said)).isTrue();
                Thread.sleep(50);
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
        Snapshot snapshot = repo.backup(kubernetes.namespace(namespace).quiesce(PodQuiesce.scaleToZero()))
                .run();
        assertThat(snapshot.stats().quiesced()).isPresent();
        assertThat(kubernetes.recover()).isEmpty();
    }

    /** Someone scales up while files are read. */
    @Test
    void workloadThatIsScaledUpMeanwhile_isReported() throws Exception {
        MemoryTree tree = new MemoryTree();
        List<Problem> problems = new ArrayList<>();
        KubernetesSource source = kubernetes.namespace(namespace).quiesce(PodQuiesce.scaleToZero());
        List<QuiesceHandle> handles = new ArrayList<>();
        RestoreRequest request = new RestoreRequest(false, false, false, List.of(), new RestoreRequest.Listener() {
            @Override
            public void changed(RestoreChange change) {}

            @Override
            public void problem(Problem problem) {
                problems.add(problem);
            }
        });
        source.sendTo(
                new ForwardingEntrySink(tree.begin(request)) {
                    @Override
                    public void report(Problem problem) {
                        problems.add(problem);
                    }
                },
                handle -> {
                    handles.add(handle);
                    kubectl("-n", namespace, "scale", "deployment/files", "--replicas=1");
                });
        assertThat(problems).extracting(Problem::kind).contains(Problem.Kind.CHANGED);
        handles.get(0).close();
        assertThat(kubectl("-n", namespace, "get", "deployment", "files", "-o", "jsonpath={.spec.replicas}"))
                .isEqualTo("1");
        kubectl("-n", namespace, "scale", "deployment/files", "--replicas=2");
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
                ContainerCommand.of("sh", "-c", "echo no >&2; exit 3"),
                ContainerCommand.of("sh", "-c", "echo undone >> /data/hooks"));
        assertThatThrownBy(() -> repo.backup(kubernetes.namespace(namespace).quiesce(fails))
                        .run())
                .hasMessageContaining("exit code 3")
                .hasMessageContaining("no");
        assertThat(sh("cat /data/hooks")).isEqualTo("undone");
    }

    /** A command that is talked to, in each pod, as the client of a database is; it ends with the session. */
    @Test
    void session_isHeldUntilFilesAreRead_andEnds() throws Exception {
        String locks = "for f in /data/lock.*; do test -e $f && echo $f; done; ps | grep -c '[l]ocker' || true";
        List<String> names = new CopyOnWriteArrayList<>();
        QuiesceSession session = container -> {
            HeldCommand held = container.open(ContainerCommand.of(
                    "sh",
                    "-c",
                    "read a; touch /data/lock.$HOSTNAME; echo locked $a >&2; echo twice; read a; rm /data/lock.$HOSTNAME",
                    "locker"));
            held.send("now");
            // The server has a stream for each of both outputs.
            assertThat(List.of(held.receive(Duration.ofSeconds(20)), held.receive(Duration.ofSeconds(20))))
                    .containsExactlyInAnyOrder("locked now", "twice");
            assertThatThrownBy(() -> held.receive(Duration.ofMillis(200))).hasMessageContaining("silent");
            names.add(container.name());
            return held::close;
        };
        Snapshot snapshot = repo.backup(
                        kubernetes.namespace(namespace).quiesce(PodQuiesce.session("app=files", session)))
                .run();
        assertThat(names).hasSize(2).allMatch(name -> name.startsWith("files of pod " + namespace + "/files-"));
        try (SnapshotTree tree = repo.browse(snapshot)) {
            List<String> stored = new ArrayList<>();
            tree.find("**/lock.*", entry -> stored.add(entry.path().toString()));
            assertThat(stored).hasSize(2);
        }
        assertThat(snapshot.stats().quiesced()).isPresent();
        for (int i = 0; !sh(locks).equals("0"); i++) {
            assertThat(i).as(sh(locks)).isLessThan(50);
            Thread.sleep(100);
        }
        // One that cannot begin fails the backup, and another user cannot be asked for.
        PodQuiesce user = PodQuiesce.session(
                "app=files", QuiesceSession.exec(ContainerCommand.of("id").asUser("7")));
        assertThatThrownBy(() -> repo.backup(kubernetes.namespace(namespace).quiesce(user))
                        .run())
                .hasMessageContaining("as su does");
    }
}
