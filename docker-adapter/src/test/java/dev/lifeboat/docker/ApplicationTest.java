package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Restore;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.StartedContainer;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.testkit.RequiresRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Applications of several containers that no Compose made: what may go wrong, and what stays as it was. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("applications of several containers")
class ApplicationTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private String label() {
        return "app=" + engine.name("app");
    }

    private String create(String suffix, List<String> options, String... command) {
        String name = engine.name(suffix);
        List<String> arguments =
                new ArrayList<>(List.of("run", "-d", "--stop-signal", "SIGKILL", "--label", label(), "--name", name));
        arguments.addAll(options);
        arguments.add(EngineFixture.BUSYBOX);
        arguments.addAll(command.length == 0 ? List.of("sleep", "100000") : List.of(command));
        run(arguments.toArray(String[]::new));
        return name;
    }

    private ApplicationSource source() {
        return repository.docker().containers(label());
    }

    private static DockerException engineFailure(Throwable failure) {
        assertThat(failure.getCause()).isInstanceOf(DockerException.class);
        return (DockerException) Objects.requireNonNull(failure.getCause());
    }

    @Test
    void unknownProject_isNamed_withThoseThatThereAre() {
        String name = engine.name("there");
        run(
                "run",
                "-d",
                "--name",
                name,
                "--label",
                "com.docker.compose.project=" + name,
                EngineFixture.BUSYBOX,
                "true");
        assertThatThrownBy(() -> repository.backup(repository.docker().composeProject(engine.name("gone"))))
                .isInstanceOf(BackupException.class)
                .hasMessageContaining(engine.name("gone"))
                .hasMessageContaining(name);
        assertThatThrownBy(() -> repository.backup(
                        repository.docker().composeProject(name).services("web")))
                .isInstanceOf(BackupException.class)
                .hasMessageContaining("[web]");
    }

    /** A paused container cannot be stopped in its own way: then none stays stopped. */
    @Test
    void applicationThatCannotBeStopped_isAsItWas() {
        String web = create("web", List.of());
        String db = create("db", List.of());
        String paused = create("a-paused", List.of());
        String stopped = create("stopped", List.of());
        run("pause", paused);
        run("kill", stopped);
        assertThatThrownBy(() -> repository.backup(source().quiesce(Quiesce.stop())))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining(paused);
        assertThat(List.of(state(web), state(db), state(paused), state(stopped)))
                .containsExactly("running", "running", "paused", "exited");
        Snapshot snapshot = repository.backup(source().quiesce(Quiesce.stop()).quiesce(paused, Quiesce.pause()));
        assertThat(snapshot.problems())
                .noneMatch(p -> p.kind() == Problem.Kind.CHANGED || p.kind() == Problem.Kind.FAILED);
        assertThat(List.of(state(web), state(db), state(paused), state(stopped)))
                .containsExactly("running", "running", "paused", "exited");
    }

    @Test
    void containerRemovedMeanwhile_failsTheBackup_andTheOthersRun() {
        String web = create("web", List.of());
        String db = create("db", List.of());
        assertThatThrownBy(() -> repository
                        .get()
                        .backup(source().quiesce(Quiesce.pause()))
                        .onEvent(event -> {
                            if (event instanceof OperationEvent.Quiesced) {
                                run("rm", "-f", db);
                            }
                        })
                        .run())
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining(db);
        assertThat(state(web)).isEqualTo("running");
        assertThat(repository.get().snapshots()).isEmpty();
    }

    @Test
    void containers_leftOut_andVolumesLeftOut() {
        create("web", List.of("-v", engine.name("cache") + ":/cache"));
        create("db", List.of("-v", engine.name("data") + ":/data"));
        exec(engine.name("web"), "echo x > /cache/x");
        Snapshot snapshot = repository.backup(source().withoutVolumes(engine.name("cache")));
        assertThat(snapshot.problems()).anyMatch(p -> p.detail().contains(engine.name("cache")));
        Restore.Restored restored = repository
                .get()
                .restore(snapshot)
                .to(repository
                        .docker()
                        .newContainers(engine.name("copy"))
                        .services(engine.name("web"))
                        .start())
                .run();
        assertThat(restored.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
        String copy = engine.name("copy") + "-" + engine.name("web");
        assertThat(exec(copy, "ls /cache")).isEmpty();
        assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name("copy")))
                .isEqualTo(copy);
        // It has the labels of the original, so it would be a part of the application from now on.
        run("rm", "-f", copy);
        Snapshot without = repository.backup(source().withoutServices(engine.name("db")));
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(without)
                        .to(repository.docker().containersInPlace().services(engine.name("db")))
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining("it has [" + engine.name("web") + "]");
    }

    @Test
    void runningOnly_leavesOutWhatIsStopped_withItsVolumes() throws Exception {
        String web = create("web", List.of("-v", engine.name("cache") + ":/cache"));
        String paused = create("paused", List.of("-v", engine.name("shared") + ":/shared"));
        String stopped = create(
                "stopped", List.of("-v", engine.name("shared") + ":/shared", "-v", engine.name("old") + ":/old"));
        run("pause", paused);
        run("kill", stopped);
        Snapshot snapshot = repository.backup(source().runningOnly());
        Snapshot all = repository.backup(source());
        assertThat(snapshot.source()).isEqualTo(all.source());
        String cache = engine.name("cache");
        String shared = engine.name("shared");
        assertThat(parts(all, SnapshotLayout.CONTAINERS)).containsExactlyInAnyOrder(web, paused, stopped);
        assertThat(parts(all, SnapshotLayout.VOLUMES)).containsExactlyInAnyOrder(cache, shared, engine.name("old"));
        assertThat(parts(snapshot, SnapshotLayout.CONTAINERS)).containsExactlyInAnyOrder(web, paused);
        assertThat(parts(snapshot, SnapshotLayout.VOLUMES)).containsExactlyInAnyOrder(cache, shared);
        assertThat(List.of(state(web), state(paused), state(stopped))).containsExactly("running", "paused", "exited");
        run("rm", "-f", web, paused);
        assertThatThrownBy(() -> repository.backup(source().runningOnly()))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("runs");
    }

    private List<String> parts(Snapshot snapshot, EntryPath kind) throws IOException {
        try (SnapshotTree tree = repository.get().browse(snapshot)) {
            return tree.list(kind).stream()
                    .map(entry -> entry.path().name().toString())
                    .toList();
        }
    }

    /** The restored database ends at once: then the application is what it was. */
    @Test
    void inPlace_thatDoesNotRun_bringsTheOldOneBack() {
        String volume = engine.name("v") + ":/data";
        String db = create("db", List.of("-v", volume), "sh", "-c", "[ -e /data/broken ] || exec sleep 100000");
        String web = create("web", List.of("--network", "container:" + db));
        exec(db, "touch /data/broken");
        Snapshot snapshot = repository.backup(source().quiesce(Quiesce.pause()));
        exec(db, "rm /data/broken");
        String ids = run("inspect", "-f", "{{.Id}}", db, web);
        // Its volume keeps what was written until then; see containers.md.
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().containersInPlace())
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining(db);
        assertThat(run("inspect", "-f", "{{.Id}}", db, web)).isEqualTo(ids);
        assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name(""))
                        .lines())
                .containsExactlyInAnyOrder(db, web);
    }

    @Test
    void inPlace_ofARunningApplication_replacesItAll() {
        String volume = engine.name("v") + ":/data";
        String db = create("db", List.of("-v", volume));
        String web = create("web", List.of("--network", "container:" + db, "--volumes-from", db));
        String stopped = create("stopped", List.of());
        run("kill", stopped);
        exec(db, "echo old > /data/x; echo layer > /layer");
        Snapshot snapshot = repository.backup(source().quiesce(Quiesce.pause()));
        exec(web, "echo new > /data/x; echo extra > /data/extra");
        List<StartedContainer> started = new ArrayList<>();
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().containersInPlace().onStarted(started::add))
                .run();
        assertThat(exec(web, "cat /data/x; ls /data")).isEqualTo("old\nx");
        assertThat(exec(db, "cat /layer")).isEqualTo("layer");
        assertThat(inspect(web, "{{.HostConfig.NetworkMode}}")).isEqualTo("container:" + inspect(db, "{{.Id}}"));
        assertThat(state(stopped)).isEqualTo("created");
        assertThat(started).extracting(StartedContainer::name).containsExactly(db, web);
        assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name(""))
                        .lines())
                .containsExactlyInAnyOrder(db, web, stopped);
    }

    /** The one that others need is started first, and mounts the volume elsewhere. */
    @Test
    void volume_thatTwoMountAtDifferentPaths_isRestored() {
        String volume = engine.name("v");
        String writer = create("z-writer", List.of("-v", volume + ":/data"));
        String reader = create("a-reader", List.of("-v", volume + ":/backup:ro", "--network", "container:" + writer));
        exec(writer, "echo content > /data/x");
        Snapshot snapshot = repository.backup(source().quiesce(Quiesce.pause()));
        run("rm", "-f", reader);
        run("rm", "-f", writer);
        run("volume", "rm", volume);
        Restore.Restored restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().containersInPlace())
                .run();
        assertThat(restored.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
        assertThat(exec(reader, "cat /backup/x")).isEqualTo("content");
        assertThat(exec(writer, "cat /data/x")).isEqualTo("content");
    }

    /** What a person has by accident removed from the host, and what nothing may write without being told to. */
    @Test
    void missingSecret_isAConflict_orIsWrittenFromTheSnapshot() throws Exception {
        Path secret = Files.writeString(
                Files.createDirectories(repository.scratch("secrets")).resolve("token"), "t0k3n");
        Path data = Files.createDirectories(repository.scratch("data/deep"));
        Files.writeString(data.resolve("file"), "content");
        String web = create(
                "web", List.of("-v", secret + ":/run/secrets/token:ro", "-v", repository.scratch("data") + ":/data"));
        Snapshot snapshot = repository.backup(source().withBindMounts());
        run("rm", "-f", web);
        Files.delete(secret);
        Files.delete(data.resolve("file"));
        Files.delete(data);
        Files.delete(repository.scratch("data"));
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().containersInPlace())
                        .run())
                .satisfies(e -> assertThat(engineFailure(e).conflicts())
                        .extracting(Conflict::kind)
                        .containsExactly(Conflict.Kind.MISSING_HOST_PATH, Conflict.Kind.MISSING_HOST_PATH));
        assertThat(run("ps", "-aq", "--filter", "name=" + web)).isEmpty();
        Restore.Restored restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().containersInPlace().writeMissingPaths())
                .run();
        assertThat(restored.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
        assertThat(exec(web, "cat /run/secrets/token /data/deep/file")).isEqualTo("t0k3ncontent");
        assertThat(Files.readString(secret)).isEqualTo("t0k3n");
    }

    /** A restore that fails takes away what it has written to the host. */
    @Test
    void missingPaths_ofARestoreThatFails_areTakenAway() throws Exception {
        Path secret = Files.writeString(
                Files.createDirectories(repository.scratch("secrets")).resolve("token"), "t0k3n");
        String web = create("web", List.of("-v", secret + ":/run/secrets/token:ro"), "sh", "-c", "exec sleep 100000");
        Snapshot snapshot = repository.backup(source());
        run("rm", "-f", web);
        Files.delete(secret);
        Files.delete(repository.scratch("secrets"));
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().containersInPlace().writeMissingPaths())
                        .onEvent(event -> {
                            if (event instanceof OperationEvent.Progress && Files.exists(secret)) {
                                throw new IllegalStateException("stopped by the test");
                            }
                        })
                        .onChange(change -> {
                            if (change.path().toString().startsWith("rootfs")) {
                                throw new IllegalStateException("stopped by the test");
                            }
                        })
                        .run())
                .isInstanceOf(RuntimeException.class);
        assertThat(Files.exists(repository.scratch("secrets"))).isFalse();
        assertThat(run("ps", "-aq", "--filter", "name=" + web)).isEmpty();
    }
}
