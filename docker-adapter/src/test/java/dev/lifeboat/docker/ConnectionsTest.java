package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import com.github.dockerjava.transport.DockerHttpClient;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.SshTransport;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.Shell;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An engine that is reached in other ways than by its address: through docker-java, and through ssh. */
@Tag("docker")
class ConnectionsTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    /** Backs up a paused container through an engine, and restores a copy. */
    private void roundTrip(Docker docker) {
        String name = engine.name("app");
        String copy = engine.name("copy");
        run(
                "run",
                "-d",
                "--stop-signal",
                "9",
                "-v",
                engine.name("v") + ":/v",
                "--name",
                name,
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "echo hello > /v/hello; echo own > /own; sleep 100000");
        Snapshot snapshot = repository.backup(docker.container(name).quiesce(Quiesce.pause()));
        assertThat(inspect(name, "{{.State.Status}}")).isEqualTo("running");
        repository.get().restore(snapshot).to(docker.newContainer(copy).start()).run();
        assertThat(EngineFixture.exec(copy, "cat /v/hello /own")).isEqualTo("hello\nown");
    }

    private static DockerClientConfig config() {
        return DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost(EngineFixture.uri().toString())
                .build();
    }

    private static DockerHttpClient http() {
        return new ApacheDockerHttpClient.Builder()
                .dockerHost(EngineFixture.uri())
                .build();
    }

    @Test
    void configurationOfDockerJava_isUsed() {
        try (Docker docker = Docker.using(config())) {
            assertThat(docker).hasToString(EngineFixture.uri().toString());
            roundTrip(docker);
        }
    }

    @Test
    void clientOfDockerJava_isUsed_andNotClosed() throws Exception {
        try (DockerHttpClient http = http();
                DockerClient client = DockerClientImpl.getInstance(config(), http)) {
            try (Docker docker = Docker.using(client)) {
                roundTrip(docker);
            }
            client.pingCmd().exec();
        }
        DockerHttpClient nowhere = new ApacheDockerHttpClient.Builder()
                .dockerHost(URI.create("tcp://127.0.0.1:1"))
                .build();
        assertThatThrownBy(() -> Docker.using(nowhere).close()).isInstanceOf(UncheckedIOException.class);
        nowhere.close();
    }

    /** A server of ssh on loopback, with keys of its own; the engine is that of this machine. */
    @Test
    void ssh_isUsed() throws Exception {
        Path dir = Files.createDirectories(repository.scratch("ssh"));
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Shell.sh("cd " + dir + " && ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f user"
                + " && cp user.pub authorized && mkdir -p /run/sshd && chmod 600 authorized");
        Files.writeString(
                dir.resolve("sshd_config"),
                "Port " + port + "\nListenAddress 127.0.0.1\nHostKey " + dir.resolve("host") + "\nAuthorizedKeysFile "
                        + dir.resolve("authorized") + "\nPidFile none\nUsePAM no\nStrictModes no\n"
                        + "PasswordAuthentication no\nPermitRootLogin prohibit-password\n");
        Process server = new ProcessBuilder(
                        "/usr/sbin/sshd",
                        "-D",
                        "-e",
                        "-f",
                        dir.resolve("sshd_config").toString())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("log").toFile())
                .start();
        URI uri = URI.create("ssh://" + System.getProperty("user.name") + "@127.0.0.1:" + port
                + EngineFixture.uri().getPath());
        List<String> options = List.of(
                "-F",
                "none",
                "-i",
                dir.resolve("user").toString(),
                "-o",
                "StrictHostKeyChecking=no",
                "-o",
                "UserKnownHostsFile=/dev/null");
        try (SshTransport transport = new SshTransport(uri, options);
                Docker docker = new Docker(new EngineClient(uri, transport), QuiesceJournal.ofUser())) {
            Shell.sh("for i in $(seq 100); do grep -q 'listening on' " + dir.resolve("log")
                    + " && exit; sleep 0.1; done;" + " exit 1");
            roundTrip(docker);
        } finally {
            server.destroy();
            assertThat(server.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(Shell.sh("pgrep -f '[d]ial-stdio' || true")).isEmpty();
        URI refused = URI.create("ssh://127.0.0.1:1");
        try (Docker docker = Docker.at(refused)) {
            assertThatThrownBy(docker::info)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("ssh://127.0.0.1:1");
        }
    }
}
