package dev.lifeboat.docker.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine that stalls is one that does not answer, never a cancellation: the interrupt flag stays untouched. */
@Timeout(60)
class StalledEngineTest {
    /** Answers a ping, and of every other response sends only the beginning. */
    private static void serve(ServerSocket server, String beginning) {
        Thread thread = new Thread(() -> {
            while (true) {
                try {
                    Socket socket = server.accept();
                    Thread answer = new Thread(() -> answer(socket, beginning));
                    answer.setDaemon(true);
                    answer.start();
                } catch (IOException e) {
                    return;
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static void answer(Socket socket, String beginning) {
        try {
            byte[] request = new byte[4096];
            for (int n; (n = socket.getInputStream().read(request)) > 0; ) {
                boolean asked = new String(request, 0, n, StandardCharsets.US_ASCII).contains("/version");
                String version = "{\"ApiVersion\":\"1.41\",\"Components\":[{\"Name\":\"Engine\"}]}";
                String response = asked
                        ? "HTTP/1.1 200 OK\r\nContent-Length: " + version.length() + "\r\n\r\n" + version
                        : beginning;
                socket.getOutputStream().write(response.getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().flush();
            }
        } catch (IOException e) {
            // The client has given up.
            return;
        }
    }

    private static EngineClient client(ServerSocket server) throws IOException {
        URI uri = URI.create("tcp://127.0.0.1:" + server.getLocalPort());
        return new EngineClient(uri, Transport.to(uri, null), Duration.ofMillis(500));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Id\":",
                "HTTP/1.1 500 Error\r\nContent-Length: 1000\r\n\r\n{\"message\":",
            })
    void stalledResponse_isATimeOut(String beginning) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                EngineClient client = client(server)) {
            serve(server, beginning);
            assertThatThrownBy(() -> client.get("/containers/x/json", "inspect container x"))
                    .isInstanceOfSatisfying(DockerException.class, e -> {
                        assertThat(e.kind()).isEqualTo(DockerException.Kind.UNREACHABLE);
                        assertThat(e).hasMessageContaining("inspect container x");
                        assertThat(Io.isInterruption(e)).isFalse();
                    });
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @Test
    void stalledStream_isATimeOut() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                EngineClient client = client(server)) {
            serve(server, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
            try (InputStream in = client.open("/containers/x/archive?path=%2F", "read / of container x")) {
                assertThatThrownBy(in::readAllBytes)
                        .isInstanceOfSatisfying(
                                DockerException.class,
                                e -> assertThat(e.kind()).isEqualTo(DockerException.Kind.UNREACHABLE));
            }
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }
}
