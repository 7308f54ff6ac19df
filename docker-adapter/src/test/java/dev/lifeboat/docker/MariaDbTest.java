package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A MariaDB server under load is locked while it is read: tables that do not recover by themselves are whole, too. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
class MariaDbTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private static String sql(String container, String statement) {
        return exec(container, "mariadb -uroot --batch --skip-column-names -e \"" + statement + "\"");
    }

    private static void awaitServer(String container) throws InterruptedException {
        for (int i = 0; i < 600; i++) {
            try {
                if (sql(container, "select 1").equals("1")) {
                    return;
                }
            } catch (AssertionError e) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        throw new AssertionError("no server: " + run("logs", "--tail", "30", container));
    }

    private String server() throws InterruptedException {
        String name = engine.name("db");
        run("run", "-d", "--name", name, EngineFixture.MARIADB);
        awaitServer(name);
        return name;
    }

    private static long count(String container, String table) {
        return Long.parseLong(sql(container, "select count(*) from shop." + table));
    }

    @Test
    void tablesOfAllEngines_areWhole() throws Exception {
        String name = server();
        sql(
                name,
                "create database shop; create table shop.a(id int) engine=InnoDB; create table shop.b(id int)"
                        + " engine=MyISAM; create table shop.c(id int) engine=Aria transactional=0");
        exec(
                name,
                "(i=0; while i=$((i + 1)); do echo \"insert into shop.a values ($i); insert into shop.b values ($i);"
                        + " insert into shop.c values ($i);\"; done | mariadb -uroot >/dev/null 2>&1 &)");
        while (count(name, "a") < 1000) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        try (Docker docker = EngineFixture.docker()) {
            ContainerSource source = docker.container(name).quiesce(Quiesce.mariaDb());
            Snapshot snapshot = repository.backup(source);
            assertThat(snapshot.completeness()).isEqualTo(Completeness.COMPLETE);
            assertThat(snapshot.stats().quiesced()).isPresent();
            // The lock is gone.
            long then = count(name, "c");
            while (count(name, "c") == then) {
                TimeUnit.MILLISECONDS.sleep(20);
            }
            assertThat(sql(name, "show processlist")).doesNotContain("backup");
            String copy = engine.name("copy");
            repository
                    .get()
                    .restore(snapshot)
                    .to(docker.newContainer(copy).start())
                    .run();
            awaitServer(copy);
            assertThat(sql(copy, "check table shop.a, shop.b, shop.c"))
                    .isEqualTo("shop.a\tcheck\tstatus\tOK\nshop.b\tcheck\tstatus\tOK\nshop.c\tcheck\tstatus\tOK");
            long rows = count(copy, "a");
            assertThat(rows).isGreaterThanOrEqualTo(1000);
            assertThat(count(copy, "b")).isBetween(rows - 1, rows);
            assertThat(count(copy, "c")).isBetween(rows - 1, rows);
        }
        assertThat(state(name)).isEqualTo("running");
    }

    @Test
    void userWhoMayNotLock_failsTheBackup() throws Exception {
        String name = server();
        sql(name, "create user reader@localhost");
        try (Docker docker = EngineFixture.docker()) {
            ContainerSource source = docker.container(name)
                    .quiesce(Quiesce.mariaDb("mariadb", "-ureader", "--batch", "--skip-column-names", "--unbuffered"));
            assertThatThrownBy(() -> repository.backup(source))
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining("may this user lock tables")
                    .hasMessageContaining(name);
        }
        assertThat(state(name)).isEqualTo("running");
        assertThat(repository.get().snapshots()).isEmpty();
    }
}
