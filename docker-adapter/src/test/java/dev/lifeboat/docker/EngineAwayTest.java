package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.BackupException;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.testkit.RequiresRoot;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An engine that is gone after any change of a backup or a restore, and comes back while the program still runs: all is
 * as it was before, without anyone doing anything.
 */
@Tag("docker")
@RequiresRoot
@Timeout(600)
class EngineAwayTest {
    private static final long PATIENCE_MILLIS = 40_000;

    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private CuttingRelay relay;
    private Docker docker;

    @BeforeEach
    void application() throws Exception {
        Path dir = repository.scratch("").toAbsolutePath();
        relay = new CuttingRelay(EngineFixture.uri(), dir.resolve("engine.sock"));
        docker = Docker.at(relay.uri()).withJournal(QuiesceJournal.at(dir.resolve("journal")));
        String volume = engine.name("v") + ":/data";
        for (String suffix : new String[] {"db", "web"}) {
            run(
                    "run",
                    "-d",
                    "--stop-signal",
                    "SIGKILL",
                    "--label",
                    label(),
                    "--name",
                    engine.name(suffix),
                    "-v",
                    volume,
                    EngineFixture.BUSYBOX,
                    "sleep",
                    "100000");
        }
        exec(engine.name("db"), "echo captured > /data/x");
    }

    @AfterEach
    void close() throws Exception {
        docker.close();
        relay.close();
    }

    private String label() {
        return "app=" + engine.name("app");
    }

    private Map<String, String> states() {
        Map<String, String> states = new TreeMap<>();
        run(
                        "ps",
                        "-a",
                        "--no-trunc",
                        "--format",
                        "{{.Names}} {{.Status}} {{.ID}}",
                        "--filter",
                        "name=" + engine.name(""))
                .lines()
                .forEach(line -> {
                    String[] parts = line.split(" ", 2);
                    // Such as "Up 3 seconds (Paused)".
                    states.put(parts[0], parts[1].replaceAll("(Up|Exited).*?(\\(Paused\\)|) (\\S+)$", "$1$2 $3"));
                });
        return states;
    }

    /** What is left to recoveries. */
    private boolean isAnythingLeft() throws IOException {
        try (DirectoryStream<Path> records = Files.newDirectoryStream(repository.scratch("journal"), "*.quiesced")) {
            return records.iterator().hasNext();
        }
    }

    private String resources() {
        return run("volume", "ls", "-q") + run("network", "ls", "-q") + run("image", "ls", "-qa");
    }

    /** Restored containers have other ids. */
    private boolean isAs(Map<String, String> before, boolean restored) {
        Map<String, String> now = states();
        if (!restored) {
            return now.equals(before);
        }
        return now.keySet().equals(before.keySet()) && now.values().stream().allMatch(s -> s.startsWith("Up "));
    }

    /** Runs something whose engine is gone after a change. Returns whether there were so many. */
    private boolean isGoneAt(int change, Runnable operation) throws Exception {
        Map<String, String> before = states();
        String resources = resources();
        relay.arm(change);
        boolean done = false;
        try {
            operation.run();
            done = true;
        } catch (BackupException e) {
            assertThat(relay.isGone()).as("%s", e).isTrue();
        }
        if (!relay.isGone()) {
            relay.back();
            return false;
        }
        relay.back();
        long end = System.currentTimeMillis() + PATIENCE_MILLIS;
        boolean restored = done;
        while ((isAnythingLeft() || !isAs(before, restored) || !resources().equals(resources))
                && System.currentTimeMillis() < end) {
            Thread.sleep(200);
        }
        assertThat(isAs(before, restored))
                .as("gone at change %d: %s", change, states())
                .isTrue();
        assertThat(resources()).as("gone at change %d", change).isEqualTo(resources);
        Recovered recovered = docker.recover();
        assertThat(recovered.isEmpty()).as("%s", recovered).isTrue();
        return true;
    }

    @ParameterizedTest
    @EnumSource(
            value = Quiesce.Level.class,
            names = {"PAUSE", "STOP"})
    void backup(Quiesce.Level quiesce) throws Exception {
        int change = 1;
        while (isGoneAt(
                change,
                () -> repository.backup(docker.containers(label())
                        .quiesce(quiesce == Quiesce.Level.STOP ? Quiesce.stop() : Quiesce.pause())))) {
            change++;
        }
        assertThat(change).isGreaterThan(4);
    }

    @Test
    void restoreInPlace() throws Exception {
        var snapshot = repository.backup(docker.containers(label()).quiesce(Quiesce.pause()));
        int change = 1;
        while (isGoneAt(
                change,
                () -> repository
                        .get()
                        .restore(snapshot)
                        .to(docker.containersInPlace())
                        .run())) {
            // Each takes some seconds.
            change += 2;
        }
        assertThat(change).isGreaterThan(10);
        assertThat(exec(engine.name("db"), "cat /data/x")).isEqualTo("captured");
    }
}
