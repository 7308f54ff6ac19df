package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.HeldCommand;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceSession;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Commands and sessions that quiesce an application within its container. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("commands and sessions quiesce a container")
class QuiesceSessionTest {
    private static final ContainerCommand LOCK = sh("echo locked > /data/lock");
    private static final ContainerCommand UNLOCK = sh("rm -f /data/lock; echo x >> /unlocked");

    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private String name;
    private QuiesceJournal journal;

    private static ContainerCommand sh(String line) {
        return ContainerCommand.of("sh", "-c", line);
    }

    @BeforeEach
    void container() {
        name = engine.name("app");
        journal = QuiesceJournal.at(repository.scratch("journal"));
        String volume = engine.name("v") + ":/data";
        run("run", "-d", "--stop-signal", "9", "--name", name, "-v", volume, EngineFixture.BUSYBOX, "sleep", "100000");
    }

    private Snapshot backup(Quiesce quiesce) {
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            return repository.backup(docker.container(name).quiesce(quiesce));
        }
    }

    private boolean wasLocked(Snapshot snapshot) {
        Path tree = repository.scratch("tree");
        repository
                .get()
                .restore(snapshot)
                .subtree(EntryPath.of("volumes/" + engine.name("v") + "/data"))
                .to(DirectoryRestore.into(tree))
                .run();
        return Files.exists(tree.resolve("lock"));
    }

    private void isUnlockedOnce() throws Exception {
        assertThat(exec(name, "ls /data; cat /unlocked")).isEqualTo("x");
        assertThat(journal.abandoned()).isEmpty();
        Path records = Files.createDirectories(repository.scratch("journal"));
        try (Stream<Path> files = Files.list(records)) {
            assertThat(files.filter(file -> file.toString().endsWith(".quiesced")))
                    .isEmpty();
        }
    }

    @Test
    void commands_runBeforeAndAfter() throws Exception {
        assertThat(wasLocked(backup(Quiesce.exec(LOCK, UNLOCK)))).isTrue();
        isUnlockedOnce();
    }

    @Test
    void commands_andPause() throws Exception {
        List<String> states = new ArrayList<>();
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            Snapshot snapshot = repository
                    .get()
                    .backup(docker.container(name)
                            .quiesce(Quiesce.exec(LOCK, UNLOCK).andPause()))
                    .onEvent(event -> {
                        if (event instanceof OperationEvent.Quiesced) {
                            states.add(state(name));
                        }
                    })
                    .run();
            assertThat(wasLocked(snapshot)).isTrue();
        }
        assertThat(states).containsExactly("paused");
        assertThat(state(name)).isEqualTo("running");
        isUnlockedOnce();
    }

    @Test
    void commandThatFails_failsTheBackup_andTheSecondOneRuns() throws Exception {
        assertThatThrownBy(() -> backup(Quiesce.exec(sh("echo locked > /data/lock; echo no room; exit 3"), UNLOCK)))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("exit code 3")
                .hasMessageContaining("no room")
                .hasMessageContaining(name);
        assertThat(repository.get().snapshots()).isEmpty();
        isUnlockedOnce();
    }

    @Test
    void commandThatHangs_isGivenUp_andTheSecondOneRuns() throws Exception {
        assertThatThrownBy(() -> backup(
                        Quiesce.exec(sh("echo locked > /data/lock; sleep 100").within(Duration.ofSeconds(2)), UNLOCK)))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("has not ended after 2 s");
        isUnlockedOnce();
    }

    @Test
    void commandThatFloodsItsOutput_isReadToItsEnd() throws Exception {
        ContainerCommand flood = sh("echo locked > /data/lock; yes 0123456789 | head -c 50000000; echo; echo end");
        assertThat(wasLocked(backup(Quiesce.exec(flood, UNLOCK)))).isTrue();
        isUnlockedOnce();
    }

    @Test
    void missingProgram_isNamed() {
        assertThatThrownBy(() -> backup(Quiesce.exec(ContainerCommand.of("no-such-program"), UNLOCK)))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("no-such-program");
    }

    @Test
    void stoppedContainer_isReadAsItIs() {
        run("kill", name);
        assertThat(wasLocked(backup(Quiesce.exec(LOCK, UNLOCK)))).isFalse();
        assertThat(state(name)).isEqualTo("exited");
    }

    /** Backs a container up and waits for ever once its command has run: {@code <directory> <container>}. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            Path dir = Path.of(arguments[0]);
            try (Docker docker = Docker.local().withJournal(QuiesceJournal.at(dir.resolve("journal")));
                    Repository repo = Repository.at(FileStorage.at(dir.resolve("child")))
                            .encryption(Encryption.none())
                            .openOrCreate()) {
                repo.backup(docker.container(arguments[1])
                                .quiesce(Quiesce.exec(LOCK, UNLOCK).andPause()))
                        .onEvent(event -> {
                            if (event instanceof OperationEvent.Quiesced) {
                                hang(dir);
                            }
                        })
                        .run();
            }
        }

        private static void hang(Path dir) {
            try {
                Files.writeString(dir.resolve("quiesced"), "");
                Thread.sleep(TimeUnit.DAYS.toMillis(1));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    void sigkill_recoveryRunsTheSecondCommand() throws Exception {
        Path dir = repository.scratch("").toAbsolutePath();
        Process process = ChildJvm.start(Child.class, "128m", dir.resolve("log"), dir.toString(), name);
        while (!Files.exists(dir.resolve("quiesced"))) {
            assertThat(process.isAlive())
                    .as(Files.readString(dir.resolve("log")))
                    .isTrue();
            Thread.sleep(20);
        }
        process.destroyForcibly().waitFor();
        assertThat(state(name)).isEqualTo("paused");
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            assertThat(docker.recover().resumed()).containsExactly(name);
            assertThat(docker.recover().isEmpty()).isTrue();
        }
        isUnlockedOnce();
    }

    /** A session holds a command, talks to it, and ends it. */
    @Test
    void session_holdsACommand() throws Exception {
        List<String> heard = new ArrayList<>();
        QuiesceSession session = container -> {
            HeldCommand shell = container.open(ContainerCommand.of("sh"));
            shell.send("echo locked > /data/lock; trap 'rm /data/lock; echo x >> /unlocked' EXIT; echo ready");
            heard.add(shell.receive(Duration.ofSeconds(10)));
            return shell::close;
        };
        assertThat(wasLocked(backup(Quiesce.session(session)))).isTrue();
        assertThat(heard).containsExactly("ready");
        isUnlockedOnce();
    }

    @Test
    void heldCommandThatEnds_isNoticed() {
        QuiesceSession session = container -> {
            HeldCommand shell = container.open(ContainerCommand.of("sh", "-c", "echo bye >&2; exit 1"));
            shell.receive(Duration.ofSeconds(10));
            shell.receive(Duration.ofSeconds(10));
            return shell::close;
        };
        assertThatThrownBy(() -> backup(Quiesce.session(session)))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("has ended");
    }

    /** A lock that a client held is gone with the client, so what was read meanwhile is no snapshot. */
    @Test
    void heldCommandThatEndsWhileItIsRead_failsTheBackup() {
        QuiesceSession session = container -> container.open(ContainerCommand.of("cat"))::close;
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            assertThatThrownBy(() -> repository
                            .get()
                            .backup(docker.container(name).quiesce(Quiesce.session(session)))
                            .onEvent(event -> {
                                if (event instanceof OperationEvent.Quiesced) {
                                    exec(name, "killall cat; sleep 1");
                                }
                            })
                            .run())
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining("ended by itself");
        }
        assertThat(repository.get().snapshots()).isEmpty();
    }

    /** The copy of a Redis server that was not paused has the data of the moment of the backup, or later. */
    @Test
    void redis_isSavedAndComesBack() {
        String redis = engine.name("redis");
        run("run", "-d", "--name", redis, EngineFixture.REDIS);
        assertThat(exec(redis, "until redis-cli set a 1 2>/dev/null; do sleep 0.1; done"))
                .isEqualTo("OK");
        Snapshot snapshot;
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            snapshot = repository.backup(docker.container(redis).quiesce(Quiesce.redis("redis-cli")));
        }
        assertThat(exec(redis, "redis-cli config get auto-aof-rewrite-percentage"))
                .contains("100");
        assertThat(exec(redis, "redis-cli config get auto-aof-rewrite-percentage; ls /data"))
                .contains("dump.rdb");
        String copy = engine.name("copy");
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().newContainer(copy).start())
                .run();
        assertThat(exec(copy, "until redis-cli ping >/dev/null 2>&1; do sleep 0.1; done; redis-cli get a"))
                .isEqualTo("1");
    }

    @Test
    void missingClientOfRedis_isNamed() {
        assertThatThrownBy(() -> backup(Quiesce.redis("redis-cli")))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("redis-cli");
    }
}
