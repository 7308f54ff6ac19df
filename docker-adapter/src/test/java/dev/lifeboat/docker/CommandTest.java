package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a command prints as a source, and a command that reads it as a target. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("output of commands")
class CommandTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private String busybox() {
        String name = engine.name("app");
        run("run", "-d", "--stop-signal", "9", "--name", name, EngineFixture.BUSYBOX, "sleep", "100000");
        return name;
    }

    private String database(String suffix) {
        String name = engine.name(suffix);
        run("run", "-d", "--name", name, EngineFixture.POSTGRES);
        // The entrypoint starts the server for good at once; there is none for the initialization only.
        exec(name, "until psql -qAt -c 'select 1' >/dev/null 2>&1; do sleep 0.2; done");
        return name;
    }

    @Test
    void dumpOfADatabase_comesBackInAnother() {
        String db = database("db");
        exec(db, "psql -q -c \"create table t as select i, md5(i::text) as m from generate_series(1, 100000) i\"");
        Snapshot snapshot = repository.backup(repository.docker().exec(db, "pg_dump", "--clean", "--if-exists"));
        assertThat(snapshot.source()).isEqualTo("exec:" + db + ":pg_dump");
        assertThat(snapshot.completeness()).isEqualTo(Completeness.COMPLETE);
        String other = database("other");
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().intoCommand(other, "psql", "-q", "-v", "ON_ERROR_STOP=1"))
                .run();
        String sum = "psql -qAt -c 'select count(*), md5(string_agg(m, null order by i)) from t'";
        assertThat(exec(other, sum)).startsWith("100000|").isEqualTo(exec(db, sum));
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().intoCommand(other, "psql", "-q", "-d", "nowhere"))
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining("nowhere");
    }

    @Test
    void output_isAFileOfTheSnapshot_withoutStandardError() throws Exception {
        String name = busybox();
        Snapshot snapshot = repository.backup(repository
                .docker()
                .exec(name, "sh", "-c", "head -c 3000000 /dev/zero; echo noise >&2; printf '\\001end'")
                .asUser("0"));
        Path tree = repository.scratch("tree");
        repository.get().restore(snapshot).to(DirectoryRestore.into(tree)).run();
        byte[] output = Files.readAllBytes(tree.resolve("exec/output"));
        assertThat(output).hasSize(3_000_004).endsWith(1, 'e', 'n', 'd');
    }

    @Test
    void commandThatFails_givesNoSnapshot() {
        String name = busybox();
        assertThatThrownBy(() -> repository.backup(
                        repository.docker().exec(name, "sh", "-c", "echo half; echo why >&2; exit 4")))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("exit code 4")
                .hasMessageContaining("why");
        assertThatThrownBy(() -> repository.backup(repository.docker().exec(name, "no-such-program")))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("no-such-program");
        run("kill", name);
        assertThatThrownBy(() -> repository.backup(repository.docker().exec(name, "true")))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("not running");
        assertThat(repository.get().snapshots()).isEmpty();
    }

    @Test
    void commandThatReadsNoInput_orOnlyAPart_ends() {
        String name = busybox();
        Snapshot snapshot = repository.backup(repository.docker().exec(name, "head", "-c", "5000000", "/dev/zero"));
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().intoCommand(name, "sh", "-c", "wc -c > /count"))
                .run();
        assertThat(exec(name, "cat /count")).isEqualTo("5000000");
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().intoCommand(name, "sh", "-c", "head -c 10 >/dev/null; exit 3"))
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining("exit code 3");
    }

    @Test
    void snapshotOfSomethingElse_isRefused() {
        String name = busybox();
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().intoCommand(name, "cat"))
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining("no output of a command");
    }
}
