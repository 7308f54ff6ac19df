package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static dev.lifeboat.docker.FixtureTest.stateOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.docker.fixture.Checkpoint;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureClone;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Probe;
import dev.lifeboat.docker.fixture.ResetMode;
import dev.lifeboat.docker.fixture.ResetReport;
import dev.lifeboat.docker.fixture.Spares;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fixtures of an engine whose files this process does not see: not root, or on another machine. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("fixtures through the API")
class FixtureThroughApiTest {
    private static final FixtureOptions KILL =
            FixtureOptions.defaults().mode(ResetMode.KILL).ready(Probe.none());

    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private TcpRelay relay = relay();
    private Docker docker = Docker.at(relay.uri());

    private static TcpRelay relay() {
        try {
            return new TcpRelay(EngineFixture.uri());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Images of checkpoints go once their containers are gone. */
    @BeforeEach
    void imagesAreRemoved() {
        engine.later("docker images -q --filter reference=lifeboat-fixture | xargs -r docker rmi >/dev/null 2>&1");
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        docker.close();
        relay.close();
        for (String kind : List.of("ps -aq", "volume ls -q", "network ls -q")) {
            assertThat(run((kind + " --filter label=dev.lifeboat.fixture.owner").split(" ")))
                    .as(kind)
                    .isEmpty();
        }
        assertThat(run("ps", "-aq", "--filter", "label=dev.lifeboat.helper")).isEmpty();
    }

    private static String images() {
        return run("images", "-q", "--filter", "reference=lifeboat-fixture");
    }

    /** Its configuration, without what a new container has anew. */
    private static String configuration(String name) {
        String all = inspect(
                name,
                "{{.Config.Env}} {{.Config.Cmd}} {{.Config.Entrypoint}} {{.Config.Labels}} {{.HostConfig.PortBindings}}"
                        + " {{.Config.StopTimeout}} {{.HostConfig.RestartPolicy.Name}} {{len .Mounts}}");
        // Of the image of the checkpoint.
        return all.replaceFirst("dev.lifeboat.fixture.image:[a-z0-9:]+ ", "");
    }

    @Test
    void layerAndVolumes_areSetBack_whateverHasHappened() {
        String name = FixtureTest.web(engine);
        String id = inspect(name, "{{.Id}}");
        String before = stateOf(name);
        String configuration = configuration(name);
        int volumes = run("volume", "ls", "-q").split("\n", -1).length;
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            Checkpoint checkpoint = fixture.checkpoint("clean");
            assertThat(checkpoint.means()).isEqualTo(Checkpoint.Means.ENGINE);
            assertThat(checkpoint.consistency()).isEqualTo(Checkpoint.Consistency.STOPPED);
            assertThat(inspect(name, "{{.Id}}")).isEqualTo(id);
            List<String> damages = List.of(
                    "echo more >>/data/a/one; rm /data/a/link /cache/two; echo new >/etc/own/four; touch /bin/vi",
                    "rm -rf /data/* /cache/* /etc/own; chown -R 7:8 /data /cache; chmod -R 777 /data",
                    "mkdir -p /cache/x/y/z; rm -r /bin/ls");
            for (String damage : damages) {
                exec(name, damage);
                ResetReport report = fixture.reset("clean");
                assertThat(stateOf(name)).as(damage).isEqualTo(before);
                assertThat(report.mode()).isEqualTo(ResetMode.KILL);
                assertThat(report.recreated()).containsExactly(name);
                assertThat(fixture.container().id()).isEqualTo(inspect(name, "{{.Id}}"));
            }
            assertThat(configuration(name)).isEqualTo(configuration);
            run("rm", "-f", name);
            fixture.reset("clean");
            assertThat(stateOf(name)).isEqualTo(before);
            run("rm", "-fv", name);
            run("volume", "rm", engine.name("data"));
            fixture.reset("clean");
            assertThat(stateOf(name)).isEqualTo(before);
            assertThat(configuration(name)).isEqualTo(configuration);
            assertThat(run("volume", "ls", "-q").split("\n", -1).length).isEqualTo(volumes);
            exec(name, "rm -r /data/a; echo 5 >/etc/own/five");
            String changed = stateOf(name);
            fixture.checkpoint("second");
            fixture.reset("clean");
            assertThat(stateOf(name)).isEqualTo(before);
            fixture.reset("second");
            assertThat(stateOf(name)).isEqualTo(changed);
            fixture.reset("clean");
        }
        assertThat(state(name)).isEqualTo("running");
        assertThat(stateOf(name)).isEqualTo(before);
        // The container is of an image of the checkpoint; the next fixture can begin with that.
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("again");
            exec(name, "rm /etc/own/three");
            fixture.reset("again");
            assertThat(stateOf(name)).isEqualTo(before);
        }
    }

