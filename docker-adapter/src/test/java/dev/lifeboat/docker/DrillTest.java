package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.automation.drill.Check;
import dev.lifeboat.automation.drill.Drill;
import dev.lifeboat.automation.drill.DrillReport;
import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Outcome;
import dev.lifeboat.docker.drill.DockerDrill;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Drills: what proves a backup, what finds one that is broken, and that nothing is left behind or touched. */
@Tag("docker")
@RequiresRoot
@Timeout(600)
@Ability("drills")
class DrillTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private List<String> before = List.of();

    /** All that an engine has: containers, volumes and networks by name, images by id. */
    private static List<String> everything() {
        List<String> all = new ArrayList<>();
        all.addAll(run("ps", "-a", "--format", "{{.Names}}").lines().toList());
        all.addAll(run("volume", "ls", "-q").lines().toList());
        all.addAll(run("network", "ls", "--format", "{{.Name}}").lines().toList());
        all.addAll(run("images", "-aq", "--no-trunc").lines().distinct().toList());
        return all;
    }

    @BeforeEach
    void remember() {
        before = everything();
    }

    /** What the test itself has made has a name that begins as its own do. */
    private List<String> drilled() {
        return everything().stream()
                .filter(thing -> !before.contains(thing) && !thing.startsWith(engine.name("")))
                .toList();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(drilled()).isEmpty();
        assertThat(QuiesceJournal.ofUser().directory().toFile().list((dir, name) -> name.startsWith("drill-")))
                .isNullOrEmpty();
    }

    private void create(String suffix, List<String> options, String image, String... command) {
        List<String> arguments = new ArrayList<>(
                List.of("run", "-d", "--label", "app=" + engine.name("app"), "--name", engine.name(suffix)));
        arguments.addAll(options);
        arguments.add(image);
        arguments.addAll(List.of(command));
        run(arguments.toArray(String[]::new));
    }

    /** A database with 1,000 orders, whose role needs a password, and a web server. */
    private void shop() throws Exception {
        Assumptions.assumeFalse(EngineFixture.isPodman(), "LEFT OUT: Podman runs health checks by systemd only");
        run("network", "create", engine.name("net"));
        String db = engine.name("db");
        create(
                "db",
                List.of("--network", engine.name("net"), "-v", engine.name("data") + ":/var/lib/postgresql/data"),
                EngineFixture.POSTGRES);
        create(
                "web",
                List.of("--network", engine.name("net"), "-p", "18123:8000", "-e", "DB=" + db, "--restart", "always"),
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "mkdir /www; echo open > /www/index.html; exec httpd -f -p 8000 -h /www");
        for (int i = 0; !inspect(db, "{{.State.Health.Status}}").equals("healthy"); i++) {
            assertThat(i).isLessThan(600);
            Thread.sleep(100);
        }
        exec(
                db,
                "psql -q -c \"create role shop login password 'secret'\""
                        + " -c 'create table orders as select generate_series(1, 1000) id'"
                        + " -c 'grant select on orders to shop' -c checkpoint");
        exec(
                db,
                "sed -i '1i host all shop all scram-sha-256' $PGDATA/pg_hba.conf && psql -qc 'select pg_reload_conf()'");
    }

    private Snapshot backUp() {
        return repository.backup(source());
    }

    private ApplicationSource source() {
        return repository.docker().containers("app=" + engine.name("app")).quiesce(Quiesce.pause());
    }

    private Drill drill() {
        return Drill.in(DockerDrill.on(repository.docker()))
                .check(Check.exec(
                        "1000 orders",
                        engine.name("db"),
                        "1000"::equals,
                        "psql",
                        "-qAtc",
                        "select count(*) from orders"))
                .check(Check.exec(
                        "the shop logs in",
                        engine.name("db"),
                        "1"::equals,
                        "sh",
                        "-c",
                        "PGPASSWORD=secret psql -qAt -h 127.0.0.1 -U shop -d postgres -c 'select 1'"))
                .check(Check.file(
                        "the page is there",
                        engine.name("web"),
                        "/www/index.html",
                        content -> new String(content, StandardCharsets.UTF_8).equals("open\n")));
    }

    private static CheckResult result(DrillReport report, String check) {
        return report.checks().stream()
                .filter(result -> result.name().equals(check))
                .findFirst()
                .orElseThrow();
    }

    private static String isolation() {
        List<String> networks =
                run("network", "ls", "-q", "--filter", "name=drill-").lines().toList();
        assertThat(networks).isNotEmpty();
        for (String network : networks) {
            assertThat(inspect(network, "{{.Internal}}")).isEqualTo("true");
            if (!EngineFixture.isPodman()) {
                assertThat(inspect(network, "{{.Options}}")).contains("inhibit_ipv4:true");
            }
        }
        return networks.size() + " networks";
    }

    @Test
    void application_isProven_aloneOnItsNetwork_andTakenAway() throws Exception {
        shop();
        Snapshot snapshot = backUp();
        String db = engine.name("db");
        String original = inspect(db, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
        exec(db, "psql -qc 'delete from orders'");
        Path reports = repository.scratch("reports");
        DrillReport report = drill().check(Check.of(
                        "the database is found by its name, and is the copy",
                        app -> app.exec(engine.name("web"), "sh", "-c", "nc -w 3 $DB 5432 </dev/null && ip route")
                                .toString()))
                .check(Check.exec(
                        "the original is not reached",
                        engine.name("web"),
                        "sh",
                        "-c",
                        "! nc -w 2 " + original + " 5432 </dev/null"))
                .check(Check.of("its networks have no way out, not even to the host", app -> isolation()))
                .reportTo(reports)
                .run(repository.get(), snapshot);

        assertThat(report.reasons()).isEmpty();
        assertThat(report.timeToHealthy()).isPresent();
        assertThat(report.dataAge()).isPositive();
        assertThat(report.members()).hasSize(2);
        assertThat(report.lost()).allMatch(problem -> problem.detail().startsWith("is a socket"));
        assertThat(result(report, "the database is found by its name, and is the copy")
                        .detail())
                .contains("exitCode=0");
        assertThat(report.readBy()).isNotEmpty();
        assertThat(Drill.history(repository.get(), snapshot.source(), 5))
                .singleElement()
                .matches(record -> record.passed() && record.timeToHealthy().isPresent());
        try (var files = Files.walk(reports)) {
            assertThat(files.filter(Files::isRegularFile)
                            .map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("drill.html", "drill.xml", "drill.json");
        }
        // The original is as it was.
        assertThat(state(db)).isEqualTo("running");
        assertThat(exec(db, "psql -qAtc 'select count(*) from orders'")).isEqualTo("0");
    }

    @Test
    void checksOverTheNetwork_reachTheCopy() throws Exception {
        shop();
        Snapshot snapshot = backUp();
        exec(engine.name("db"), "psql -qc 'delete from orders'");
        DrillReport report = Drill.in(DockerDrill.on(repository.docker()))
                .check(Check.http("the shop is open", engine.name("web"), 8000, "/index.html", "open\n"::equals))
                .check(Check.sql(
                        "1000 orders",
                        app -> DriverManager.getConnection(
                                "jdbc:postgresql://" + app.hostAndPort(engine.name("db"), 5432) + "/postgres",
                                "shop",
                                "secret"),
                        "select count(*) from orders",
                        "1000"::equals))
                .check(Check.sql(
                        "a wrong password",
                        app -> DriverManager.getConnection(
                                "jdbc:postgresql://" + app.hostAndPort(engine.name("db"), 5432) + "/postgres",
                                "shop",
                                "wrong"),
                        "select 1",
                        "1"::equals))
                .check(Check.http("no such page", engine.name("web"), 8000, "/none"))
                .run(repository.get(), snapshot);
        assertThat(report.checks().stream().map(CheckResult::outcome))
                .containsExactly(Outcome.PASSED, Outcome.PASSED, Outcome.FAILED, Outcome.FAILED);
        assertThat(result(report, "a wrong password").detail()).contains("password authentication failed");
        assertThat(result(report, "no such page").detail()).contains("status 404");
        assertThat(report.isPassed()).isFalse();
    }

    /** Each is broken on purpose, and the drill says by what it was found. */
    @Test
    void brokenBackups_areFound_andSaidByTheirCheck() throws Exception {
        shop();
        String db = engine.name("db");
        Snapshot withoutVolume = repository.backup(source().withoutVolumes(engine.name("data")));
        DrillReport report = drill().run(repository.get(), withoutVolume);
        assertThat(result(report, "1000 orders").outcome()).isEqualTo(Outcome.FAILED);
        assertThat(report.reasons()).anyMatch(reason -> reason.startsWith("check '1000 orders' failed"));
        assertThat(report.lost()).anyMatch(problem -> problem.detail().contains(engine.name("data")));

        exec(db, "psql -qc \"alter role shop password 'other'\"");
        report = drill().run(repository.get(), backUp());
        assertThat(result(report, "1000 orders").outcome()).isEqualTo(Outcome.PASSED);
        assertThat(report.reasons())
                .singleElement()
                .asString()
                .startsWith("check 'the shop logs in' failed")
                .contains("password authentication failed");

        exec(db, "psql -qc 'truncate orders'");
        report = drill().run(repository.get(), backUp());
        assertThat(result(report, "1000 orders").detail()).endsWith("was not expected: 0");
        assertThat(Drill.history(repository.get(), withoutVolume.source(), 5))
                .hasSize(3)
                .noneMatch(record -> record.passed() || record.reason().isEmpty());
    }

    /** A container that was restored and does not work is a result, not an exception. */
    @Test
    void containerThatEnds_isAReason_andItsImageGoesWithIt() throws Exception {
        String image = engine.name("img") + ":1";
        engine.later("docker image rm -f " + image + " >/dev/null 2>&1 || true");
        run("run", "--name", engine.name("made"), EngineFixture.BUSYBOX, "sh", "-c", "echo x > /made");
        run("commit", engine.name("made"), image);
        run("rm", engine.name("made"));
        create("one", List.of("-v", engine.name("v") + ":/v"), image, "sh", "-c", "[ ! -e /v/broken ] && sleep 100000");
        exec(engine.name("one"), "touch /v/broken");
        Snapshot snapshot = repository.backup(repository.docker().container(engine.name("one")));
        run("rm", "-f", engine.name("one"));
        run("image", "rm", image);
        DrillReport report = Drill.in(DockerDrill.on(repository.docker())).run(repository.get(), snapshot);
        assertThat(report.timeToHealthy()).isEmpty();
        assertThat(report.reasons()).hasSize(1).allMatch(reason -> reason.startsWith(engine.name("one") + " is ENDED"));
        assertThat(run("images", "-q", image)).isEmpty();
    }

    /** By a link of the default network, and after it has ended a few times. */
    @Test
    void memberThatNeedsAnother_worksOnceThatListens() throws Exception {
        Assumptions.assumeFalse(EngineFixture.isPodman(), "LEFT OUT: Podman has no links");
        create(
                "db",
                List.of(),
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "sleep 3; while true; do nc -l -p 7 </dev/null; done");
        create(
                "web",
                List.of("--restart", "always", "--link", engine.name("db") + ":store"),
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "nc -w 1 store 7 </dev/null || exit 1; exec sleep 100000");
        String starts = "";
        for (int i = 0;
                !state(engine.name("web")).equals("running") || !starts.equals(starts(engine.name("web")));
                i++) {
            assertThat(i).isLessThan(30);
            starts = starts(engine.name("web"));
            Thread.sleep(2000);
        }
        DrillReport report = Drill.in(DockerDrill.on(repository.docker())).run(repository.get(), backUp());
        assertThat(report.reasons()).isEmpty();
        assertThat(report.timeToHealthy().orElseThrow().toSeconds()).isGreaterThanOrEqualTo(3);
    }

    private static String starts(String container) {
        return inspect(container, "{{.RestartCount}}");
    }

    /** A container that is not to be started again may end with exit code 0: its work is done. */
    @Test
    void jobThatEndsWhileItIsChecked_hasDoneItsWork() throws Exception {
        create("job", List.of("--stop-signal", "SIGKILL"), EngineFixture.BUSYBOX, "sleep", "6");
        DrillReport report = Drill.in(DockerDrill.on(repository.docker()))
                .check(Check.of("waits for its end", app -> {
                    Thread.sleep(7000);
                    return "";
                }))
                .run(repository.get(), backUp());
        assertThat(report.members())
                .singleElement()
                .matches(member -> member.state().equals("RUNNING"));
        assertThat(report.reasons()).isEmpty();
    }

    @Test
    void whatDidNotRun_isNotProven() throws Exception {
        create("one", List.of("--stop-signal", "SIGKILL"), EngineFixture.BUSYBOX, "sleep", "100000");
        run("kill", engine.name("one"));
        Snapshot snapshot = repository.backup(repository.docker().container(engine.name("one")));
        DrillReport report = Drill.in(DockerDrill.on(repository.docker())).run(repository.get(), snapshot);
        assertThat(report.reasons()).singleElement().asString().startsWith("no container was started");
        assertThat(report.notes()).anyMatch(note -> note.contains("did not run when it was captured"));
    }

    @Test
    void snapshotOfAVolume_isRefusedByName() throws Exception {
        run("volume", "create", engine.name("v"));
        Snapshot snapshot = repository.backup(repository.docker().volume(engine.name("v")));
        DrillReport report = Drill.in(DockerDrill.on(repository.docker())).run(repository.get(), snapshot);
        assertThat(report.failure().orElseThrow()).contains("has no containers").contains("verify it instead");
    }

    /** Drills the newest snapshot: {@code <directory> <engine>}. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws InterruptedException {
            Path dir = Path.of(arguments[0]);
            try (Docker docker =
                            Docker.at(URI.create(arguments[1])).withJournal(QuiesceJournal.at(dir.resolve("journal")));
                    Repository repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                            .encryption(Encryption.none())
                            .open()) {
                DrillReport report = Drill.in(DockerDrill.on(docker))
                        .run(repo, repo.snapshots().get(0));
                if (!report.isPassed()) {
                    throw new AssertionError(report.toString());
                }
            }
        }
    }

    /** After SIGKILL at any change of the engine, the next drill takes away what is left. */
    @Test
    void drill_killedAtAnyChange_leavesNothingForLong() throws Exception {
        String image = engine.name("img") + ":1";
        engine.later("docker image rm -f " + image + " >/dev/null 2>&1 || true");
        run("run", "--name", engine.name("made"), EngineFixture.BUSYBOX, "sh", "-c", "echo x > /made");
        run("commit", engine.name("made"), image);
        run("rm", engine.name("made"));
        Path bind = repository.scratch("bind").toAbsolutePath();
        Files.createDirectories(bind);
        Files.writeString(bind.resolve("file"), "bound");
        List<String> options =
                List.of("-v", engine.name("v") + ":/v", "-v", bind + ":/bind", "--stop-signal", "SIGKILL");
        create("one", options, image, "sleep", "100000");
        repository.backup(repository
                .docker()
                .containers("app=" + engine.name("app"))
                .withBindMounts()
                .quiesce(Quiesce.pause()));
        run("rm", "-f", engine.name("one"));
        run("image", "rm", image);
        Path dir = repository.scratch("").toAbsolutePath();
        QuiesceJournal journal = QuiesceJournal.at(dir.resolve("journal"));
        int change = 1;
        int found = 0;
        try (KillingRelay relay = new KillingRelay(EngineFixture.uri(), dir.resolve("engine.sock"));
                Docker docker = Docker.at(relay.uri()).withJournal(journal)) {
            while (killedAt(relay, change, dir)) {
                boolean left = !drilled().isEmpty();
                List<String> removed = DockerDrill.on(docker).removeLeftovers();
                found += left && !removed.isEmpty() ? 1 : 0;
                assertThat(drilled())
                        .as("killed at change %d, removed %s", change, removed)
                        .isEmpty();
                assertThat(leftInJournal(dir)).as("killed at change %d", change).isEmpty();
                change++;
            }
        }
        assertThat(change).isGreaterThan(6);
        assertThat(found).isGreaterThan(3);
        assertThat(bind.resolve("file")).hasContent("bound");
    }

    private static List<String> leftInJournal(Path dir) throws IOException {
        try (var files = Files.list(dir.resolve("journal"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("drill-") || name.endsWith(".quiesced"))
                    .toList();
        }
    }

    private boolean killedAt(KillingRelay relay, int change, Path dir) throws Exception {
        relay.killAt(change);
        Process child = ChildJvm.start(
                Child.class,
                "128m",
                dir.resolve("log"),
                dir.toString(),
                relay.uri().toString());
        relay.victim(child);
        assertThat(child.waitFor(120, TimeUnit.SECONDS)).isTrue();
        boolean killed = relay.disarm();
        assertThat(killed || child.exitValue() == 0)
                .as(Files.readString(dir.resolve("log")))
                .isTrue();
        return killed;
    }
}
