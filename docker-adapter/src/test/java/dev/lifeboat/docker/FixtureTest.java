package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.get;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.lifeboat.docker.fixture.Checkpoint;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureClone;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Probe;
import dev.lifeboat.docker.fixture.ResetMode;
import dev.lifeboat.docker.fixture.ResetReport;
import dev.lifeboat.docker.internal.model.Identity;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("fixtures")
class FixtureTest {
    private static final FixtureOptions KILL =
            FixtureOptions.defaults().mode(ResetMode.KILL).ready(Probe.none());

    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final Docker docker = EngineFixture.docker();
    private long descriptors;

    @BeforeEach
    void count() throws IOException {
        docker.info();
        descriptors = descriptors();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        docker.close();
        assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
        for (int i = 0; i < 100 && forwards(); i++) {
            // They end a moment after their connections.
            Thread.sleep(20);
        }
        assertThat(forwards()).isFalse();
        assertThat(run("ps", "-aq", "--filter", "label=dev.lifeboat.fixture.owner"))
                .isEmpty();
        assertThat(run("volume", "ls", "-q", "--filter", "label=dev.lifeboat.fixture.owner"))
                .isEmpty();
        assertThat(run("network", "ls", "-q", "--filter", "label=dev.lifeboat.fixture.owner"))
                .isEmpty();
    }

