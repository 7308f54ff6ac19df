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
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A new name is not new storage: what a copy may not share with the original, and what a restore may not take from
 * others.
 */
@Tag("docker")
@RequiresRoot
@Timeout(300)
class CopySafetyTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    /** The conflict of a restore that is refused. */
    private static Conflict conflict(ThrowingCallable restore) {
        List<Conflict> found = new ArrayList<>();
        assertThatThrownBy(restore)
                .isInstanceOf(BackupException.TargetFailed.class)
                .cause()
                .isInstanceOfSatisfying(DockerException.class, e -> {
                    assertThat(e.kind()).isEqualTo(DockerException.Kind.CONFLICT);
                    assertThat(e.conflicts()).isNotEmpty();
                    found.addAll(e.conflicts());
                });
        return found.get(0);
    }

    @Test
    void volumeOnADevice_becomesAPlainOneInACopy() throws Exception {
        Path live = Files.createDirectories(repository.scratch("live"));
        String volume = engine.name("v");
        run("volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device=" + live, volume);
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                name,
                "-v",
                volume + ":/data",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        exec(name, "echo old > /data/x");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        exec(name, "echo live > /data/x");
        String copy = engine.name("copy");
        Restore.Restored restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().newContainer(copy).start())
                .run();
        String alone = engine.name("alone");
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().newVolume(volume, alone))
                .run();
        assertThat(Files.readString(live.resolve("x"))).isEqualTo("live\n");
        assertThat(exec(copy, "cat /data/x")).isEqualTo("old");
        assertThat(run("volume", "inspect", "-f", "{{json .Options}}", alone)).isEqualTo("{}");
        assertThat(restored.problems()).anyMatch(p -> p.detail().contains(live.toString()));
        // In place the device is right.
        exec(name, "echo newer > /data/x");
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().containerInPlace())
                .run();
        assertThat(Files.readString(live.resolve("x"))).isEqualTo("old\n");
    }

    @Test
    void writableBindMount_isNeverSharedUnasked() throws Exception {
        Path live = Files.createDirectories(repository.scratch("live"));
        Path config = Files.createDirectories(repository.scratch("config"));
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                name,
                "-v",
                live + ":/data",
                "--mount",
                "type=bind,source=" + config + ",target=/etc/app,readonly",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        exec(name, "echo live > /data/x");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        String copy = engine.name("copy");
        Docker docker = repository.docker();
        Conflict refused = conflict(() ->
                repository.get().restore(snapshot).to(docker.newContainer(copy)).run());
        assertThat(refused.kind()).isEqualTo(Conflict.Kind.SHARED_BIND_MOUNT);
        assertThat(refused.toString()).contains(live.toString()).contains(".bindMount(");
        assertThat(run("ps", "-a", "--format", "{{.Names}}")).doesNotContain(copy);

        repository
                .get()
                .restore(snapshot)
                .to(docker.newContainer(copy).readOnlyBindMounts().start())
                .run();
        assertThat(exec(copy, "cat /data/x; (echo no > /data/x) 2>/dev/null || echo refused"))
                .isEqualTo("live\nrefused");
        run("rm", "-fv", copy);

        Path other = Files.createDirectories(repository.scratch("other"));
        repository
                .get()
                .restore(snapshot)
                .to(docker.newContainer(copy)
                        .bindMount(live.toString(), other.toString())
                        .start())
                .run();
        exec(copy, "echo mine > /data/x");
        assertThat(Files.readString(other.resolve("x"))).isEqualTo("mine\n");
        assertThat(Files.readString(live.resolve("x"))).isEqualTo("live\n");
        run("rm", "-fv", copy);

        repository
                .get()
                .restore(snapshot)
                .to(docker.newContainer(copy).withoutBindMounts())
                .run();
        assertThat(inspect(copy, "{{range .Mounts}}{{.Destination}} {{end}}").strip())
                .isEqualTo("/etc/app");
        run("rm", "-fv", copy);

        repository
                .get()
                .restore(snapshot)
                .to(docker.newContainer(copy).sharedBindMounts().start())
                .run();
        exec(copy, "echo both > /data/x");
        assertThat(exec(name, "cat /data/x")).isEqualTo("both");
    }

    @Test
    void missingHostPath_isAConflictBeforeAnythingIsDone() throws Exception {
        Path path = Files.createDirectories(repository.scratch("bound"));
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                name,
                "-v",
                path + ":/bound",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        String id = inspect(name, "{{.Id}}");
        Files.move(path, repository.scratch("moved"));
        Conflict missing = conflict(() -> repository
                .get()
                .restore(snapshot)
                .to(repository.docker().containerInPlace())
                .run());
        assertThat(missing.kind()).isEqualTo(Conflict.Kind.MISSING_HOST_PATH);
        assertThat(path).doesNotExist();
        assertThat(inspect(name, "{{.Id}} {{.State.Status}}")).isEqualTo(id + " running");
    }

    @Test
    void volumeThatOthersUse_isAConflict() {
        String volume = engine.name("shared");
        String name = engine.name("app");
        String other = engine.name("other");
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                name,
                "-v",
                volume + ":/data",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                other,
                "-v",
                volume + ":/data",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        exec(name, "echo old > /data/x");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        exec(other, "echo live > /data/x");
        Docker docker = repository.docker();
        for (boolean inPlace : new boolean[] {true, false}) {
            Conflict used = conflict(() -> repository
                    .get()
                    .restore(snapshot)
                    .to(inPlace ? docker.containerInPlace() : docker.intoVolume(volume, volume))
                    .run());
            assertThat(used.kind()).isEqualTo(Conflict.Kind.VOLUME_IN_USE);
            assertThat(used.toString()).contains(volume);
        }
        assertThat(exec(other, "cat /data/x")).isEqualTo("live");
        repository
                .get()
                .restore(snapshot)
                .to(docker.containerInPlace().allowVolumesInUse())
                .run();
        assertThat(exec(other, "cat /data/x")).isEqualTo("old");
        // Who has stopped uses it no more.
        run("stop", "-t", "0", other);
        repository.get().restore(snapshot).to(docker.containerInPlace()).run();
        assertThat(state(name)).isEqualTo("running");
    }

    @Test
    void copy_losesTheIdentityOfTheOriginal() {
        String name = engine.name("app");
        String project = engine.name("shop");
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                name,
                "--label",
                "com.docker.compose.project=" + project,
                "--label",
                "com.docker.compose.service=web",
                "--label",
                "traefik.enable=true",
                "--label",
                "own=1",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        String copy = engine.name("copy");
        List<RestorePlan> plan = new ArrayList<>();
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().newContainer(copy).onPlan(plan::add))
                .run();
        assertThat(inspect(copy, "{{json .Config.Labels}}"))
                .contains("own", "traefik.enable")
                .doesNotContain("com.docker.compose");
        assertThat(plan.get(0).warnings())
                .anyMatch(w -> w.contains("com.docker.compose.project"))
                .anyMatch(w -> w.contains("traefik.enable"));
        assertThat(plan.get(0).toString()).contains("CREATE").contains(copy).contains("WARNING");
        run("rm", "-f", name);
        repository
                .get()
                .restore(snapshot)
                .to(repository.docker().containerInPlace())
                .run();
        assertThat(inspect(name, "{{json .Config.Labels}}")).contains("com.docker.compose.project");
    }

    @Test
    void publishedPortOfARunningContainer_isAConflictForACopyThatStarts() {
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                name,
                "-p",
                "127.0.0.1:18093:80",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        String copy = engine.name("copy");
        Docker docker = repository.docker();
        Conflict taken = conflict(() -> repository
                .get()
                .restore(snapshot)
                .to(docker.newContainer(copy).start())
                .run());
        assertThat(taken.kind()).isEqualTo(Conflict.Kind.PORT_TAKEN);
        assertThat(taken.toString()).contains("18093").contains("withoutPublishedPorts");
        repository
                .get()
                .restore(snapshot)
                .to(docker.newContainer(copy).start().withoutPublishedPorts())
                .run();
        assertThat(state(copy)).isEqualTo("running");
    }
}
