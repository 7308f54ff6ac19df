package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A container is never left paused or stopped, whatever ends the process. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("containers are resumed after SIGKILL")
class QuiesceTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private String name;
    private QuiesceJournal journal;

    @BeforeEach
    void container() {
        name = engine.name("app");
        journal = QuiesceJournal.at(repository.scratch("journal"));
        run("run", "-d", "--stop-signal", "9", "--name", name, "-v", "/data", EngineFixture.BUSYBOX, "sleep", "100000");
        exec(name, "head -c 30000000 /dev/urandom > /data/big");
    }

    /** Backs a container up, and waits once it is quiesced: {@code <directory> <container> <quiesce> [helper]}. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            Path dir = Path.of(arguments[0]);
            Docker local = Docker.local().withJournal(QuiesceJournal.at(dir.resolve("journal")));
            try (Docker docker = arguments.length > 3 ? local.withHelperProcess() : local;
                    Repository repo = Repository.at(FileStorage.at(dir.resolve("child")))
                            .encryption(Encryption.none())
                            .openOrCreate()) {
                repo.backup(docker.container(arguments[1]).quiesce(level(arguments[2])))
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
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Quiesce level(String name) {
        return switch (Quiesce.Level.valueOf(name)) {
            case NONE -> Quiesce.none();
            case PAUSE -> Quiesce.pause();
            case STOP -> Quiesce.stop();
        };
    }

    private Process quiescedByAnotherProcess(Quiesce.Level quiesce, String... more) throws Exception {
        Path dir = repository.scratch("").toAbsolutePath();
        List<String> arguments = new ArrayList<>(List.of(dir.toString(), name, quiesce.name()));
        arguments.addAll(List.of(more));
        Process process = ChildJvm.start(Child.class, "128m", dir.resolve("log"), arguments.toArray(String[]::new));
        while (!Files.exists(dir.resolve("quiesced"))) {
            assertThat(process.isAlive())
                    .as(Files.readString(dir.resolve("log")))
                    .isTrue();
            Thread.sleep(20);
        }
        assertThat(state(name)).isEqualTo(quiesce == Quiesce.Level.PAUSE ? "paused" : "exited");
        return process;
    }

    @ParameterizedTest
    @EnumSource(
            value = Quiesce.Level.class,
            names = {"PAUSE", "STOP"})
    void sigterm_resumes(Quiesce.Level quiesce) throws Exception {
        Process process = quiescedByAnotherProcess(quiesce);
        process.destroy();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(state(name)).isEqualTo("running");
        assertThat(journal.abandoned()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = Quiesce.Level.class,
            names = {"PAUSE", "STOP"})
    void sigkill_isMendedByTheNextRun(Quiesce.Level quiesce) throws Exception {
        Process process = quiescedByAnotherProcess(quiesce);
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            assertThat(docker.recover().isEmpty()).as("its process lives").isTrue();
            process.destroyForcibly().waitFor();
            assertThat(state(name)).isNotEqualTo("running");
            if (quiesce == Quiesce.Level.PAUSE) {
                repository.backup(docker.container(name).quiesce(level(quiesce.name())));
            } else {
                assertThat(docker.recover().resumed()).containsExactly(name);
            }
            assertThat(state(name)).isEqualTo("running");
            assertThat(docker.recover().isEmpty()).isTrue();
        }
    }

    /** A container that another user has paused stays paused. */
    @Test
    void pausedByOthers_staysPaused() {
        run("pause", name);
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            repository.backup(docker.container(name).quiesce(Quiesce.pause()));
            assertThat(docker.recover().isEmpty()).isTrue();
        }
        assertThat(state(name)).isEqualTo("paused");
    }

    @ParameterizedTest
    @EnumSource(
            value = Quiesce.Level.class,
            names = {"PAUSE", "STOP"})
    void helperProcess_resumesAtOnce(Quiesce.Level quiesce) throws Exception {
        Process process = quiescedByAnotherProcess(quiesce, "helper");
        List<ProcessHandle> helpers = process.descendants().toList();
        assertThat(helpers).hasSize(1);
        process.destroyForcibly().waitFor();
        long begun = System.nanoTime();
        while (!state(name).equals("running")) {
            assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun))
                    .isLessThan(60);
            Thread.sleep(20);
        }
        helpers.get(0).onExit().get(60, TimeUnit.SECONDS);
        try (Docker docker = EngineFixture.docker().withJournal(journal)) {
            assertThat(docker.recover().isEmpty()).isTrue();
        }
    }

    @Test
    void helperProcess_endsWithItsDocker() throws Exception {
        Set<ProcessHandle> before = ProcessHandle.current().descendants().collect(Collectors.toSet());
        ProcessHandle helper;
        try (Docker docker = EngineFixture.docker().withJournal(journal).withHelperProcess()) {
            repository.backup(docker.container(name).quiesce(Quiesce.pause()));
            repository.backup(docker.container(name).quiesce(Quiesce.pause()));
            List<ProcessHandle> started = ProcessHandle.current()
                    .descendants()
                    .filter(process -> !before.contains(process))
                    .toList();
            assertThat(started).hasSize(1);
            helper = started.get(0);
        }
        helper.onExit().get(60, TimeUnit.SECONDS);
        assertThat(state(name)).isEqualTo("running");
    }

    @ParameterizedTest
    @EnumSource(
            value = Quiesce.Level.class,
            names = {"PAUSE", "STOP"})
    void resumedByOthers_isTold(Quiesce.Level quiesce) throws Exception {
        Snapshot snapshot = repository
                .get()
                .backup(repository.docker().container(name).quiesce(level(quiesce.name())))
                .onEvent(event -> {
                    if (event instanceof OperationEvent.Quiesced) {
                        run(quiesce == Quiesce.Level.PAUSE ? "unpause" : "start", name);
                    }
                })
                .run();
        assertThat(snapshot.problems())
                .anyMatch(p -> p.kind() == Problem.Kind.CHANGED
                        && p.detail().contains((quiesce == Quiesce.Level.PAUSE ? "unpaused" : "started") + " before"));
        assertThat(state(name)).isEqualTo("running");
    }

    /** Two that begin at once: one quiesces it, and the other neither resumes it nor calls its files quiet. */
    @Test
    void twoAtOnce_resumeOnlyWhatTheyQuiesced() throws Exception {
        try (Docker docker = EngineFixture.docker().withJournal(journal);
                Repository other = Repository.at(FileStorage.at(repository.scratch("other")))
                        .encryption(Encryption.none())
                        .create()) {
            for (int i = 0; i < 5; i++) {
                CompletableFuture<Snapshot> second = CompletableFuture.supplyAsync(() -> other.backup(
                                docker.container(name).quiesce(Quiesce.pause()).named("host2:" + name))
                        .run());
                repository.backup(docker.container(name).quiesce(Quiesce.pause()));
                assertThat(second.join().source()).isEqualTo("host2:" + name);
                assertThat(state(name)).isEqualTo("running");
            }
            assertThat(journal.abandoned()).isEmpty();
            assertThat(other.verify().readData().run().findings()).isEmpty();
        }
    }

    @Test
    void closedEngine_resumesFirst() {
        Docker docker = EngineFixture.docker().withJournal(journal);
        assertThatThrownBy(() -> repository
                        .get()
                        .backup(docker.container(name).quiesce(Quiesce.pause()))
                        .onEvent(event -> {
                            if (event instanceof OperationEvent.Quiesced) {
                                docker.close();
                            }
                        })
                        .run())
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("this Docker object is closed");
        assertThat(state(name)).isEqualTo("running");
        assertThat(repository.get().snapshots()).isEmpty();
    }

    @Test
    void restartLoop_isCapturedAsItIs() throws InterruptedException {
        String loop = engine.name("loop");
        run(
                "run",
                "-d",
                "--name",
                loop,
                "--stop-signal",
                "9",
                "--restart",
                "always",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "echo >> /runs; sleep 0.3; exit 1");
        for (Quiesce.Level quiesce : Quiesce.Level.values()) {
            Snapshot snapshot =
                    repository.backup(repository.docker().container(loop).quiesce(level(quiesce.name())));
            assertThat(snapshot.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
            // Between two runs Podman has it as "exited" until its clean-up starts it again.
            for (int i = 0; i < 100 && state(loop).equals("exited"); i++) {
                Thread.sleep(100);
            }
            assertThat(state(loop)).as("after %s", quiesce).isIn("running", "restarting");
        }
    }

    /** A container that is removed meanwhile gives no snapshot, not one with some files less. */
    @Test
    void removedContainer_failsTheBackup() {
        assertThatThrownBy(() -> repository
                        .get()
                        .backup(repository.docker().container(name).quiesce(Quiesce.pause()))
                        .onEvent(event -> {
                            if (event instanceof OperationEvent.Quiesced) {
                                run("rm", "-fv", name);
                            }
                        })
                        .run())
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining(name);
        assertThat(repository.get().snapshots()).isEmpty();
    }
}
