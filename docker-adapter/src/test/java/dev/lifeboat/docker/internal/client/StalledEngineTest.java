package dev.lifeboat.docker.internal.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine that stalls is one that does not answer, never a cancellation: the interrupt flag stays untouched. */
@Timeout(60)
class StalledEngineTest {
    private static final String VERSION = "{\"ApiVersion\":\"1.41\",\"Components\":[{\"Name\":\"Engine\"}]}";

    /** An engine behind a unix socket or a port, that tells its version, and of other responses sends the beginning. */
    private static final class FakeEngine implements AutoCloseable {
        final URI uri;
        volatile boolean answersPings;
        private final ServerSocketChannel server;
        private final String beginning;

        FakeEngine(Path socket, String beginning) throws IOException {
            this(
                    ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket)),
                    beginning,
                    URI.create("unix://" + socket));
        }

        FakeEngine(String beginning) throws IOException {
            this(
                    ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                    beginning,
                    null);
        }

        private FakeEngine(ServerSocketChannel server, String beginning, @Nullable URI uri) throws IOException {
            this.server = server;
            this.beginning = beginning;
            this.uri = uri != null
                    ? uri
                    : URI.create("tcp://127.0.0.1:" + ((InetSocketAddress) server.getLocalAddress()).getPort());
            start(this::serve);
        }

        static FakeEngine of(String kind, Path dir, String beginning) throws IOException {
            return kind.equals("unix") ? new FakeEngine(dir.resolve("s"), beginning) : new FakeEngine(beginning);
        }

        private static void start(Runnable task) {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            thread.start();
        }

        private void serve() {
            try {
                while (true) {
                    SocketChannel channel = server.accept();
                    start(() -> answer(channel));
                }
            } catch (IOException e) {
                // Closed: no more clients.
                return;
            }
        }

        private void answer(SocketChannel channel) {
            ByteBuffer request = ByteBuffer.allocate(4096);
            try (channel) {
                while (channel.read(request.clear()) > 0) {
                    String text = new String(request.array(), 0, request.position(), StandardCharsets.US_ASCII);
                    String response = beginning;
                    if (text.contains("/version")) {
                        response = "HTTP/1.1 200 OK\r\nContent-Length: " + VERSION.length() + "\r\n\r\n" + VERSION;
                    } else if (text.contains("/_ping") && answersPings) {
                        response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
                    }
                    channel.write(ByteBuffer.wrap(response.getBytes(StandardCharsets.US_ASCII)));
                }
            } catch (IOException e) {
                // The client has given up.
                return;
            }
        }

        EngineClient client() throws IOException {
            return new EngineClient(uri, Transport.to(uri, null), Duration.ofMillis(500));
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }

    private static void isUnreachable(@Nullable Throwable thrown, String what) {
        assertThat(thrown).isInstanceOfSatisfying(DockerException.class, e -> {
            assertThat(e.kind()).isEqualTo(DockerException.Kind.UNREACHABLE);
            assertThat(e).hasMessageContaining(what);
            assertThat(Io.isInterruption(e)).isFalse();
        });
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    static Stream<Arguments> stalls() {
        return Stream.of("unix", "tcp")
                .flatMap(kind -> Stream.of(
                                "",
                                "HTTP/1.1 200 OK\r\n",
                                "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Id\":",
                                "HTTP/1.1 500 Error\r\nContent-Length: 1000\r\n\r\n{\"message\":")
                        .map(beginning -> Arguments.of(kind, beginning)));
    }

    @ParameterizedTest
    @MethodSource("stalls")
    void stalledResponse_isATimeOut(String kind, String beginning, @TempDir Path dir) throws Exception {
        try (FakeEngine engine = FakeEngine.of(kind, dir, beginning);
                EngineClient client = engine.client()) {
            engine.answersPings = true;
            assertThatThrownBy(() -> client.get("/containers/x/json", "inspect container x"))
                    .satisfies(e -> isUnreachable(e, "inspect container x"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix", "tcp"})
    void stalledStream_isATimeOut(String kind, @TempDir Path dir) throws Exception {
        try (FakeEngine engine = FakeEngine.of(kind, dir, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
                EngineClient client = engine.client()) {
            engine.answersPings = true;
            for (boolean patiently : new boolean[] {false, true}) {
                try (InputStream in = patiently
                        ? client.openPatiently("/images/x/get", "save image x")
                        : client.open("/containers/x/archive?path=%2F", "read / of container x")) {
                    assertThatThrownBy(in::readAllBytes).satisfies(e -> isUnreachable(e, " x"));
                }
            }
        }
    }

    /** A command may be silent for hours; whether the engine is still there, it is asked itself. */
    @ParameterizedTest
    @ValueSource(strings = {"unix", "tcp"})
    void silentCommand_isATimeOut_onceTheEngineAnswersNobody(String kind, @TempDir Path dir) throws Exception {
        try (FakeEngine engine = FakeEngine.of(kind, dir, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
                EngineClient client = engine.client();
                InputStream in = client.open("/exec/x/start", JsonObject.create(), null, "run x")) {
            engine.answersPings = true;
            FutureTask<byte[]> reading = new FutureTask<>(in::readAllBytes);
            FakeEngine.start(reading);
            assertThatThrownBy(() -> reading.get(1500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

            engine.answersPings = false;
            assertThatThrownBy(() -> reading.get(20, TimeUnit.SECONDS))
                    .satisfies(e -> isUnreachable(e.getCause(), "run x"));
        }
    }
}
