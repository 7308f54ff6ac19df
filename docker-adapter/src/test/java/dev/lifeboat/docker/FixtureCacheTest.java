package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static dev.lifeboat.docker.FixtureTest.stateOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.fixture.Checkpoint;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureCache;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Probe;
import dev.lifeboat.docker.fixture.ResetMode;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Seeded states that outlive a run. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("fixtures kept over runs")
class FixtureCacheTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final AtomicInteger seeded = new AtomicInteger();
    private TcpRelay relay;
    private Docker docker;
    private Repository repository;

    @BeforeEach
    void open() throws IOException {
        relay = new TcpRelay(EngineFixture.uri());
        docker = EngineFixture.docker();
        repository = repository(dir.resolve("repository"));
        // Images of checkpoints go once their containers are gone.
        engine.later("docker images -q --filter reference=lifeboat-fixture | xargs -r docker rmi >/dev/null 2>&1");
    }

    private static Repository repository(Path path) {
        return Repository.at(FileStorage.at(path)).encryption(Encryption.none()).openOrCreate();
    }

    @AfterEach
    void repositoryIsWhole_andNothingIsLeft() throws Exception {
        assertThat(repository.verify().readData().run().findings()).isEmpty();
        repository.close();
        docker.close();
        relay.close();
        assertThat(run("ps", "-aq", "--filter", "label=dev.lifeboat.helper")).isEmpty();
    }

    private FixtureOptions options() {
        return FixtureOptions.defaults()
                .mode(ResetMode.KILL)
                .ready(Probe.none())
                .cache(FixtureCache.in(repository));
    }

    /** A container that a run starts anew, with another name each time, as Testcontainers does. */
    private String fresh(String name, String... options) {
        List<String> command =
                new ArrayList<>(List.of("run", "-d", "--stop-timeout", "1", "--name", engine.name(name)));
        command.addAll(List.of(options));
        command.addAll(List.of("-v", "/data", EngineFixture.BUSYBOX, "sleep", "1000"));
        run(command.toArray(new String[0]));
        return engine.name(name);
    }

    private void seed(String name) {
        seeded.incrementAndGet();
        exec(
                name,
                "mkdir -p /data/a && echo 1 >/data/a/one && chown 123:45 /data/a/one && chmod 700 /data && ln -sf one"
                        + " /data/a/link && mkdir -p /etc/own && echo 3 >/etc/own/three && rm -f /bin/vi && chown 7:8 /data");
    }

    private static String contentOf(String name) {
        return exec(
                name,
                "find /data /etc/own ! -type l -exec stat -c '%n %a %u %g %Y' {} + | sort; ls -l /data/a/link | tail -c 9;"
                        + " cat /data/a/one /etc/own/three; ls /bin/vi 2>/dev/null || true");
    }

    private Docker engine(boolean near) throws IOException {
        return near ? docker : Docker.at(relay.uri());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stateIsSeededOnce_andRestoredInLaterRuns(boolean near) throws Exception {
        Docker used = engine(near);
        String first = fresh("first");
        String state;
        try (Fixture fixture = Fixture.of(used, first, options())) {
            Checkpoint checkpoint = fixture.checkpointOrRestore("migrated", "v1", () -> seed(first));
            assertThat(checkpoint.name()).isEqualTo("migrated");
            state = contentOf(first);
            exec(first, "rm -r /data/a /etc/own");
            fixture.reset("migrated");
            assertThat(contentOf(first)).isEqualTo(state);
        }
        if (!near) {
            // The container is of an image of the checkpoint now.
            String id = inspect(first, "{{.Id}}");
            try (Fixture fixture = Fixture.of(used, first, options())) {
                fixture.checkpointOrRestore("migrated", "v1", () -> seed(first));
                assertThat(inspect(first, "{{.Id}}")).isNotEqualTo(id);
                assertThat(contentOf(first)).isEqualTo(state);
            }
        }
        run("rm", "-fv", first);
        assertThat(seeded).hasValue(1);
        String second = fresh("second");
        try (Fixture fixture = Fixture.of(used, second, options())) {
            exec(second, "echo 5 >/data/five; mkdir /data/a; echo 6 >/data/a/six; echo 7 >/etc/seven");
            String id = inspect(second, "{{.Id}}");
            fixture.checkpointOrRestore("migrated", "v1", () -> seed(second));
            assertThat(seeded).hasValue(1);
            assertThat(contentOf(second)).isEqualTo(state);
            assertThat(exec(second, "ls /data /etc")).doesNotContain("five", "seven");
            assertThat(inspect(second, "{{.Id}}").equals(id)).isEqualTo(near);
            exec(second, "rm -r /data/a /etc/own");
            fixture.reset("migrated");
            assertThat(contentOf(second)).isEqualTo(state);
            fixture.checkpointOrRestore("newer", "v2", () -> seed(second));
            assertThat(seeded).hasValue(2);
        }
        run("rm", "-fv", second);
        String third = fresh("third", "-e", "OTHER=1");
        try (Fixture fixture = Fixture.of(used, third, options())) {
            fixture.checkpointOrRestore("migrated", "v1", () -> seed(third));
            assertThat(seeded).hasValue(3);
        }
        if (!near) {
            used.close();
        }
    }

    @Test
    void postgres_startsFromTheCache() throws Exception {
        String name = engine.name("db");
        String sql = "psql -qAt -d postgres -c ";
        FixtureOptions options = FixtureOptions.defaults().mode(ResetMode.KILL).cache(FixtureCache.in(repository));
        for (int i = 0; i < 2; i++) {
            run("run", "-d", "--name", name, "-p", "127.0.0.1::5432", EngineFixture.POSTGRES);
            DatabaseFixtureTest.await(name, sql + "'select 1'");
            try (Fixture db = Fixture.of(docker, name, options)) {
                int port = db.container().port(5432);
                db.checkpointOrRestore("migrated", "v1", () -> {
                    seeded.incrementAndGet();
                    exec(name, sql + "'create table person(id serial primary key, name text)'");
                    exec(
                            name,
                            sql
                                    + "\"insert into person(name) select 'person ' || n from generate_series(1, 20000) n\"");
                });
                DatabaseFixtureTest.checkWhole(name);
                exec(name, sql + "'drop table person'");
                db.reset("migrated");
                DatabaseFixtureTest.checkWhole(name);
                assertThat(db.container().port(5432)).isEqualTo(port);
            }
            run("rm", "-fv", name);
        }
        assertThat(seeded).hasValue(1);
    }

    @Test
    void damagedCache_isSeededInstead() throws Exception {
        String name = fresh("first");
        try (Fixture fixture = Fixture.of(docker, name, options())) {
            fixture.checkpointOrRestore("migrated", "v1", () -> seed(name));
            exec(name, "dd if=/dev/urandom of=/data/large bs=1M count=8 2>/dev/null");
            fixture.checkpointOrRestore("large", "v2", () -> seed(name));
        }
        List<Path> packs;
        try (Stream<Path> files = Files.walk(dir.resolve("repository").resolve("packs"))) {
            packs = files.filter(Files::isRegularFile).toList();
        }
        for (Path pack : packs) {
            byte[] bytes = Files.readAllBytes(pack);
            for (int i = 20; i < bytes.length - 100; i += 1000) {
                bytes[i] ^= 0x55;
            }
            pack.toFile().setWritable(true);
            Files.write(pack, bytes);
        }
        repository.close();
        repository = repository(dir.resolve("repository"));
        try (Fixture fixture = Fixture.of(docker, name, options())) {
            exec(name, "echo mine >/data/a/one; rm /data/large");
            int before = seeded.get();
            fixture.checkpointOrRestore("large", "v2", () -> {
                assertThat(exec(name, "cat /data/a/one")).isEqualTo("mine");
                seed(name);
            });
            assertThat(seeded).hasValue(before + 1);
            assertThat(state(name)).isEqualTo("running");
        }
        repository.close();
        repository = repository(dir.resolve("another"));
    }

    /** A state that the container does not become ready with: as before, then seeded. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void stateThatDoesNotBecomeReady_isSeededFromWhatWasThere(boolean near) throws Exception {
        Docker used = engine(near);
        String first = fresh("first");
        try (Fixture fixture = Fixture.of(used, first, options())) {
            fixture.checkpointOrRestore("state", "v1", () -> seed(first));
        }
        run("rm", "-fv", first);
        String second = fresh("second");
        exec(second, "echo mine >/data/mine");
        // Ready without the state of the cache, and once it was seeded again.
        FixtureOptions broken =
                options().readyWithin(Duration.ofMillis(300)).ready(Probe.command("sh", "-c", "[ -e /data/mine ]"));
        try (Fixture fixture = Fixture.of(used, second, broken)) {
            fixture.checkpointOrRestore("state", "v1", () -> {
                assertThat(exec(second, "cat /data/mine; ls /data")).isEqualTo("mine\nmine");
                seed(second);
            });
            assertThat(seeded).hasValue(2);
            assertThat(exec(second, "cat /data/mine /data/a/one")).isEqualTo("mine\n1");
            exec(second, "rm -r /data/a");
            fixture.reset("state");
            assertThat(exec(second, "cat /data/mine /data/a/one")).isEqualTo("mine\n1");
        }
        if (!near) {
            used.close();
        }
    }

    @Test
    void stateThatIsNotUsable_isNotKept() throws Exception {
        String name = fresh("first");
        FixtureOptions broken =
                options().readyWithin(Duration.ofMillis(300)).ready(Probe.command("sh", "-c", "[ ! -e /data/a ]"));
        try (Fixture fixture = Fixture.of(docker, name, broken)) {
            assertThatThrownBy(() -> fixture.checkpointOrRestore("state", "v1", () -> seed(name)))
                    .hasMessageContaining("not ready");
            assertThat(repository.snapshots()).isEmpty();
            assertThat(state(name)).isEqualTo("running");
        }
    }

    @Test
    void keys_haveTheNameAndWhatWasBefore_andSeedingsAreNotNested() throws Exception {
        String name = fresh("first");
        try (Fixture fixture = Fixture.of(docker, name, options())) {
            fixture.checkpoint("empty");
            fixture.checkpointOrRestore("schema", "v1", () -> exec(name, "echo schema >/data/state"));
            fixture.checkpointOrRestore("demo", "v1", () -> exec(name, "echo demo >>/data/state"));
            assertThat(exec(name, "cat /data/state")).isEqualTo("schema\ndemo");
            fixture.reset("empty");
            fixture.checkpointOrRestore("demo", "v1", () -> exec(name, "echo demo alone >>/data/state"));
            assertThat(exec(name, "cat /data/state")).isEqualTo("demo alone");
        }
        run("rm", "-fv", name);
        String again = fresh("first");
        try (Fixture fixture = Fixture.of(docker, again, options())) {
            fixture.checkpointOrRestore("demo", "v1", () -> seeded.incrementAndGet());
            assertThat(exec(again, "cat /data/state")).isEqualTo("demo alone");
            assertThat(seeded).hasValue(0);
            assertThatThrownBy(() -> fixture.checkpointOrRestore(
                            "outer", "v1", () -> fixture.checkpointOrRestore("inner", "v1", () -> {})))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("one by one");
        }
    }

    @Test
    void statesThatWereNotUsed_goWhenThereIsTooMuch() throws Exception {
        String name = fresh("first");
        FixtureOptions small = options().cache(FixtureCache.in(repository).atMost(5 << 20));
        Snapshot other = repository.backup(docker.volume(volumeOf(name))).run();
        for (String version : List.of("v1", "v2", "v3", "v3", "v2")) {
            try (Fixture fixture = Fixture.of(docker, name, small)) {
                fixture.checkpointOrRestore("state", version, () -> {
                    seeded.incrementAndGet();
                    exec(name, "dd if=/dev/urandom of=/data/" + version + " bs=1M count=2 2>/dev/null; rm -f /data/v0");
                    exec(name, "cd /data; ls | grep -v " + version + " | xargs -r rm");
                });
                assertThat(exec(name, "ls /data")).isEqualTo(version);
            }
        }
        assertThat(seeded).hasValue(3);
        assertThat(repository.snapshots().stream().filter(s -> s.source().startsWith("fixture:")))
                .hasSize(2);
        assertThat(repository.snapshots()).contains(other);
    }

    private static String volumeOf(String name) {
        return inspect(name, "{{range .Mounts}}{{.Name}}{{end}}");
    }

    @Test
    void severalProcesses_seedOnce() throws Exception {
        List<Process> children = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            String name = fresh("process-" + i);
            children.add(ChildJvm.start(
                    Child.class,
                    "128m",
                    dir.resolve("log-" + i),
                    name,
                    dir.resolve("repository").toString(),
                    dir.resolve("seeded").toString()));
        }
        for (int i = 0; i < 2; i++) {
            assertThat(children.get(i).waitFor())
                    .as(Files.readString(dir.resolve("log-" + i)))
                    .isZero();
            assertThat(exec(engine.name("process-" + i), "cat /data/seed")).isEqualTo("seed");
        }
        assertThat(dir.resolve("seeded")).hasContent("x");
    }

    /** Seeds, and notes that it did. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            try (Repository repository = repository(Path.of(arguments[1]));
                    Docker docker = EngineFixture.docker();
                    Fixture fixture = Fixture.of(
                            docker,
                            arguments[0],
                            FixtureOptions.defaults()
                                    .mode(ResetMode.KILL)
                                    .ready(Probe.none())
                                    .cache(FixtureCache.in(repository)))) {
                fixture.checkpointOrRestore("state", "v1", () -> {
                    Path note = Path.of(arguments[2]);
                    Files.writeString(note, Files.exists(note) ? Files.readString(note) + "x" : "x");
                    exec(arguments[0], "echo seed >/data/seed");
                    Thread.sleep(500);
                });
            }
        }
    }

    @Test
    void failures_areThoseOfTheCaller() throws Exception {
        String name = FixtureTest.web(engine);
        String before = stateOf(name);
        try (Fixture fixture = Fixture.of(docker, name, options())) {
            assertThatThrownBy(() -> fixture.checkpointOrRestore("state", "v1", () -> {
                        throw new IOException("no seed");
                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessage("no seed");
            assertThat(fixture.checkpoints()).isEmpty();
            assertThat(repository.snapshots()).isEmpty();
            assertThat(stateOf(name)).isEqualTo(before);
        }
        try (Fixture fixture = Fixture.of(docker, name)) {
            assertThatThrownBy(() -> fixture.checkpointOrRestore("state", "v1", () -> {}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("FixtureCache.in");
        }
    }

    @Test
    void hashOfFiles_dependsOnNamesAndContent() throws Exception {
        Path one = Files.createDirectories(dir.resolve("one/sql"));
        Path two = Files.createDirectories(dir.resolve("two/sql"));
        for (Path at : List.of(one, two)) {
            Files.writeString(at.resolve("V1.sql"), "create table a");
            Files.writeString(at.resolve("V2.sql"), "create table b");
        }
        String hash = Fixture.hashOf(one);
        assertThat(hash).matches("[0-9a-f]{64}").isEqualTo(Fixture.hashOf(two));
        assertThat(Fixture.hashOf(one, two)).isNotEqualTo(hash);
        assertThat(Fixture.hashOf(one.resolve("V1.sql"))).isNotEqualTo(Fixture.hashOf(one.resolve("V2.sql")));
        Files.move(two.resolve("V2.sql"), two.resolve("V3.sql"));
        assertThat(Fixture.hashOf(two)).isNotEqualTo(hash);
        Files.writeString(one.resolve("V2.sql"), "create table c");
        assertThat(Fixture.hashOf(one)).isNotEqualTo(hash);
        assertThatThrownBy(() -> Fixture.hashOf(dir.resolve("absent")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("absent");
    }
}
