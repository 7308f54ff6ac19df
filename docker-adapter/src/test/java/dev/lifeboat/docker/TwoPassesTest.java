package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of a container are read while it runs, and what changes until it is quiesced is read again. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("a quiesced container is read in two passes")
class TwoPassesTest {
    /** Between the passes: changes each part of the container. */
    private static final ContainerCommand CHANGE = ContainerCommand.of(
            "sh",
            "-c",
            "for place in /volume /bind /layer; do echo after > $place/changed; rm $place/removed; mv $place/a $place/b;"
                    + " chmod 600 $place/mode; echo new > $place/new;"
                    + " dd if=/dev/zero of=$place/long bs=64k seek=10 count=1 conv=notrunc 2>/dev/null; done;"
                    + " rm /etc/was-there; touch /etc/hostname.new");

    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private String container() throws Exception {
        Path bind = Files.createDirectories(repository.scratch("bind"));
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--stop-signal",
                "9",
                "--name",
                name,
                "-v",
                engine.name("v") + ":/volume",
                "-v",
                bind + ":/bind",
                EngineFixture.BUSYBOX,
                "sleep",
                "100000");
        exec(
                name,
                "mkdir /layer; touch /etc/was-there; for place in /volume /bind /layer; do for file in changed removed"
                        + " a mode; do echo before > $place/$file; done;"
                        + " dd if=/dev/urandom of=$place/long bs=1M count=3 2>/dev/null; done");
        // Older than the granularity of file times.
        Thread.sleep(100);
        return name;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatChangedBetweenThePasses_isInTheSnapshot(boolean incremental) throws Exception {
        String name = container();
        List<Phase> phases = new ArrayList<>();
        Snapshot snapshot;
        try (Docker docker = EngineFixture.docker()) {
            ContainerSource source = docker.container(name).withBindMounts();
            if (incremental) {
                repository.backup(source);
            }
            snapshot = repository
                    .get()
                    .backup(source.quiesce(
                            Quiesce.exec(CHANGE, ContainerCommand.of("true")).andPause()))
                    .onEvent(event -> {
                        if (event instanceof OperationEvent.PhaseStarted started) {
                            phases.add(started.phase());
                        }
                    })
                    .run();
        }
        assertThat(phases).containsExactly(Phase.PREPARING, Phase.PRE_COPYING, Phase.READING, Phase.COMMITTING);
        assertThat(state(name)).isEqualTo("running");
        Path tree = repository.scratch("tree");
        repository.get().restore(snapshot).to(DirectoryRestore.into(tree)).run();
        for (String place :
                List.of("volumes/" + engine.name("v") + "/data", "paths/0/data", "rootfs/" + name + "/layer")) {
            Path files = tree.resolve(place);
            try (var list = Files.list(files)) {
                assertThat(list.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder("changed", "b", "mode", "new", "long");
            }
            assertThat(files.resolve("changed")).hasContent("after");
            assertThat(Files.getPosixFilePermissions(files.resolve("mode"))).hasSize(2);
            byte[] file = Files.readAllBytes(files.resolve("long"));
            assertThat(file).hasSize(3 << 20);
            assertThat(java.util.Arrays.copyOfRange(file, 10 << 16, 11 << 16)).containsOnly(0);
        }
        assertThat(tree.resolve("rootfs/" + name + "/etc/hostname.new")).exists();
        assertThat(tree.resolve("rootfs/" + name + "/etc/was-there")).doesNotExist();
    }

    @Test
    void withoutPreCopy_readsOnce() throws Exception {
        String name = container();
        List<Phase> phases = new ArrayList<>();
        try (Docker docker = EngineFixture.docker()) {
            Snapshot snapshot = repository
                    .get()
                    .backup(docker.container(name).withoutPreCopy().quiesce(Quiesce.pause()))
                    .onEvent(event -> {
                        if (event instanceof OperationEvent.PhaseStarted started) {
                            phases.add(started.phase());
                        }
                    })
                    .run();
            assertThat(snapshot.stats().quiesced()).isPresent();
        }
        assertThat(phases).doesNotContain(Phase.PRE_COPYING);
        assertThat(state(name)).isEqualTo("running");
    }

    @Test
    void containerThatIsPausedForTooLong_isResumedAtTheLimit() throws Exception {
        String name = container();
        try (Docker docker = EngineFixture.docker()) {
            Snapshot snapshot = repository
                    .get()
                    .backup(docker.container(name).quiesce(Quiesce.pause()))
                    .quiesceAtMost(Duration.ofMillis(200))
                    .onEvent(event -> {
                        // Longer than the limit.
                        if (event instanceof OperationEvent.Quiesced) {
                            awaitRunning(name);
                        }
                    })
                    .run();
            assertThat(snapshot.problems())
                    .anyMatch(problem -> problem.detail().contains("quiesceAtMost"))
                    .anyMatch(problem -> problem.detail().contains("unpaused before all of it was read"));
            assertThat(snapshot.completeness()).isEqualTo(Completeness.COMPLETE_WITH_LOSSES);
            Fidelity fidelity = Fidelity.of(repository.get(), snapshot);
            assertThat(fidelity.members()).containsExactly(new Fidelity.Member(name, name, "PAUSE", false, true));
            assertThat(fidelity.parts())
                    .contains(new Fidelity.Part(EntryPath.of("volumes/" + engine.name("v") + "/data"), "host path"));
            assertThat(fidelity.problems()).containsExactlyInAnyOrderElementsOf(snapshot.problems());
            assertThat(fidelity.problemCount()).isEqualTo(snapshot.problems().size());
            assertThat(fidelity.toString()).contains("PAUSE?").contains("host path");
        }
        assertThat(state(name)).isEqualTo("running");
    }

    @Test
    void fidelity_ofAnotherSource_isRefused() throws Exception {
        Path dir = Files.createDirectories(repository.scratch("plain"));
        Snapshot snapshot = repository.backup(DirectorySource.of(dir));
        assertThatThrownBy(() -> Fidelity.of(repository.get(), snapshot))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not one of containers or of a volume");
    }

    private static void awaitRunning(String name) {
        long begun = System.nanoTime();
        while (!state(name).equals("running")) {
            assertThat(System.nanoTime() - begun).isLessThan(60_000_000_000L);
        }
    }
}
