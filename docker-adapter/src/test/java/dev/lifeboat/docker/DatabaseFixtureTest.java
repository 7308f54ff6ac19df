package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.get;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.docker.fixture.Checkpoint;
import dev.lifeboat.docker.fixture.Fixture;
import dev.lifeboat.docker.fixture.FixtureClone;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.ResetMode;
import dev.lifeboat.docker.fixture.Spares;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Real servers as fixtures: what a test did to them is gone, and they are whole. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("fixtures of databases")
class DatabaseFixtureTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final Docker docker = EngineFixture.docker();

    @AfterEach
    void closeEngine() {
        docker.close();
    }

    private static String sql(String container, String statement) {
        return exec(container, "psql -qAt -d postgres -c \"" + statement + "\"");
    }

    /** Waits as a user would who knows nothing of fixtures. */
    static void await(String container, String command) throws InterruptedException {
        for (int i = 0; i < 300; i++) {
            try {
                exec(container, command);
                return;
            } catch (AssertionError e) {
                Thread.sleep(100);
            }
        }
        throw new AssertionError(run("logs", "--tail", "30", container));
    }

    private String postgres() throws InterruptedException {
        String name = engine.name("db");
        run("run", "-d", "--name", name, "-p", "127.0.0.1::5432", EngineFixture.POSTGRES);
        await(name, "psql -qAt -d postgres -c 'select 1'");
        sql(name, "create table person(id serial primary key, name text)");
        sql(name, "insert into person(name) select 'person ' || n from generate_series(1, 20000) n");
        return name;
    }

    static void checkWhole(String name) {
        assertThat(sql(name, "select count(*), min(name), max(id) from person")).isEqualTo("20000|person 1|20000");
        assertThat(exec(name, "pg_amcheck --install-missing --heapallindexed -d postgres 2>&1; echo exit $?"))
                .endsWith("exit 0");
    }

    @ParameterizedTest
    @EnumSource(
            value = ResetMode.class,
            names = {"STOP", "KILL"})
    void postgres_isWholeAfterWhateverATestDoes(ResetMode mode) throws Exception {
        String name = postgres();
        String id = inspect(name, "{{.Id}}");
        try (Fixture db = Fixture.of(docker, name, FixtureOptions.defaults().mode(mode))) {
            int port = db.container().port(5432);
            db.checkpoint("migrated");
            List<Runnable> tests = List.of(
                    () -> sql(name, "delete from person where id > 5; create table other as select * from person"),
                    () -> {
                        sql(name, "create database extra");
                        sql(name, "drop table person");
                        sql(name, "vacuum full");
                    },
                    () -> exec(name, "pgbench -q -i -s 2 postgres 2>&1; pgbench -n -c 2 -t 200 postgres 2>&1"),
                    () -> exec(name, "rm -rf /var/lib/postgresql/data/base"),
                    () -> run("exec", "-u", "0", name, "busybox", "chown", "-R", "0:0", "/var/lib/postgresql/data"),
                    () -> run("kill", name));
            for (Runnable test : tests) {
                test.run();
                db.reset("migrated");
                checkWhole(name);
                assertThat(sql(name, "select count(*) from pg_database where datname = 'extra'"))
                        .isEqualTo("0");
                assertThat(db.container().port(5432)).isEqualTo(port);
            }
            run("rm", "-fv", name);
            db.reset("migrated");
            checkWhole(name);
            assertThat(inspect(name, "{{.Id}}")).isNotEqualTo(id);
        }
    }

    @Test
    void pausedCheckpointOfARunningDatabase_isMarkedAsCrashConsistent_andRecovers() throws Exception {
        String name = postgres();
        FixtureOptions options = FixtureOptions.defaults().mode(ResetMode.KILL).quiesce(Quiesce.postgres());
        try (Fixture db = Fixture.of(docker, name, options)) {
            String started = inspect(name, "{{.State.StartedAt}}");
            assertThat(db.checkpoint("running").consistency()).isEqualTo(Checkpoint.Consistency.CRASH_CONSISTENT);
            assertThat(inspect(name, "{{.State.StartedAt}}")).isEqualTo(started);
            sql(name, "drop table person");
            db.reset("running");
            checkWhole(name);
        }
    }

    @Test
    void clonesOfADatabase_areIndependent() throws Exception {
        String name = postgres();
        try (Fixture db = Fixture.of(docker, name)) {
            db.checkpoint("migrated");
            sql(name, "delete from person");
            try (FixtureClone one = db.clone("migrated");
                    FixtureClone two = db.clone("migrated")) {
                sql(one.container().name(), "drop table person");
                checkWhole(two.container().name());
                one.reset();
                checkWhole(one.container().name());
                assertThat(one.container().port(5432))
                        .isNotEqualTo(two.container().port(5432));
            }
            assertThat(sql(name, "select count(*) from person")).isEqualTo("0");
        }
    }

    @Test
    void spares_areSwitchedTo_andSetBackBehindTheScenes() throws Exception {
        EngineFixture.assumePublishedPortsAreReachable();
        String name = engine.name("web");
        run(
                "run",
                "-d",
                "--name",
                name,
                "-p",
                "127.0.0.1::80",
                "-v",
                "/www",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "trap 'exit 0' TERM; httpd -h /www; while :; do sleep 0.1; done");
        exec(name, "echo hello >/www/index.html");
        try (Fixture web = Fixture.of(docker, name, FixtureOptions.defaults().mode(ResetMode.KILL))) {
            web.checkpoint("clean");
            try (Spares spares = web.spares("clean", 2)) {
                int port = spares.port(80);
                Set<String> used = new HashSet<>();
                for (int i = 0; i < 6; i++) {
                    while (spares.ready() == 0) {
                        Thread.sleep(20);
                    }
                    used.add(spares.container().id());
                    exec(spares.container().name(), "echo changed >/www/index.html");
                    assertThat(get(port)).isEqualTo("changed");
                    assertThat(spares.reset().spare()).isTrue();
                    assertThat(get(port)).isEqualTo("hello");
                    assertThat(spares.port(80)).isEqualTo(port);
                }
                assertThat(used).hasSize(3);
                List<Spares.Borrowed> borrowed = List.of(spares.borrow(), spares.borrow());
                exec(borrowed.get(0).container().name(), "echo mine >/www/index.html");
                assertThat(get(borrowed.get(1).container().port(80))).isEqualTo("hello");
                exec(spares.container().name(), "echo changed >/www/index.html");
                assertThat(spares.reset().spare()).as("all spares are lent out").isFalse();
                assertThat(get(port)).isEqualTo("hello");
                borrowed.forEach(Spares.Borrowed::close);
                try (Spares.Borrowed again = spares.borrow()) {
                    assertThat(get(again.container().port(80))).isEqualTo("hello");
                }
            }
        }
        assertThat(run("ps", "-aq", "--filter", "name=" + name).lines()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lifeboat-redis:7|redis-cli set k v|redis-cli get k|redis-cli flushall",
                "lifeboat-mariadb:10.11|mariadb -uroot -e 'create database d; create table d.t(n int); insert into d.t values"
                        + " (42)'|mariadb -uroot -N -e 'select n from d.t'|mariadb -uroot -e 'drop database d'",
            })
    void otherServers(String image, String seed, String query, String damage) throws Exception {
        String name = engine.name("server");
        run("run", "-d", "--name", name, image);
        await(name, seed);
        String wanted = exec(name, query);
        for (ResetMode mode : List.of(ResetMode.STOP, ResetMode.KILL)) {
            try (Fixture server =
                    Fixture.of(docker, name, FixtureOptions.defaults().mode(mode))) {
                server.checkpoint("seeded");
                for (int i = 0; i < 2; i++) {
                    exec(name, damage);
                    server.reset("seeded");
                    assertThat(exec(name, query)).isEqualTo(wanted);
                }
            }
        }
    }

    @Test
    void composeProject_isResetAsOne_andCloned() throws Exception {
        Compose shop = Compose.shop(2, engine.name("shop").toLowerCase(Locale.ROOT), dir.resolve("shop"));
        engine.later("docker ps -aq --filter label=com.docker.compose.project=" + shop.name()
                + " | xargs -r docker rm -fv >/dev/null; docker network ls -q --filter name=" + shop.name()
                + " | xargs -r docker network rm >/dev/null");
        shop.run("up", "-d");
        FixtureOptions options = FixtureOptions.defaults().mode(ResetMode.KILL);
        try (Fixture fixture = Fixture.ofComposeProject(docker, shop.name(), options)) {
            String before = shop.ids();
            fixture.checkpoint("seeded");
            String web = fixture.container("web").name();
            exec(web, "echo broken >/cache/x; rm /bin/vi");
            exec(fixture.container("db").name(), "psql -qAt -c 'drop table counter'");
            fixture.reset("seeded");
            assertThat(shop.ids()).isEqualTo(before);
            assertThat(exec(fixture.container("db").name(), "psql -qAt -c 'select count(*) from counter'"))
                    .isEqualTo("1");
            assertThat(exec(web, "ls /bin/vi; [ -e /cache/x ] && cat /cache/x || echo gone"))
                    .isEqualTo("/bin/vi\ngone");
            assertThat(shop.run("ps", "-q").lines()).hasSize(4);
            try (FixtureClone clone = fixture.clone("seeded")) {
                String db = clone.container("db").name();
                assertThat(db).isNotEqualTo(fixture.container("db").name());
                exec(db, "psql -qAt -c 'drop table counter'");
                assertThat(exec(fixture.container("db").name(), "psql -qAt -c 'select count(*) from counter'"))
                        .isEqualTo("1");
                clone.reset();
                assertThat(exec(db, "psql -qAt -c 'select count(*) from counter'"))
                        .isEqualTo("1");
            }
        }
    }
}