    private static boolean forwards() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("lifeboat-forward"));
    }

    /** Unnamed files of checkpoints; other descriptors come and go. */
    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(FixtureTest::isUnnamed).count();
        }
    }

    private static boolean isUnnamed(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().contains("/#");
        } catch (IOException e) {
            return false;
        }
    }

    private String web() {
        return web(engine);
    }

    /** A container with a named and an anonymous volume, and files in its layer. */
    static String web(EngineFixture engine) {
        String name = engine.name("web");
        run(
                "run",
                "-d",
                "--stop-timeout",
                "1",
                "--name",
                name,
                "-v",
                engine.name("data") + ":/data",
                "-v",
                "/cache",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "trap 'exit 0' TERM; while :; do sleep 0.1; done");
        exec(
                name,
                "mkdir -p /data/a /etc/own && echo 1 >/data/a/one && echo 2 >/cache/two && echo 3 >/etc/own/three"
                        + " && rm -r /bin/vi && chown 123:45 /data/a/one && chmod 600 /cache/two && ln -s one /data/a/link"
                        + " && dd if=/dev/zero of=/data/large bs=1M count=3 2>/dev/null");
        return name;
    }

    /** Its anonymous volumes are removed after the test, if they are still there. */
    private void leavesVolumes(String name) {
        String volumes = inspect(name, "{{range .Mounts}}{{.Name}} {{end}}");
        engine.later("docker volume rm " + volumes + " >/dev/null 2>&1 || true");
    }

    /** What the container itself sees. */
    static String stateOf(String name) {
        return exec(
                name,
                "find /data /cache /etc/own /bin /root /tmp ! -type d -exec stat -c '%n %a %u %g %s %Y %h' {} + | sort;"
                        + " find /data /cache /etc/own /root /tmp -type d -exec stat -c '%n %a %u %g %Y' {} + | sort;"
                        + " find /data /cache /etc/own -type f -exec sha256sum {} + | sort");
    }

    @ParameterizedTest
    @EnumSource(
            value = ResetMode.class,
            names = {"STOP", "KILL"})
    void layerAndVolumes_areSetBack_whateverHasHappened(ResetMode mode) throws Exception {
        String name = web();
        String id = inspect(name, "{{.Id}}");
        String before = stateOf(name);
        try (Fixture fixture = Fixture.of(docker, name, KILL.mode(mode))) {
            Checkpoint checkpoint = fixture.checkpoint("clean");
            assertThat(checkpoint.consistency()).isEqualTo(Checkpoint.Consistency.STOPPED);
            assertThat(checkpoint.names()).isGreaterThan(8);
            assertThat(state(name)).isEqualTo("running");
            List<String> damages = List.of(
                    "echo more >>/data/a/one; rm /data/a/link /cache/two; echo new >/etc/own/four; touch /bin/vi",
                    "rm -rf /data/* /cache/* /etc/own",
                    "chown -R 7:8 /data /cache; chmod -R 777 /data /etc/own",
                    "for i in $(seq 1 3000); do : >/data/f$i; done; mkdir -p /cache/x/y/z; rm -r /bin/ls",
                    "printf x | dd of=/data/large bs=1 seek=2000000 conv=notrunc 2>/dev/null",
                    "true");
            for (String damage : damages) {
                exec(name, damage);
                ResetReport report = fixture.reset("clean");
                assertThat(stateOf(name)).as(damage).isEqualTo(before);
                assertThat(report.mode()).isEqualTo(mode);
                assertThat(report.total()).isLessThan(Duration.ofSeconds(30));
            }
            run("kill", name);
            fixture.reset("clean");
            assertThat(stateOf(name)).isEqualTo(before);
            run("pause", name);
            fixture.reset("clean");
            assertThat(stateOf(name)).isEqualTo(before);
            assertThat(inspect(name, "{{.Id}}")).isEqualTo(id);
        }
        assertThat(stateOf(name)).isEqualTo(before);
    }

    @Test
    void pausedReset_keepsTheProcess() throws Exception {
        String name = web();
        FixtureOptions options = KILL.mode(ResetMode.PAUSE).quiesce(Quiesce.pause());
        try (Fixture fixture = Fixture.of(docker, name, options)) {
            String startedAt = inspect(name, "{{.State.StartedAt}}");
            assertThat(fixture.checkpoint("clean").consistency()).isEqualTo(Checkpoint.Consistency.CRASH_CONSISTENT);
            exec(name, "echo changed >/data/a/one; echo kept >/etc/own/three");
            fixture.reset("clean");
            assertThat(exec(name, "cat /data/a/one /etc/own/three")).isEqualTo("1\nkept");
            assertThat(inspect(name, "{{.State.StartedAt}}")).isEqualTo(startedAt);
            assertThat(state(name)).isEqualTo("running");
        }
    }

    @Test
    void runningContainer_thatIsNotQuiesced_isRefused() {
        String name = web();
        try (Fixture fixture = Fixture.of(docker, name, KILL.quiesce(Quiesce.none()))) {
            assertThatThrownBy(() -> fixture.checkpoint("clean")).hasMessageContaining("mix of states");
            assertThat(fixture.checkpoints()).isEmpty();
            assertThat(state(name)).isEqualTo("running");
        }
    }

    @Test
    void stoppedContainer_isCheckpointedAsItIs_andStaysStopped() {
        String name = web();
        run("stop", "-t", "1", name);
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("stopped");
            assertThat(state(name)).isEqualTo("exited");
            run("start", name);
            exec(name, "rm -r /data/a");
            fixture.reset("stopped");
            assertThat(state(name)).isEqualTo("exited");
            run("start", name);
            assertThat(exec(name, "cat /data/a/one")).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rm -f", "rm -fv"})
    void removedContainer_isCreatedAnew(String removal) throws Exception {
        EngineFixture.assumePublishedPortsAreReachable();
        String name = engine.name("web");
        run(
                "run",
                "-d",
                "--stop-timeout",
                "1",
                "--name",
                name,
                "-p",
                "127.0.0.1::80",
                "-v",
                "/anonymous",
                "-v",
                engine.name("data") + ":/data",
                "-e",
                "COLOR=green",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "echo up; httpd -f -h /data");
        exec(name, "echo hello >/data/index.html; echo layer >/file; echo volume >/anonymous/file");
        try (Fixture fixture = Fixture.of(docker, name, KILL.ready(Probe.automatic()))) {
            int port = fixture.container().port(80);
            fixture.checkpoint("clean");
            assertThat(page(fixture)).isEqualTo("hello");
            leavesVolumes(name);
            run((removal + " " + name).split(" ", -1));
            run("volume", "rm", engine.name("data"));
            ResetReport report = fixture.reset("clean");
            assertThat(report.recreated()).containsExactly(name);
            assertThat(exec(name, "cat /data/index.html /file /anonymous/file; echo $COLOR"))
                    .isEqualTo("hello\nlayer\nvolume\ngreen");
            assertThat(fixture.container().port(80)).isEqualTo(port);
            assertThat(page(fixture)).isEqualTo("hello");
            exec(name, "rm /data/index.html /file");
            fixture.reset("clean");
            assertThat(exec(name, "cat /file")).isEqualTo("layer");
            assertThat(page(fixture)).isEqualTo("hello");
        }
    }

    private static String page(Fixture fixture) {
        return get(fixture.container().port(80));
    }

    @Test
    void portThatTheEngineChooses_staysTheSame() throws Exception {
        EngineFixture.assumePublishedPortsAreReachable();
        String name = engine.name("web");
        run(
                "run",
                "-d",
                "--stop-timeout",
                "1",
                "--name",
                name,
                "-p",
                "127.0.0.1::80",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "mkdir -p /www; httpd -f -h /www");
        exec(name, "echo hello >/www/index.html");
        try (Fixture fixture = Fixture.of(docker, name, KILL.ready(Probe.port(80)))) {
            int port = fixture.container().port(80);
            fixture.checkpoint("clean");
            for (int i = 0; i < 3; i++) {
                exec(name, "echo changed >/www/index.html");
                assertThat(get(port)).isEqualTo("changed");
                fixture.reset("clean");
                assertThat(get(port)).isEqualTo("hello");
                assertThat(fixture.container().port(80)).isEqualTo(port);
            }
        }
    }

    @Test
    void fourClonesAtOnce_doNotSeeEachOther() throws Exception {
        EngineFixture.assumePublishedPortsAreReachable();
        String name = engine.name("web");
        run(
                "run",
                "-d",
                "--stop-timeout",
                "1",
                "--name",
                name,
                "-p",
                "127.0.0.1::80",
                "-v",
                engine.name("data") + ":/data",
                EngineFixture.BUSYBOX,
                "httpd",
                "-f",
                "-h",
                "/data");
        exec(name, "echo original >/data/index.html; echo layer >/file");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (Fixture fixture = Fixture.of(docker, name, KILL.ready(Probe.port(80)))) {
            fixture.checkpoint("clean");
            exec(name, "echo changed >/data/index.html");
            List<Future<String>> results = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                String mine = "clone " + i;
                Callable<String> test = () -> {
                    try (FixtureClone clone = fixture.clone("clean")) {
                        int port = clone.container().port(80);
                        String first = get(port);
                        exec(clone.container().name(), "echo '" + mine + "' >/data/index.html; rm /file");
                        String second = get(port);
                        clone.reset();
                        assertThat(exec(clone.container().name(), "cat /file")).isEqualTo("layer");
                        return first + ", " + second + ", "
                                + get(clone.container().port(80));
                    }
                };
                results.add(threads.submit(test));
            }
            for (int i = 0; i < 4; i++) {
                assertThat(results.get(i).get()).isEqualTo("original, clone " + i + ", original");
            }
            assertThat(page(fixture)).isEqualTo("changed");
            FixtureClone forgotten = fixture.clone("clean");
            assertThat(state(forgotten.container().name())).isEqualTo("running");
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void clonesOfAProcessThatIsGone_areRemovedByTheNextFixture() throws Exception {
        String name = web();
        String own = ProcessIdentity.current().token();
        String gone = "999999999" + own.substring(own.indexOf('.'), own.lastIndexOf('_')) + "_1"
                + own.substring(own.lastIndexOf('.'));
        String label = "dev.lifeboat.fixture.owner=";
        String volume = engine.name("left-volume");
        String network = engine.name("left-network");
        String left = engine.name("left");
        run("volume", "create", "--label", label + volume + " " + gone, volume);
        run("network", "create", "--label", label + network + " " + gone, network);
        run(
                "run",
                "-d",
                "--name",
                left,
                "--label",
                label + left + " " + gone,
                "-v",
                volume + ":/data",
                "--network",
                network,
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        String unseen = engine.name("unseen");
        String other = gone.replaceFirst("pid_[0-9]+_", "pid_1_");
        run("volume", "create", "--label", label + unseen + " " + other, unseen);
        String copied = engine.name("copied");
        run("volume", "create", "--label", label + volume + " " + gone, copied);
        Fixture.of(docker, name, KILL).close();
        assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name("")))
                .isEqualTo(name);
        assertThat(run("network", "ls", "-q", "--filter", "name=" + engine.name("")))
                .isEmpty();
        assertThat(run("volume", "ls", "-q", "--filter", "name=" + engine.name(""))
                        .lines())
                .containsExactlyInAnyOrder(engine.name("data"), unseen, copied);
        run("volume", "rm", unseen, copied);
    }

    @Test
    void containerOfTheSameName_thatIsAnother_isNotTouched() {
        String name = web();
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            leavesVolumes(name);
            run("rm", "-f", name);
            run(
                    "run",
                    "-d",
                    "--name",
                    name,
                    "-v",
                    engine.name("other") + ":/data",
                    EngineFixture.BUSYBOX,
                    "sleep",
                    "1000");
            exec(name, "echo precious >/data/file");
            assertThatThrownBy(() -> fixture.reset("clean")).hasMessageContaining("is another one now");
            assertThat(exec(name, "cat /data/file")).isEqualTo("precious");
        }
    }

    @Test
    void clone_hasNoAliasOfTheOriginal_andNoVolumesThatAreLeftOut() throws Exception {
        String network = engine.name("net");
        run("network", "create", network);
        String name = engine.name("db");
        run(
                "run",
                "-d",
                "--name",
                name,
                "--network",
                network,
                "--network-alias",
                "database",
                "-v",
                engine.name("data") + ":/data",
                "-v",
                engine.name("left-out") + ":/left-out",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "trap 'exit 0' TERM; while :; do sleep 0.1; done");
        exec(name, "echo 1 >/data/file; echo 2 >/left-out/file; echo 3 >/layer");
        FixtureOptions paused = KILL.mode(ResetMode.PAUSE).withoutVolumes(engine.name("left-out"));
        try (Fixture fixture = Fixture.of(docker, name, paused)) {
            fixture.checkpoint("clean");
            try (FixtureClone clone = fixture.clone("clean")) {
                String copy = clone.container().name();
                assertThat(exec(copy, "cat /data/file /layer; ls /left-out")).isEqualTo("1\n3");
                assertThat(inspect(copy, "{{range .NetworkSettings.Networks}}{{.Aliases}}{{end}}"))
                        .doesNotContain("database");
                assertThat(exec(copy, "nslookup database 2>/dev/null | grep -c ^Address"))
                        .isIn("1", "2");
                exec(copy, "echo changed >/data/file");
                assertThat(clone.reset().mode()).isEqualTo(ResetMode.PAUSE);
                assertThat(exec(copy, "cat /data/file")).isEqualTo("1");
            }
        }
    }

    @Test
    void containerThatUsesAVolumeSinceTheCheckpoint_isSeen() {
        String name = web();
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            run(
                    "run",
                    "-d",
                    "--name",
                    engine.name("late"),
                    "-v",
                    engine.name("data") + ":/there",
                    EngineFixture.BUSYBOX,
                    "sleep",
                    "1000");
            exec(name, "echo changed >/data/a/one");
            assertThatThrownBy(() -> fixture.reset("clean")).hasMessageContaining(engine.name("late"));
            assertThat(exec(name, "cat /data/a/one")).isEqualTo("changed");
            assertThat(state(name)).isEqualTo("running");
        }
    }

    /** A process that is killed, whatever it does at that moment. */
    @ParameterizedTest
    @ValueSource(longs = {0, 150, 400, 700, 1100, 1600})
    void killedProcess_leavesNothingThatTheNextDoesNotClean(long millis) throws Exception {
        String name = web();
        String before = stateOf(name);
        Path journal = dir.resolve("journal");
        Path said = dir.resolve("log");
        Process child = ChildJvm.start(Child.class, "128m", said, name, journal.toString());
        try {
            while (!Files.readString(said).contains("ready")) {
                assertThat(child.isAlive()).as(Files.readString(said)).isTrue();
                Thread.sleep(10);
            }
            Thread.sleep(millis);
        } finally {
            child.destroyForcibly().waitFor();
        }
        Docker next = docker.withJournal(QuiesceJournal.at(journal));
        recoverAfterKill(
                next,
                name,
                () -> run("ps", "-aq", "--no-trunc", "--filter", "name=" + name).equals(inspect(name, "{{.Id}}"))
                        && run("volume", "ls", "-q", "--filter", "name=" + name).isEmpty());
        try (Fixture fixture = Fixture.of(next, name, KILL)) {
            assertThat(run("ps", "-aq", "--no-trunc", "--filter", "name=" + name))
                    .isEqualTo(inspect(name, "{{.Id}}"));
            assertThat(run("volume", "ls", "-q", "--filter", "name=" + name)).isEmpty();
            assertThat(state(name)).isEqualTo("running");
            assertThat(stateOf(name)).isEqualTo(before);
            fixture.checkpoint("clean");
            exec(name, "rm -r /data/a");
            fixture.reset("clean");
            assertThat(stateOf(name)).isEqualTo(before);
        }
    }

    /** The engine completes a creation after its client was killed, and after the first recovery. */
    @Test
    void containerOfAKilledProcess_thatHasNotGotItsNameYet_isRemoved() {
        String name = web();
        String clone = name + "-clone-1a2b3c4d";
        String token = ProcessIdentity.current().token().replaceFirst("^[0-9]+", "99999999");
        for (String left : new String[] {clone + "-lifeboat-1a2b3c4d-new", engine.name("another")}) {
            run(
                    "create",
                    "--name",
                    left,
                    "--label",
                    Identity.FIXTURE + "=" + clone + " " + token,
                    EngineFixture.BUSYBOX,
                    "true");
        }
        Fixture.of(docker, name, KILL).close();

        assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "label=" + Identity.FIXTURE))
                .contains(engine.name("another"))
                .doesNotContain(clone);
        run("rm", engine.name("another"));
    }

    /**
     * Recovers, again if that is needed: the engine still completes the request on which it works when its client is
     * killed, and that may be after the first recovery.
     */
    static void recoverAfterKill(Docker docker, String name, BooleanSupplier nothingIsLeft) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        do {
            Fixture.of(docker, name, KILL).close();
            if (nothingIsLeft.getAsBoolean()) {
                return;
            }
            Thread.sleep(100);
        } while (System.nanoTime() < deadline);
        // What the engine says of it is what a fault of this kind is found by.
        fail("left after 10 s: " + run("ps", "-a", "--filter", "name=" + name, "--format", "{{json .}}")
                + run("volume", "ls", "--filter", "name=" + name, "--format", "{{json .}}"));
    }

    /** Takes checkpoints and makes clones until it is killed. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            Docker docker = EngineFixture.docker().withJournal(QuiesceJournal.at(Path.of(arguments[1])));
            Fixture fixture = Fixture.of(docker, arguments[0], KILL);
            System.out.println("ready");
            while (true) {
                fixture.checkpoint("clean");
                try (FixtureClone clone = fixture.clone("clean")) {
                    clone.reset();
                }
            }
        }
    }

    @Test
    void twoHundredResets_leaveNothing() throws Exception {
        String name = web();
        String before = stateOf(name);
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            fixture.checkpoint("clean");
            List<String> begun = List.of();
            for (int i = 0; i < 205; i++) {
                exec(name, "echo $$ >>/data/a/one; rm -rf /cache/*; mkdir -p /data/new/er; echo x >/data/new/er/file");
                fixture.reset("clean");
                if (i == 4) {
                    begun = resources();
                }
            }
            List<String> ended = resources();
            assertThat(ended).hasSameSizeAs(begun);
            for (int i = 0; i < begun.size(); i++) {
                // Threads of what ran before may have ended since.
                assertThat(count(ended.get(i)))
                        .as("%s, then %s", begun, ended)
                        .isLessThanOrEqualTo(count(begun.get(i)));
            }
            assertThat(stateOf(name)).isEqualTo(before);
        }
    }

    private static int count(String resource) {
        return Integer.parseInt(resource.substring(0, resource.indexOf(' ')));
    }

    /** What a leak would add to: of the engine, of this process, of the kernel. */
    private static List<String> resources() throws Exception {
        long files = 0;
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            files = open.filter(descriptor -> isFile(descriptor)).count();
        }
        return List.of(
                run("ps", "-aq").lines().count() + " containers",
                run("volume", "ls", "-q").lines().count() + " volumes",
                run("network", "ls", "-q").lines().count() + " networks",
                files + " files",
                Thread.getAllStackTraces().keySet().stream()
                                .filter(thread -> thread.getName().startsWith("lifeboat")
                                        || thread.getName().startsWith("ForkJoinPool-"))
                                .count()
                        + " threads",
                Shell.sh("losetup -a | wc -l").strip() + " loop devices");
    }

    /** Sockets and jars come and go. */
    private static boolean isFile(Path descriptor) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith("/") && !target.endsWith(".jar");
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void volumeOfAnotherRunningContainer_isNotTouched() {
        String name = web();
        run(
                "run",
                "-d",
                "--name",
                engine.name("other"),
                "-v",
                engine.name("data") + ":/there",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        try (Fixture fixture = Fixture.of(docker, name, KILL)) {
            assertThatThrownBy(() -> fixture.checkpoint("clean"))
                    .hasMessageContaining(engine.name("other"))
                    .hasMessageContaining("withoutVolumes(\"" + engine.name("data") + "\")");
            assertThat(state(name)).isEqualTo("running");
        }
        try (Fixture fixture = Fixture.of(docker, name, KILL.withoutVolumes(engine.name("data")))) {
            fixture.checkpoint("clean");
            exec(name, "echo kept >/data/a/one; rm /cache/two");
            fixture.reset("clean");
            assertThat(exec(name, "cat /data/a/one /cache/two")).isEqualTo("kept\n2");
        }
    }

    @Test
    void wrongUse_isAnErrorThatSaysWhatToDo() {
        assertThatThrownBy(() -> Fixture.of(docker, engine.name("nothing"))).hasMessageContaining("nothing");
        String removed = engine.name("removed");
        run("run", "-d", "--rm", "--name", removed, EngineFixture.BUSYBOX, "sleep", "1000");
        assertThatThrownBy(() -> Fixture.of(docker, removed)).hasMessageContaining("--rm");
        String name = web();
        Fixture fixture = Fixture.of(docker, name, KILL);
        assertThatThrownBy(() -> fixture.reset("clean")).hasMessageContaining("no checkpoint 'clean'");
        assertThatThrownBy(() -> fixture.container("other")).hasMessageContaining("no container or service 'other'");
        fixture.close();
        fixture.close();
        assertThatThrownBy(() -> fixture.checkpoint("clean")).hasMessageContaining("closed");
    }

    @Test
    void containerThatDoesNotComeUp_saysWhy() {
        String name = engine.name("fails");
        run(
                "run",
                "-d",
                "--stop-timeout",
                "1",
                "--name",
                name,
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "[ -e /broken ] && echo it is broken && exit 7; touch /broken; sleep 1000");
        try (Fixture fixture = Fixture.of(docker, name, KILL.ready(Probe.command("true")))) {
            assertThatThrownBy(() -> fixture.checkpoint("clean"))
                    .hasMessageContaining("exit code 7")
                    .hasMessageContaining("it is broken");
            assertThat(fixture.checkpoints()).isEmpty();
        }
    }
}