    @Test
    void postgres_keepsItsPort_andIsWhole() throws Exception {
        String name = engine.name("db");
        run("run", "-d", "--name", name, "-p", "127.0.0.1::5432", EngineFixture.POSTGRES);
        DatabaseFixtureTest.await(name, "psql -qAt -d postgres -c 'select 1'");
        sql(name, "create table person(id serial primary key, name text)");
        sql(name, "insert into person(name) select 'person ' || n from generate_series(1, 20000) n");
        try (Fixture db = Fixture.of(docker, name, FixtureOptions.defaults().mode(ResetMode.KILL))) {
            db.checkpoint("migrated");
            int port = db.container().port(5432);
            for (String damage : List.of("drop table person", "create database extra")) {
                sql(name, damage);
                db.reset("migrated");
                DatabaseFixtureTest.checkWhole(name);
                assertThat(db.container().port(5432)).isEqualTo(port);
            }
            exec(name, "rm -rf /var/lib/postgresql/data/base");
            db.reset("migrated");
            DatabaseFixtureTest.checkWhole(name);
            try (FixtureClone clone = db.clone("migrated")) {
                DatabaseFixtureTest.checkWhole(clone.container().name());
                sql(clone.container().name(), "drop table person");
                clone.reset();
                DatabaseFixtureTest.checkWhole(clone.container().name());
            }
            sql(name, "drop table person");
            try (Spares spares = db.spares("migrated", 1)) {
                DatabaseFixtureTest.checkWhole(spares.container().name());
            }
        }
    }

    private static String sql(String container, String statement) {
        return exec(container, "psql -qAt -d postgres -c \"" + statement + "\"");
    }

