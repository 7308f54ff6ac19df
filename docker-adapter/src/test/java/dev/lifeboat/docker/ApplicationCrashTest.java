package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.Shell;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A process that is killed with SIGKILL after any change of the engine, by a backup or a restore of an application,
 * leaves nothing that {@link Docker#recover} does not set right.
 */
@Tag("docker")
@RequiresRoot
@Timeout(600)
@Ability("applications are recovered after SIGKILL")
class ApplicationCrashTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private Path dir;
    private QuiesceJournal journal;
    private KillingRelay relay;
    private Docker docker;

    /** Two that run, of which one shares the network of the other; one that is paused, one that is stopped. */
    @BeforeEach
    void application() throws Exception {
        dir = repository.scratch("").toAbsolutePath();
        journal = QuiesceJournal.at(dir.resolve("journal"));
        relay = new KillingRelay(EngineFixture.uri(), dir.resolve("engine.sock"));
        docker = Docker.at(relay.uri()).withJournal(journal);
        String network = engine.name("net");
        run("network", "create", network);
        String volume = engine.name("v") + ":/data";
        create("db", "--network", network, "-v", volume);
        create("web", "--network", "container:" + engine.name("db"), "-v", volume);
        create("paused", "--network", network);
        create("stopped", "-v", "/anon");
        exec(engine.name("db"), "echo captured > /data/x");
        run("pause", engine.name("paused"));
        run("kill", engine.name("stopped"));
    }

    private void create(String suffix, String... options) {
        List<String> arguments = new ArrayList<>(List.of(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--label",
                "app=" + engine.name("app"),
                "--name",
                engine.name(suffix)));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of(EngineFixture.BUSYBOX, "sleep", "100000"));
        run(arguments.toArray(String[]::new));
    }

    @AfterEach
    void close() throws Exception {
        docker.close();
        relay.close();
    }

    /** Does something: {@code <directory> <engine> <what> <argument>}. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            Path dir = Path.of(arguments[0]);
            try (Docker docker =
                            Docker.at(URI.create(arguments[1])).withJournal(QuiesceJournal.at(dir.resolve("journal")));
                    Repository repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                            .encryption(Encryption.none())
                            .open()) {
                String argument = arguments[3];
                switch (arguments[2]) {
                    case "backup" ->
                        repo.backup(docker.containers("app=" + argument)
                                        .quiesce(arguments[4].equals("STOP") ? Quiesce.stop() : Quiesce.pause()))
                                .run();
                    case "in place" ->
                        repo.restore(repo.snapshots().get(0))
                                .to(docker.containersInPlace())
                                .run();
                    default ->
                        repo.restore(repo.snapshots().get(0))
                                .to(docker.newContainers(argument)
                                        .network(arguments[4], arguments[5])
                                        .start())
                                .run();
                }
            }
        }
    }

    /** Runs a child that is killed after a change. Returns whether it was. */
    private boolean killedAt(int change, String... arguments) throws Exception {
        relay.killAt(change);
        List<String> all = new ArrayList<>(List.of(dir.toString(), relay.uri().toString()));
        all.addAll(List.of(arguments));
        Process child = ChildJvm.start(Child.class, "128m", dir.resolve("log"), all.toArray(String[]::new));
        relay.victim(child);
        assertThat(child.waitFor(120, TimeUnit.SECONDS)).isTrue();
        boolean killed = relay.disarm();
        assertThat(killed || child.exitValue() == 0)
                .as(Files.readString(dir.resolve("log")))
                .isTrue();
        return killed;
    }

    private Map<String, String> states() {
        Map<String, String> states = new TreeMap<>();
        run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name(""))
                .lines()
                // A restored container that does not run has never run.
                .forEach(name -> states.put(name, state(name).replace("created", "exited")));
        return states;
    }

    private String resources() {
        String filter = "name=" + engine.name("");
        return run("network", "ls", "-q", "--filter", filter) + "\n" + run("volume", "ls", "-q");
    }

    @ParameterizedTest
    @EnumSource(
            value = Quiesce.Level.class,
            names = {"PAUSE", "STOP"})
    void backup_killedAtAnyChange_leavesAllAsItWas(Quiesce.Level quiesce) throws Exception {
        if (quiesce == Quiesce.Level.STOP) {
            // Refused by a container that is paused.
            run("rm", "-f", engine.name("paused"));
        }
        Map<String, String> before = states();
        int change = 1;
        while (killedAt(change, "backup", engine.name("app"), quiesce.name())) {
            docker.recover();
            assertThat(states()).as("killed at change %d", change).isEqualTo(before);
            assertThat(docker.recover().isEmpty()).isTrue();
            change++;
        }
        assertThat(change).as("changes that two containers need").isGreaterThan(4);
        assertThat(states()).isEqualTo(before);
    }

    @Test
    void restoreInPlace_killedAtAnyChange_isUndoneOrCompleted() throws Exception {
        Snapshot snapshot = repository.backup(
                repository.docker().containers("app=" + engine.name("app")).quiesce(Quiesce.pause()));
        assertThat(snapshot.stats().entries()).isPositive();
        Map<String, String> before = states();
        String id = inspect(engine.name("web"), "{{.Id}}");
        int undone = 0;
        int change = 1;
        while (killedAt(change, "in place", "")) {
            Recovered recovered = docker.recover();
            boolean isUndone = inspect(engine.name("web"), "{{.Id}}").equals(id);
            undone += isUndone ? 1 : 0;
            Map<String, String> after = states();
            if (!isUndone) {
                // What is restored does not pause.
                assertThat(after.put(engine.name("paused"), "paused")).isEqualTo("running");
                run("pause", engine.name("paused"));
                id = inspect(engine.name("web"), "{{.Id}}");
            }
            assertThat(after).as("killed at change %d: %s", change, recovered).isEqualTo(before);
            assertThat(recovered.undecided()).isEmpty();
            assertThat(docker.recover().isEmpty()).isTrue();
            change++;
        }
        assertThat(undone).isGreaterThan(10);
        assertThat(change - 1 - undone).as("killed after it had succeeded").isPositive();
        assertThat(resources().lines().filter(line -> line.contains(engine.name(""))))
                .containsExactly(engine.name("v"));
        assertThat(exec(engine.name("db"), "cat /data/x")).isEqualTo("captured");
    }

    /** A container that a user has started since the kill is in use, and nothing is taken away from it. */
    @Test
    void restoredContainer_thatIsInUseByNow_isLeft() throws Exception {
        repository.backup(repository.docker().containers(label()).quiesce(Quiesce.pause()));
        String copy = engine.name("copy");
        int change = 1;
        String container = copy + "-" + engine.name("db");
        while (killedAt(change, "copy", copy, engine.name("net"), engine.name("other"))
                && !states().containsKey(container)) {
            docker.recover().undecided().forEach(left -> remove(left));
            change++;
        }
        run("start", container);
        Recovered recovered = docker.recover();
        assertThat(recovered.removed()).isEmpty();
        assertThat(recovered.undecided()).contains("container " + container, "volume " + copy + "_" + engine.name("v"));
        assertThat(state(container)).isEqualTo("running");
        assertThat(docker.recover().isEmpty()).isTrue();
    }

    private static void remove(String left) {
        run(left.startsWith("network") ? "network" : "volume", "rm", left.replaceFirst(".* ", ""));
    }

    private String label() {
        return "app=" + engine.name("app");
    }

    @Test
    void copy_killedAtAnyChange_isGoneOrListed() throws Exception {
        repository.backup(
                repository.docker().containers("app=" + engine.name("app")).quiesce(Quiesce.pause()));
        Map<String, String> before = states();
        String resources = resources();
        String copy = engine.name("copy");
        int listed = 0;
        int completed = 0;
        int change = 1;
        while (killedAt(change, "copy", copy, engine.name("net"), engine.name("other"))) {
            Recovered recovered = docker.recover();
            for (String left : recovered.undecided()) {
                listed++;
                String name = left.replaceFirst(".* ", "");
                run(left.startsWith("network") ? "network" : "volume", "rm", name);
            }
            if (!recovered.completed().isEmpty()) {
                // All was written, and nothing was replaced: then what a restore had started stays.
                completed++;
                Shell.sh("docker ps -aq --filter name=" + copy + " | xargs -r docker rm -fv >/dev/null");
                run("volume", "rm", copy + "_" + engine.name("v"));
                run("network", "rm", engine.name("other"));
            }
            assertThat(states())
                    .as("killed at change %d: %s", change, recovered)
                    .isEqualTo(before);
            assertThat(resources().lines())
                    .as("killed at change %d: %s", change, recovered)
                    .isSubsetOf(resources.lines().toList());
            assertThat(docker.recover().isEmpty()).isTrue();
            change++;
        }
        assertThat(change).isGreaterThan(10);
        assertThat(completed).as("killed while it started containers").isPositive();
        assertThat(listed)
                .as("the volume and the network, killed before their creation was answered")
                .isEqualTo(2);
    }
}
