package dev.lifeboat.kubernetes;

import static dev.lifeboat.kubernetes.ClusterFixture.kubectl;
import static dev.lifeboat.kubernetes.ClusterFixture.tryKubectl;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.ScratchDir;
import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.utils.HttpClientUtils;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A process that is killed at each of its requests that change the cluster, or run a command in it: before the request
 * is sent, and after the server has done it. Whatever the step, recovery leaves the application as it was.
 */
@Tag("kubernetes")
@Timeout(900)
class KillMatrixTest {
    @RegisterExtension
    final ClusterFixture cluster = new ClusterFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private Kubernetes kubernetes;
    private String namespace;

    @BeforeEach
    void start() throws IOException {
        kubernetes = Kubernetes.local().withJournal(QuiesceJournal.at(dir.resolve("journal")));
        namespace = cluster.namespace("killed");
        ClusterFixture.apply(Shop.resource("files.yaml").replace("NAMESPACE", namespace));
        awaitReady(namespace);
        kubectl("-n", namespace, "exec", "deployment/files", "--", "sh", "-c", "echo one > /data/file");
        try (Repository repo = repository(dir.resolve("repository"))) {
            var unused = repo.backup(kubernetes.namespace(namespace)).run();
        }
    }

    @AfterEach
    void verify() {
        try (Repository repo = repository(dir.resolve("repository"))) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
        kubernetes.close();
    }

    private static Repository repository(Path directory) {
        return Repository.at(FileStorage.at(directory))
                .encryption(Encryption.passphrase(() -> "secret"))
                .openOrCreate();
    }

    private static void awaitReady(String namespace) {
        kubectl("-n", namespace, "rollout", "status", "deployment/files", "--timeout=120s");
    }

    /** Runs an operation that ends at a step; returns whether it has ended before. */
    private boolean isDone(String operation, int step, String copy) throws Exception {
        Path said = dir.resolve(operation + step);
        Process child = ChildJvm.start(
                Child.class,
                "128m",
                said,
                operation,
                Integer.toString(step),
                dir.resolve("repository").toString(),
                dir.resolve("journal").toString(),
                namespace,
                copy);
        child.waitFor();
        String log = Files.readString(said);
        assertThat(child.exitValue()).as(log).isIn(0, Child.KILLED);
        return child.exitValue() == 0;
    }

    private static String helpers(String namespace) {
        return kubectl(
                "-n", namespace, "get", "pods,persistentvolumeclaims", "-l", "dev.lifeboat/helper", "-o", "name");
    }

    @Test
    void backup() throws Exception {
        int step = 0;
        while (!isDone("backup", step, "none")) {
            step++;
            var unused = kubernetes.recover();
            assertThat(helpers(namespace)).as("step %d", step).isEmpty();
            assertThat(kubectl(
                            "-n",
                            namespace,
                            "get",
                            "deployment",
                            "files",
                            "-o",
                            "jsonpath={.spec.replicas} {.metadata.annotations}"))
                    .as("step %d", step)
                    .startsWith("2 ")
                    .doesNotContain("dev.lifeboat");
            try (var files = Files.list(dir.resolve("journal"))) {
                assertThat(files.filter(file -> file.toString().endsWith(".quiesced")))
                        .as("step %d", step)
                        .isEmpty();
            }
        }
        awaitReady(namespace);
        // Scale, pod, commands in it, its end, scale: before and after each.
        assertThat(step).isGreaterThanOrEqualTo(10);
        assertThat(kubectl("-n", namespace, "exec", "deployment/files", "--", "cat", "/data/file"))
                .isEqualTo("one");
    }

    @Test
    void restore() throws Exception {
        String copy = cluster.namespace("copy");
        int step = 0;
        int undone = 0;
        while (!isDone("restore", step, copy)) {
            step++;
            List<String> removed = kubernetes.recover();
            if (tryKubectl("get", "namespace", copy, "-o", "name").contains("NotFound")) {
                undone++;
                continue;
            }
            // All had been created.
            assertThat(removed).as("step %d", step).isEmpty();
            assertThat(helpers(copy)).isEmpty();
            assertThat(kubectl("get", "namespace", copy, "-o", "jsonpath={.metadata}"))
                    .as("step %d", step)
                    .doesNotContain("dev.lifeboat");
            isWhole(copy);
            kubectl("delete", "namespace", copy);
        }
        isWhole(copy);
        assertThat(undone).isGreaterThanOrEqualTo(10);
    }

    private static void isWhole(String copy) {
        awaitReady(copy);
        assertThat(kubectl("-n", copy, "exec", "deployment/files", "--", "cat", "/data/file"))
                .isEqualTo("one");
    }

    /** Backs up or restores, and ends at a step. */
    static final class Child {
        private static final int KILLED = 137;

        private Child() {}

        public static void main(String[] arguments) {
            Kubernetes kubernetes = Kubernetes.using(client(Integer.parseInt(arguments[1])))
                    .withJournal(QuiesceJournal.at(Path.of(arguments[3])));
            try (Repository repo = repository(Path.of(arguments[2]))) {
                if (arguments[0].equals("backup")) {
                    var unused = repo.backup(kubernetes
                                    .namespace(arguments[4])
                                    .withoutHostPaths()
                                    .quiesce(PodQuiesce.scaleToZero()))
                            .run();
                } else {
                    Snapshot snapshot = repo.snapshots().get(0);
                    repo.restore(snapshot)
                            .to(kubernetes.newNamespace(arguments[5]).withoutHostPaths())
                            .run();
                }
            }
            System.exit(0);
        }

        private static Client client(int killed) {
            Config config = Config.autoConfigure(null);
            config.setWebsocketPingInterval(0L);
            HttpClient http = HttpClientUtils.getHttpClientFactory()
                    .newBuilder(config)
                    .addOrReplaceInterceptor("killed", new Killer(killed))
                    .build();
            return (Client) Proxy.newProxyInstance(
                    Client.class.getClassLoader(), new Class<?>[] {Client.class}, (proxy, method, unused) -> {
                        return switch (method.getName()) {
                            case "getHttpClient" -> http;
                            case "getConfiguration" -> config;
                            case "getMasterUrl" ->
                                URI.create(config.getMasterUrl()).toURL();
                            default -> throw new UnsupportedOperationException(method.getName());
                        };
                    });
        }
    }

    /** Halts at a step: as a SIGKILL, this runs no handler. */
    private static final class Killer implements Interceptor {
        private final int killed;
        private int step;

        Killer(int killed) {
            this.killed = killed;
        }

        private static boolean isStep(HttpRequest request) {
            return !request.method().equals("GET") || request.uri().getPath().endsWith("/exec");
        }

        private synchronized void step(HttpRequest request) {
            if (isStep(request) && step++ == killed) {
                System.out.println("killed at " + request.method() + " " + request.uri());
                Runtime.getRuntime().halt(Child.KILLED);
            }
        }

        @Override
        public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
            step(request);
        }

        @Override
        public void after(HttpRequest request, HttpResponse<?> response, AsyncBody.Consumer<List<ByteBuffer>> body) {
            step(request);
        }
    }
}
