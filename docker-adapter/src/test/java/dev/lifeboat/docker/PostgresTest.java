package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A database under write load, frozen as it is, comes back as the power going off would have left it: it recovers,
 * and it is whole.
 */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("PostgreSQL under load")
class PostgresTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private static String sql(String container, String statement) {
        return exec(container, "psql -qAt -d postgres -c \"" + statement + "\"");
    }

    private static void awaitDatabase(String container) throws InterruptedException {
        for (int i = 0; i < 300; i++) {
            try {
                if (sql(container, "select 1").equals("1")) {
                    return;
                }
            } catch (AssertionError e) {
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
        throw new AssertionError("no database: " + run("logs", "--tail", "30", container));
    }

    private String loaded() throws InterruptedException {
        String name = engine.name("db");
        run("run", "-d", "--name", name, EngineFixture.POSTGRES);
        awaitDatabase(name);
        exec(name, "pgbench -q -i -s 5 postgres 2>&1");
        sql(name, "create table log(id bigserial primary key, at timestamptz default clock_timestamp(), filler text)");
        exec(
                name,
                "(pgbench -n -c 4 -T 120 postgres >/tmp/bench.log 2>&1 &) ; (while psql -qAt -d postgres -c \"insert into log(filler)"
                        + " values (repeat('x', 500))\"; do :; done >/dev/null 2>&1 &)");
        while (Long.parseLong(sql(name, "select count(*) from log")) < 100) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return name;
    }

    private void restoredIsWhole(Docker source, Docker target) throws Exception {
        String name = loaded();
        try (Repository repo = Repository.at(FileStorage.at(dir.resolve("backups")))
                .encryption(Encryption.none())
                .create()) {
            AtomicLong atMost = new AtomicLong();
            // Another volume first, so that the next one is incremental under load, too.
            repo.backup(source.container(name).quiesce(Quiesce.pause())).run();
            long atLeast = Long.parseLong(sql(name, "select max(id) from log"));
            Snapshot snapshot = repo.backup(source.container(name).quiesce(Quiesce.postgres()))
                    .onEvent(event -> {
                        if (event instanceof OperationEvent.Resumed) {
                            atMost.set(Long.parseLong(sql(name, "select max(id) from log")));
                        }
                    })
                    .run();
            assertThat(snapshot.problems()).noneMatch(p -> p.kind() == Problem.Kind.CHANGED);
            assertThat(state(name)).isEqualTo("running");
            String copy = engine.name("copy");
            repo.restore(snapshot).to(target.newContainer(copy).start()).run();
            awaitDatabase(copy);
            assertThat(run("logs", copy)).contains("database system was not properly shut down; automatic recovery");
            // One that existed between the last insert we saw before and the first moment after the freeze.
            long rows = Long.parseLong(sql(copy, "select count(*) from log"));
            assertThat(Long.parseLong(sql(copy, "select max(id) from log"))).isBetween(atLeast, atMost.get());
            assertThat(rows).isPositive();
            // The branches' balances agree with the history, as they do at every moment.
            assertThat(
                            sql(
                                    copy,
                                    "select (select sum(bbalance) from pgbench_branches) = (select coalesce(sum(delta), 0) from pgbench_history)"))
                    .isEqualTo("t");
            assertThat(exec(copy, "pg_amcheck --install-missing --heapallindexed -d postgres 2>&1; echo exit $?"))
                    .endsWith("exit 0");
            sql(copy, "checkpoint");
            run("stop", copy);
            String data = EngineFixture.inspect(copy, "{{range .Mounts}}{{.Name}}{{end}}");
            assertThat(run(
                            "run",
                            "--rm",
                            "-v",
                            data + ":/var/lib/postgresql/data",
                            "--entrypoint",
                            "pg_checksums",
                            EngineFixture.POSTGRES,
                            "--check"))
                    .contains("Bad checksums:  0");
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    @Test
    void underLoad_pausedAndRestored_recovers() throws Exception {
        try (Docker docker = EngineFixture.docker()) {
            restoredIsWhole(docker, docker);
        }
    }

    @Test
    void underLoad_readAndWrittenThroughTheApi_recovers() throws Exception {
        try (TcpRelay relay = new TcpRelay(EngineFixture.uri());
                Docker remote = Docker.at(relay.uri())) {
            restoredIsWhole(remote, remote);
        }
    }
}