    @Test
    void clones_areIndependent_andLeaveNothing() {
        String name = FixtureTest.web(engine);
        String before = stateOf(name);
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            try (FixtureClone one = fixture.clone("clean");
                    FixtureClone two = fixture.clone("clean")) {
                String first = one.container().name();
                assertThat(stateOf(first)).isEqualTo(before);
                exec(first, "rm -r /data/a /etc/own");
                exec(name, "rm -r /cache/two");
                assertThat(stateOf(two.container().name())).isEqualTo(before);
                one.reset();
                assertThat(one.container().name()).isEqualTo(first);
                assertThat(stateOf(first)).isEqualTo(before);
            }
        }
        assertThat(images()).isEmpty();
    }

    @Test
    void containersWithReadOnlyRoot_andMountsBelowVolumes_areSetBack() throws Exception {
        String name = engine.name("mounts");
        Path bind = Files.createDirectory(dir.resolve("bind"));
        Files.writeString(bind.resolve("mine"), "mine");
        run(
                "run",
                "-d",
                "--read-only",
                "--tmpfs",
                "/tmp",
                "--name",
                name,
                "-v",
                engine.name("outer") + ":/srv/data",
                "-v",
                engine.name("inner") + ":/srv/data/inner",
                "-v",
                bind + ":/srv/data/bind",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        exec(name, "echo 1 >/srv/data/one; echo 2 >/srv/data/inner/two; echo 3 >/tmp/three");
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            exec(name, "rm /srv/data/one /srv/data/inner/two; echo 4 >/srv/data/inner/four");
            Files.writeString(bind.resolve("mine"), "changed");
            fixture.reset("clean");
            assertThat(exec(name, "cat /srv/data/one /srv/data/inner/two; ls /srv/data/inner"))
                    .isEqualTo("1\n2\ntwo");
            assertThat(bind.resolve("mine")).hasContent("changed");
        }
    }

    @Test
    void whatCannotBeCreatedAnew_isRefusedBeforeAnythingIsTouched() {
        String name = FixtureTest.web(engine);
        String id = inspect(name, "{{.Id}}");
        run("create", "--name", engine.name("other"), "-v", engine.name("data") + ":/there", EngineFixture.BUSYBOX);
        String anonymous = inspect(name, "{{range .Mounts}}{{if eq .Destination \"/cache\"}}{{.Name}}{{end}}{{end}}");
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            assertThatThrownBy(() -> fixture.checkpoint("clean"))
                    .hasMessageContaining(engine.name("other"))
                    .hasMessageContaining("withoutVolumes");
            run("rm", engine.name("other"));
            fixture.checkpoint("clean");
            run("create", "--name", engine.name("other"), "-v", engine.name("data") + ":/there", EngineFixture.BUSYBOX);
            assertThatThrownBy(() -> fixture.reset("clean")).hasMessageContaining(engine.name("other"));
        }
        run("rm", engine.name("other"));
        try (Fixture fixture = Fixture.of(docker, name, KILL.withoutVolumes(anonymous))) {
            assertThatThrownBy(() -> fixture.checkpoint("clean")).hasMessageContaining("/cache");
        }
        try (Fixture fixture = Fixture.of(docker, name, KILL.withoutVolumes(engine.name("data")))) {
            fixture.checkpoint("clean");
            exec(name, "echo kept >/data/a/one; rm /cache/two");
            fixture.reset("clean");
            assertThat(exec(name, "cat /data/a/one /cache/two")).isEqualTo("kept\n2");
        }
        assertThat(inspect(name, "{{.Id}}")).isNotEqualTo(id);
        assertThat(state(name)).isEqualTo("running");
    }

    @Test
    void checkpointWhoseImageIsGone_isRefusedBeforeAnythingIsTouched() {
        String name = FixtureTest.web(engine);
        // Not one of a checkpoint, and nothing that hinders.
        run("tag", EngineFixture.BUSYBOX, "lifeboat-fixture:latest");
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            String before = stateOf(name);
            run("rmi", "lifeboat-fixture:latest");
            run("rmi", run("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=lifeboat-fixture"));
            assertThatThrownBy(() -> fixture.reset("clean")).hasMessageContaining("prune");
            assertThat(stateOf(name)).isEqualTo(before);
        }
    }

    @Test
    void interruptedReset_leavesTheCheckpointUsable() throws Exception {
        String name = FixtureTest.web(engine);
        String before = stateOf(name);
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            for (int millis : List.of(0, 200, 500)) {
                Thread thread = new Thread(() -> {
                    try {
                        fixture.reset("clean");
                    } catch (RuntimeException e) {
                        // Interrupted: another reset sets it back.
                        Thread.currentThread().interrupt();
                    }
                });
                thread.start();
                Thread.sleep(millis);
                thread.interrupt();
                thread.join();
                fixture.reset("clean");
                assertThat(stateOf(name)).isEqualTo(before);
            }
        }
    }

    @Test
    void cloneOfAComposeService_doesNotBelongToTheProject() {
        String name = engine.name("service");
        run(
                "run",
                "-d",
                "--name",
                name,
                "--label",
                "com.docker.compose.project=" + engine.name("project"),
                "--label",
                "com.docker.compose.service=web",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        String project = "label=com.docker.compose.project=" + engine.name("project");
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            try (FixtureClone clone = fixture.clone("clean")) {
                assertThat(clone.container().name()).isNotEqualTo(name);
                assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", project))
                        .isEqualTo(name);
            }
            fixture.reset("clean");
            assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", project))
                    .isEqualTo(name);
        }
    }

    /** A process that is killed, whatever it does at that moment. */
    @ParameterizedTest
    @ValueSource(longs = {300, 1200})
    void killedProcess_leavesNoClones(long millis) throws Exception {
        String name = FixtureTest.web(engine);
        String before = stateOf(name);
        Path said = dir.resolve("log");
        Process child =
                ChildJvm.start(Child.class, "128m", said, name, relay.uri().toString());
        try {
            while (!Files.readString(said).contains("ready")) {
                assertThat(child.isAlive()).as(Files.readString(said)).isTrue();
                Thread.sleep(10);
            }
            Thread.sleep(millis);
        } finally {
            child.destroyForcibly().waitFor();
        }
        FixtureTest.recoverAfterKill(docker, name, () -> leftBehind(name).isEmpty());
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            assertThat(leftBehind(name)).isEmpty();
            assertThat(stateOf(name)).isEqualTo(before);
            assertThat(fixture.isPresent()).isTrue();
        }
    }

    private static List<String> leftBehind(String name) {
        return Stream.of(
                        run("ps", "-aq", "--no-trunc", "--filter", "name=" + name + "-clone"),
                        run("volume", "ls", "-q", "--filter", "name=" + name),
                        images(),
                        run("images", "-q", "--filter", "label=dev.lifeboat.helper"))
                .flatMap(String::lines)
                .toList();
    }

    /** Makes clones until it is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            Docker docker = Docker.at(URI.create(arguments[1]));
            Fixture fixture = Fixture.of(docker, arguments[0], KILL);
            fixture.checkpoint("clean");
            System.out.println("ready");
            while (true) {
                try (FixtureClone clone = fixture.clone("clean")) {
                    clone.reset();
                }
            }
        }
    }
}
