package dev.lifeboat.docker;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.entry.SnapshotSource;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What answers nothing, or is none. Needs no engine. */
@Timeout(60)
class UnresponsiveEngineTest {
    @Test
    void silentEngine_isGivenUpSoon() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                Docker docker = Docker.at(URI.create("tcp://127.0.0.1:" + silent.getLocalPort()))) {
            SnapshotSource source = docker.container("web");
            assertThatThrownBy(source::name)
                    .isInstanceOf(DockerException.class)
                    .hasMessageContaining("no engine answers at tcp://127.0.0.1:" + silent.getLocalPort());
        }
    }

    @Test
    void addressesThatAreNone_areRefusedAtOnce() {
        for (String bad : new String[] {"http://x", "ftp://x", "nonsense", "/var/run/docker.sock"}) {
            assertThatThrownBy(() -> Docker.at(URI.create(bad)).close())
                    .as(bad)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(bad);
        }
        assertThatThrownBy(() -> Docker.at(URI.create("tcp://127.0.0.1:1"), Path.of("/nowhere"))
                        .close())
                .isInstanceOf(java.io.UncheckedIOException.class)
                .hasMessageContaining("/nowhere");
    }
}
