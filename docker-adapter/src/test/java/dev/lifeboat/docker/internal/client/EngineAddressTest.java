package dev.lifeboat.docker.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.internal.io.Digests;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which engine the environment means, as the docker command decides it. */
class EngineAddressTest {
    @TempDir
    Path home;

    private final Map<String, String> environment = new HashMap<>();

    private String found() throws DockerException {
        return EngineAddress.ofEnvironment(environment, home, home.resolve("root"))
                .uri()
                .toString();
    }

    private void context(String name, String host) throws Exception {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        Path directory = home.resolve(".docker/contexts/meta/" + Digests.hex(Digests.sha256(bytes, bytes.length)));
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve("meta.json"),
                "{\"Name\":\"" + name + "\",\"Metadata\":{},\"Endpoints\":{\"docker\":{\"Host\":\"" + host
                        + "\",\"SkipTLSVerify\":false}}}");
    }

    private void current(String name) throws Exception {
        Files.createDirectories(home.resolve(".docker"));
        Files.writeString(home.resolve(".docker/config.json"), "{\"currentContext\":\"" + name + "\"}");
    }

    private Path socket(String path) throws Exception {
        Path socket = home.resolve(path);
        Files.createDirectories(socket.getParent());
        return Files.createFile(socket);
    }

    @Test
    void dockerHost_comesFirst() throws Exception {
        context("work", "unix:///work.sock");
        current("work");
        environment.put("DOCKER_HOST", "tcp://10.0.0.7");
        environment.put("DOCKER_CONTEXT", "work");
        assertThat(found()).isEqualTo("tcp://10.0.0.7:2375");
        environment.put("DOCKER_HOST", "10.0.0.8:1234");
        assertThat(found()).isEqualTo("tcp://10.0.0.8:1234");
        environment.put("DOCKER_HOST", "ssh://me@host:22");
        assertThat(found()).isEqualTo("ssh://me@host:22");
    }

    @Test
    void context_isThatOfTheEnvironment_thenTheCurrentOne() throws Exception {
        context("work", "unix:///work.sock");
        context("other", "tcp://10.0.0.9:2375");
        current("work");
        assertThat(found()).isEqualTo("unix:///work.sock");
        environment.put("DOCKER_CONTEXT", "other");
        assertThat(found()).isEqualTo("tcp://10.0.0.9:2375");
        environment.put("DOCKER_CONTEXT", "default");
        socket("root/var/run/docker.sock");
        assertThat(found()).isEqualTo("unix://" + home.resolve("root/var/run/docker.sock"));
    }

    @Test
    void unknownContext_isAnError() throws Exception {
        socket("root/var/run/docker.sock");
        environment.put("DOCKER_CONTEXT", "gone");
        assertThatThrownBy(this::found)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'gone'")
                .hasMessageContaining("docker context ls");
        environment.clear();
        current("gone");
        assertThatThrownBy(this::found).hasMessageContaining("'gone'");
    }

    @Test
    void sockets_areTriedInOrder() throws Exception {
        environment.put("XDG_RUNTIME_DIR", home.resolve("run").toString());
        assertThatThrownBy(this::found)
                .isInstanceOfSatisfying(
                        DockerException.class, e -> assertThat(e.kind()).isEqualTo(DockerException.Kind.UNREACHABLE))
                .hasMessageContaining("root/var/run/docker.sock")
                .hasMessageContaining(".colima/default/docker.sock")
                .hasMessageContaining("run/podman/podman.sock")
                .hasMessageContaining("set DOCKER_HOST");
        for (String path : new String[] {
            "run/podman/podman.sock",
            "root/run/podman/podman.sock",
            ".rd/docker.sock",
            ".colima/default/docker.sock",
            ".docker/desktop/docker.sock",
            ".docker/run/docker.sock",
            "run/docker.sock",
            "root/var/run/docker.sock"
        }) {
            Path socket = socket(path);
            assertThat(found()).isEqualTo("unix://" + socket);
        }
    }

    @Test
    void addresses_areChecked_andGetTheUsualPort() {
        assertThat(EngineAddress.of(URI.create("tcp://h"), null).uri()).hasToString("tcp://h:2375");
        for (String bad : new String[] {"http://h", "ssh:///socket", "ssh://h/a;reboot", "ssh://h/$x"}) {
            assertThatThrownBy(() -> EngineAddress.of(URI.create(bad), null))
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
