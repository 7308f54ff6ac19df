package dev.lifeboat.docker.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.TcpRelay;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.testkit.Shell;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that take longer than an engine may be silent, from an engine that lives. */
@Tag("docker")
@Timeout(120)
class SlowAnswersTest {
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private TcpRelay relay;
    private EngineClient overUnix;
    private EngineClient overTcp;
    private String container = "";

    @BeforeEach
    void start() throws Exception {
        URI engine = URI.create(System.getenv("DOCKER_HOST"));
        relay = new TcpRelay(engine);
        overUnix = new EngineClient(engine, Transport.to(engine, null), PATIENCE);
        overTcp = new EngineClient(relay.uri(), Transport.to(relay.uri(), null), PATIENCE);
        container = Shell.run("docker", "run", "-d", "lifeboat-busybox:1", "sleep", "1000")
                .strip();
    }

    private EngineClient client(String kind) {
        return kind.equals("unix") ? overUnix : overTcp;
    }

    @AfterEach
    void remove() throws Exception {
        overUnix.close();
        overTcp.close();
        relay.close();
        Shell.run("docker", "rm", "-f", container);
    }

    private static List<String> sh(String line) {
        return List.of("sh", "-c", line);
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix", "tcp"})
    void commandThatIsSilentForLong_runsToItsEnd(String kind) throws Exception {
        Execs.Result result =
                new Execs(client(kind)).run(container, "app", sh("sleep 2; echo done"), "", Duration.ofSeconds(30));

        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).isEqualTo("done\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix", "tcp"})
    void outputThatPausesForLong_isReadToItsEnd(String kind) throws Exception {
        try (Execs.Running running =
                new Execs(client(kind)).start(container, "app", sh("echo one; sleep 2; echo two"), "", null)) {
            assertThat(new String(running.output().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("one\ntwo\n");
            assertThat(running.exitCode()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix", "tcp"})
    void sessionThatIsHeldForLong_staysOpen(String kind) throws Exception {
        try (Execs.Held held = new Execs(client(kind)).open(container, "app", sh("read x; echo got $x; read y"), "")) {
            Thread.sleep(2000);
            held.send("it");

            assertThat(held.receive(Duration.ofSeconds(10))).isEqualTo("got it");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix", "tcp"})
    void imageIsSavedAndLoaded_howeverLongItTakes(String kind, @TempDir Path dir) throws Exception {
        Images images = new Images(client(kind));
        try (InputStream in = images.save("lifeboat-postgres:15")) {
            Files.copy(in, dir.resolve("image"));
        }
        long begun = System.nanoTime();
        try (InputStream slow = new FilterInputStream(Files.newInputStream(dir.resolve("image"))) {
            private boolean paused;

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (!paused) {
                    paused = true;
                    Io.sleep(3 * PATIENCE.toMillis());
                }
                return super.read(bytes, offset, length);
            }
        }) {
            images.load(slow, "lifeboat-postgres:15");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(PATIENCE);
    }
}
