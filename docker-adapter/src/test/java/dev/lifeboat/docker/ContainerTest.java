package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Backup;
import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Job;
import dev.lifeboat.Repository;
import dev.lifeboat.Restore;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("docker")
@RequiresRoot
@Timeout(300)
class ContainerTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private Docker docker;
    private Repository repo;

    @BeforeEach
    void open() {
        docker = EngineFixture.docker();
        repo = Repository.at(FileStorage.at(dir.resolve("backups")))
                .encryption(Encryption.none())
                .create();
    }

    @AfterEach
    void verify() {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
        docker.close();
    }

    /**
     * A container with everything: volumes of both kinds, a network with an alias, changes and deletions in its
     * layer.
     */
    private String everything() {
        String name = engine.name("app");
        String network = engine.name("net");
        run("network", "create", "--label", "net.label=1", "--subnet", "10.213.7.0/24", network);
        run("volume", "create", "--label", "vol.label=yes", engine.name("data"));
        run(
                "run",
                "-d",
                "--name",
                name,
                "--network",
                network,
                "--network-alias",
                "db",
                "--label",
                "my.label=a b",
                "-e",
                "SECRET=x=y",
                "--memory",
                "64m",
                "--cap-add",
                "NET_ADMIN",
                "--restart",
                "unless-stopped",
                "-p",
                "127.0.0.1::8080",
                "-v",
                engine.name("data") + ":/data",
                "-v",
                "/anon",
                "--workdir",
                "/tmp",
                "--stop-signal",
                "SIGKILL",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "sleep 100000");
        exec(
                name,
                "echo hello > /data/hello; mkdir -p /data/sub; ln /data/hello /data/sub/link; ln -s nowhere /data/sym;"
                        + "chown 1234:5678 /data/sub; chmod 2750 /data/sub; mkfifo /data/pipe; touch -d '2001-02-03 04:05:06' /data/hello");
        exec(name, "head -c 300000 /dev/urandom > /anon/random; echo tab > \"/anon/$(printf 'a\\377b')\"");
        exec(
                name,
                "echo changed >> /etc/group; rm /bin/vi /bin/wc /bin/xargs; mkdir -p /opt/new/deep; echo x > /opt/new/deep/file; chmod 4755 /opt/new/deep/file");
        exec(name, "rm -rf /var; mkdir /var; echo fresh > /var/fresh");
        return name;
    }

    /** What is the application, as the engine and the container itself tell it. */
    private static List<String> tellsOf(String container) {
        return List.of(
                EngineFixture.environment(container).toString(),
                inspect(
                        container,
                        "{{json .Config.Cmd}} {{json .Config.Labels}} {{.Config.WorkingDir}}"
                                + " {{.Config.StopSignal}} {{.Config.Image}} {{.Image}}"),
                inspect(
                        container,
                        "{{.HostConfig.Memory}} {{json .HostConfig.CapAdd}} {{json .HostConfig.RestartPolicy}}"),
                run("diff", container).lines().sorted().toList().toString(),
                exec(
                        container,
                        "cd /data; find . -exec stat -c '%n %F %a %u:%g %Y %h' {} + | grep -v '^\\. ' | sort; cat hello sub/link"),
                exec(container, "stat -c '%a %u:%g' /data /anon; cd /anon; md5sum random *b | md5sum"),
                exec(
                        container,
                        "cat /etc/group /var/fresh; ls /bin/vi 2>&1; stat -c %a /opt/new/deep/file; ls -a /var"));
    }

    private void copyIsTheSame(Docker source, Docker target) {
        String name = everything();
        List<String> before = tellsOf(name);
        Snapshot snapshot =
                repo.backup(source.container(name).quiesce(Quiesce.pause())).run();
        assertThat(state(name)).isEqualTo("running");
        String copy = engine.name("copy");
        Restore.Restored restored = repo.restore(snapshot)
                .to(target.newContainer(copy).start().withoutPublishedPorts())
                .run();
        assertThat(restored.problems())
                .filteredOn(p -> p.kind() == Problem.Kind.FAILED)
                .isEmpty();
        assertThat(tellsOf(copy)).isEqualTo(before);
        assertThat(inspect(copy, "{{range .Mounts}}{{.Destination}}={{.Name}} {{end}}"))
                .contains("/data=" + copy + "_" + engine.name("data"))
                .doesNotContain(
                        inspect(name, "{{range .Mounts}}{{if eq .Destination \"/anon\"}}{{.Name}}{{end}}{{end}}"));
        assertThat(run("volume", "inspect", "-f", "{{json .Labels}}", copy + "_" + engine.name("data")))
                .contains("vol.label");
        String net = engine.name("net");
        assertThat(inspect(copy, "{{json (index .NetworkSettings.Networks \"" + net + "\").Aliases}}"))
                .contains("\"db\"");
        assertThat(inspect(copy, "{{.Config.Hostname}}")).isNotEqualTo(inspect(name, "{{.Config.Hostname}}"));
        assertThat(tellsOf(name)).as("the original").isEqualTo(before);
    }

    /** Archives that other tools open, too; closed with nothing to close. */
    private Repository tarRepository() {
        return Repository.at(FileStorage.at(dir.resolve("tars")))
                .format(TarFormat.create())
                .encryption(Encryption.none())
                .create();
    }

    @Ability("copy of a container, with all files as they were")
    @Test
    void newContainer_isTheApplication() {
        copyIsTheSame(docker, docker);
    }

    /** Makes an image with another layer, from the container "base", which stays. */
    private String imageOf(String commands) {
        String image = engine.name("image") + ":7";
        String base = engine.name("base");
        run("run", "--name", base, EngineFixture.BUSYBOX, "sh", "-c", commands);
        run("commit", base, image);
        engine.later("docker image rm -f " + image + " >/dev/null 2>&1 || true");
        return image;
    }

    /** What the image has there must not come back, however deep the directory lies. */
    @Test
    void directoriesMadeAnew_hideWhatTheImageHasThere() {
        String image = imageOf("mkdir -p /a/b/c/d; touch /a/x /a/b/c/d/old");
        String name = engine.name("app");
        run("run", "-d", "--stop-signal", "SIGKILL", "--name", name, image, "sh", "-c", "sleep 100000");
        exec(name, "rm -rf /a/b/c; mkdir -p /a/b/c/d; chmod 750 /a/b/c; echo new > /a/b/c/d/new");
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        String copy = engine.name("copy");
        Restore.Restored restored =
                repo.restore(snapshot).to(docker.newContainer(copy).start()).run();
        assertThat(restored.problems())
                .filteredOn(p -> p.kind() == Problem.Kind.FAILED)
                .isEmpty();
        String look = "cd /a; find . -exec stat -c '%n %F %a %Y' {} + | sort";
        assertThat(exec(copy, look))
                .isEqualTo(exec(name, look))
                .contains("./b/c/d/new")
                .doesNotContain("old");
    }

    /** Podman's API gives all files to root, and rounds times; the snapshot says so. */
    private static List<String> throughApi(List<String> tells) {
        return EngineFixture.isPodman()
                ? tells.stream()
                        .map(text -> text.replace("1234:5678", "0:0").replaceAll("\\b1[5-9][0-9]{8}\\b", "now"))
                        .toList()
                : tells;
    }

    @Ability("copy of a container, through the API alone")
    @Test
    void newContainer_onARemoteEngine_isTheApplicationButForDeletions() throws Exception {
        try (TcpRelay relay = new TcpRelay(EngineFixture.uri());
                Docker remote = Docker.at(relay.uri())) {
            String name = everything();
            Snapshot snapshot =
                    repo.backup(remote.container(name).quiesce(Quiesce.pause())).run();
            assertThat(snapshot.problems())
                    .filteredOn(p -> p.kind() == Problem.Kind.DEGRADED)
                    .isNotEmpty();
            String copy = engine.name("copy");
            Restore.Restored restored = repo.restore(snapshot)
                    .to(remote.newContainer(copy).start().withoutPublishedPorts())
                    .run();
            List<String> before = tellsOf(name);
            List<String> after = tellsOf(copy);
            assertThat(after.subList(0, 3)).isEqualTo(before.subList(0, 3));
            assertThat(throughApi(after).subList(4, 6))
                    .isEqualTo(throughApi(before).subList(4, 6));
            // What the API cannot do is said, path by path.
            assertThat(restored.problems())
                    .filteredOn(p -> p.kind() == Problem.Kind.FAILED)
                    .extracting(p -> p.path().toString())
                    .contains("bin/.wh.vi");
            // A snapshot is not bound to how it was read.
            String local = engine.name("local");
            repo.restore(snapshot)
                    .to(docker.newContainer(local).start().withoutPublishedPorts())
                    .run();
            assertThat(throughApi(tellsOf(local)).subList(4, 7))
                    .isEqualTo(throughApi(before).subList(4, 7));
        }
    }

    @Ability("restore with image, network and volumes")
    @Test
    void newContainer_onAnEngineWithoutAnythingOfIt_makesImageNetworkAndVolumes() {
        String image = imageOf("echo layer two > /two; rm /bin/vi");
        String name = engine.name("app");
        String network = engine.name("net");
        run("network", "create", network);
        String mount = engine.name("v") + ":/v";
        run(
                "run",
                "-d",
                "--stop-signal",
                "SIGKILL",
                "--name",
                name,
                "--network",
                network,
                "-v",
                mount,
                image,
                "sleep",
                "1000");
        String imageId = inspect(name, "{{.Image}}");
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        run("rm", "-fv", name, engine.name("base"));
        run("volume", "rm", engine.name("v"));
        run("network", "rm", network);
        run("image", "rm", "-f", image);
        assertThat(run("image", "ls", "-q", "--no-trunc")).doesNotContain(imageId);
        repo.restore(snapshot).to(docker.containerInPlace()).run();
        assertThat(state(name)).isEqualTo("running");
        assertThat(inspect(name, "{{.Image}} {{.Config.Image}}"))
                .startsWith(imageId + " ")
                .endsWith(image);
        assertThat(exec(name, "cat /two; ls /bin/vi 2>&1 || true"))
                .contains("layer two")
                .contains("No such file");
        assertThat(inspect(name, "{{json .NetworkSettings.Networks}}")).contains(network);
        assertThat(run("volume", "ls", "-q")).contains(engine.name("v"));
    }

    @Ability("restore in place")
    @Test
    void containerInPlace_setsEverythingBack() {
        String name = everything();
        List<String> before = tellsOf(name);
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        exec(name, "rm -rf /data/* /anon/*; echo new > /data/new; echo y > /opt/new/other; rm /opt/new/deep/file");
        repo.restore(snapshot).to(docker.containerInPlace()).run();
        assertThat(state(name)).isEqualTo("running");
        assertThat(tellsOf(name)).isEqualTo(before);
        assertThat(inspect(name, "{{json .HostConfig.PortBindings}}")).contains("8080/tcp");
        assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name("")))
                .isEqualTo(name);
    }

    @Test
    void containerInPlace_dryRun_tellsAndTouchesNothing() {
        String name = everything();
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        exec(name, "echo other > /data/hello; echo new > /data/new");
        String id = inspect(name, "{{.Id}}");
        List<RestoreChange> changes = new java.util.concurrent.CopyOnWriteArrayList<>();
        repo.restore(snapshot)
                .to(docker.containerInPlace())
                .dryRun()
                .onChange(changes::add)
                .run();
        EntryPath data = EntryPath.of("volumes").resolve(engine.name("data")).resolve("data");
        assertThat(changes)
                .contains(
                        new RestoreChange(data.resolve("hello"), RestoreChange.Action.REPLACE),
                        new RestoreChange(data.resolve("new"), RestoreChange.Action.DELETE));
        assertThat(inspect(name, "{{.Id}}")).isEqualTo(id);
        assertThat(exec(name, "cat /data/hello")).isEqualTo("other");
    }

    @Test
    void failedRestore_leavesNothingBehind() throws Exception {
        Repository tars = tarRepository();
        String name = everything();
        Snapshot snapshot = tars.backup(docker.container(name)).run();
        List<String> before = tellsOf(name);
        String everywhere = run("ps", "-aq") + run("volume", "ls", "-q") + run("network", "ls", "-q");
        // The archive is damaged in the middle of what goes into the volumes.
        String tar =
                Shell.sh("ls " + dir.resolve("tars/archives") + "/*.tar.zst").strip();
        byte[] bytes = Files.readAllBytes(java.nio.file.Path.of(tar));
        String manifest = tar.replace(".tar.zst", ".json");
        byte[] good = Files.readAllBytes(java.nio.file.Path.of(manifest));
        Files.delete(java.nio.file.Path.of(tar));
        Restore.Restored restored = tars.restore(snapshot).to(new MemoryTree()).run();
        assertThat(restored.problems()).isNotEmpty();
        assertThatThrownBy(() -> tars.restore(snapshot)
                        .to(docker.newContainer(engine.name("copy")).start())
                        .run())
                .isInstanceOf(BackupException.class);
        assertThat(run("ps", "-aq") + run("volume", "ls", "-q") + run("network", "ls", "-q"))
                .isEqualTo(everywhere);
        assertThat(tellsOf(name)).isEqualTo(before);
        Files.write(java.nio.file.Path.of(tar), bytes);
        Files.write(java.nio.file.Path.of(manifest), good);
    }

    @Test
    void volumesFromAnother_areCopiedAndNotWrittenTo() {
        String owner = engine.name("owner");
        String name = engine.name("user");
        run(
                "run",
                "-d",
                "--name",
                owner,
                "-v",
                engine.name("shared") + ":/shared",
                "-v",
                "/hidden",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        run("run", "-d", "--name", name, "--volumes-from", owner, EngineFixture.BUSYBOX, "sleep", "1000");
        exec(name, "echo old > /shared/x; echo old > /hidden/x");
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        exec(name, "echo live > /shared/x; echo live > /hidden/x");
        String copy = engine.name("copy");
        repo.restore(snapshot).to(docker.newContainer(copy).start()).run();
        assertThat(exec(copy, "cat /shared/x /hidden/x")).isEqualTo("old\nold");
        assertThat(exec(owner, "cat /shared/x /hidden/x")).isEqualTo("live\nlive");
    }

    @Test
    void dryRunOnARemoteEngine_changesNothing() throws Exception {
        String name = everything();
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        exec(name, "echo live > /data/hello");
        List<String> before = resources();
        try (TcpRelay relay = new TcpRelay(EngineFixture.uri());
                Docker remote = Docker.at(relay.uri())) {
            repo.restore(snapshot).to(remote.containerInPlace()).dryRun().run();
            repo.restore(snapshot)
                    .to(remote.intoVolume(engine.name("data"), engine.name("data"))
                            .allowInUse())
                    .dryRun()
                    .run();
        }
        assertThat(exec(name, "cat /data/hello")).isEqualTo("live");
        assertThat(resources()).isEqualTo(before);
    }

    /** Sorted: the engine lists images that were created in the same second in any order. */
    private static List<String> resources() {
        return Stream.of(run("ps", "-aq"), run("volume", "ls", "-q"), run("image", "ls", "-aq"))
                .flatMap(String::lines)
                .sorted()
                .toList();
    }

    @Test
    void partOfAContainer_isRefused() {
        String name = everything();
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .only(e -> true)
                        .to(docker.containerInPlace())
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining("as a whole");
        assertThat(state(name)).isEqualTo("running");
    }

    @Ability("cancelled restore leaves the old container")
    @Test
    void cancelledRestore_inPlace_bringsTheOldContainerBack() throws Exception {
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--stop-timeout",
                "2",
                "--name",
                name,
                "-v",
                "/data",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "sleep 100000");
        exec(name, "head -c 300000000 /dev/urandom > /data/big");
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        exec(name, "echo here > /data/still");
        String id = inspect(name, "{{.Id}}");
        try (TcpRelay relay = new TcpRelay(EngineFixture.uri());
                Docker remote = Docker.at(relay.uri())) {
            for (Docker target : List.of(docker, remote)) {
                CountDownLatch writing = new CountDownLatch(1);
                Job<Restore.Restored> job = repo.restore(snapshot)
                        .to(target.containerInPlace())
                        .onEvent(event -> {
                            if (event instanceof OperationEvent.Progress) {
                                writing.countDown();
                            }
                        })
                        .start();
                assertThat(writing.await(60, TimeUnit.SECONDS)).isTrue();
                job.cancel();
                assertThatThrownBy(() -> job.result().get(90, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(BackupException.class);
                assertThat(inspect(name, "{{.Id}} {{.State.Status}}")).isEqualTo(id + " running");
                assertThat(exec(name, "cat /data/still")).isEqualTo("here");
                assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name("")))
                        .isEqualTo(name);
            }
        }
    }

    @Test
    void namesThatAreTaken_areRefused() {
        String name = everything();
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        assertThatThrownBy(() ->
                        repo.restore(snapshot).to(docker.newContainer(name)).run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining("exists already");
        run("volume", "create", engine.name("taken"));
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(docker.newContainer(engine.name("copy")).volume(engine.name("data"), engine.name("taken")))
                        .run())
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining(engine.name("taken"));
        assertThat(run("ps", "-a", "--format", "{{.Names}}")).doesNotContain(engine.name("copy"));
    }

    @Ability("pause and stop, and back")
    @Test
    void quiesce_bringsBackTheStateFromBefore() {
        String name = engine.name("app");
        run("run", "-d", "--stop-timeout", "1", "--name", name, EngineFixture.BUSYBOX, "sleep", "1000");
        for (Quiesce quiesce : List.of(Quiesce.pause(), Quiesce.stop())) {
            List<OperationEvent> events = new java.util.concurrent.CopyOnWriteArrayList<>();
            repo.backup(docker.container(name).quiesce(quiesce))
                    .onEvent(events::add)
                    .run();
            assertThat(state(name)).as("running, %s", quiesce).isEqualTo("running");
            assertThat(events).hasAtLeastOneElementOfType(OperationEvent.Resumed.class);
        }
        run("pause", name);
        repo.backup(docker.container(name).quiesce(Quiesce.pause())).run();
        assertThat(state(name)).isEqualTo("paused");
        assertThatThrownBy(() -> repo.backup(docker.container(name).quiesce(Quiesce.stop()))
                        .run())
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("paused");
        run("unpause", name);
        run("stop", "-t", "0", name);
        for (Quiesce quiesce : List.of(Quiesce.pause(), Quiesce.stop())) {
            repo.backup(docker.container(name).quiesce(quiesce)).run();
            assertThat(state(name)).as("stopped, %s", quiesce).isEqualTo("exited");
        }
        String fleeting = engine.name("fleeting");
        run("run", "-d", "--rm", "--name", fleeting, EngineFixture.BUSYBOX, "sleep", "1000");
        assertThatThrownBy(() -> repo.backup(docker.container(fleeting).quiesce(Quiesce.stop()))
                        .run())
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("--rm");
        assertThat(state(fleeting)).isEqualTo("running");
    }

    @Test
    void errorOrCancellation_whilePausedOrStopped_bringsTheContainerBack() throws Exception {
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--stop-timeout",
                "1",
                "--name",
                name,
                "-v",
                "/data",
                EngineFixture.BUSYBOX,
                "sh",
                "-c",
                "sleep 100000");
        exec(name, "head -c 200000000 /dev/urandom > /data/big");
        for (Quiesce quiesce : List.of(Quiesce.pause(), Quiesce.stop())) {
            assertThatThrownBy(() -> repo.backup(docker.container(name).quiesce(quiesce))
                            .onEvent(event -> {
                                if (event instanceof OperationEvent.Progress) {
                                    throw new IllegalStateException("a listener that throws");
                                }
                            })
                            .run())
                    .hasMessageContaining("listener");
            assertThat(state(name)).as("error, %s", quiesce).isEqualTo("running");
            CountDownLatch reading = new CountDownLatch(1);
            Backup backup = repo.backup(docker.container(name).quiesce(quiesce)).onEvent(event -> {
                if (event instanceof OperationEvent.Progress) {
                    reading.countDown();
                }
            });
            Job<Snapshot> job = backup.start();
            assertThat(reading.await(60, TimeUnit.SECONDS)).isTrue();
            job.cancel();
            assertThatThrownBy(() -> job.result().get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(BackupException.Cancelled.class);
            assertThat(state(name)).as("cancelled, %s", quiesce).isEqualTo("running");
        }
        assertThat(repo.snapshots()).isEmpty();
    }

    @Test
    void incremental_readsOnlyWhatChanged() {
        String name = everything();
        Snapshot first = repo.backup(docker.container(name)).run();
        exec(name, "sleep 0.2; echo more >> /data/hello");
        Snapshot second = repo.backup(docker.container(name)).run();
        assertThat(second.parent()).contains(first.id());
        assertThat(second.stats().bytesRead()).isLessThan(100_000);
        assertThat(second.stats().bytesStored()).isLessThan(first.stats().bytesStored() / 10);
        String copy = engine.name("copy");
        repo.restore(first)
                .to(docker.newContainer(copy).start().withoutPublishedPorts())
                .run();
        assertThat(exec(copy, "cat /data/hello")).isEqualTo("hello");
    }

    @Test
    void oneVolume_comesBackByItself() {
        String name = everything();
        Snapshot snapshot = repo.backup(docker.container(name)).run();
        String alone = engine.name("alone");
        repo.restore(snapshot).to(docker.newVolume(engine.name("data"), alone)).run();
        assertThat(run("run", "--rm", "-v", alone + ":/v", EngineFixture.BUSYBOX, "cat", "/v/hello"))
                .isEqualTo("hello");
        assertThat(run("volume", "inspect", "-f", "{{json .Labels}}", alone)).contains("vol.label");
        String anonymous = engine.name("anonymous");
        repo.restore(snapshot).to(docker.newVolume("/anon", anonymous)).run();
        assertThat(run("run", "--rm", "-v", anonymous + ":/v", EngineFixture.BUSYBOX, "ls", "/v"))
                .contains("random");
        exec(name, "echo other > /data/hello; echo new > /data/new");
        repo.restore(snapshot)
                .to(docker.intoVolume(engine.name("data"), engine.name("data")).allowInUse())
                .deleteExtra()
                .run();
        assertThat(exec(name, "cat /data/hello; ls /data")).contains("hello").doesNotContain("new");
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(docker.newVolume("none", engine.name("x")))
                        .run())
                .hasMessageContaining("none");
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(docker.newVolume(engine.name("data"), alone))
                        .run())
                .hasMessageContaining("exists already");
    }

    @Test
    void missingThings_areToldByName() {
        for (String[] missing : new String[][] {
            {"container no-such-thing", "c"}, {"image no-such-thing", "i"}, {"volume no-such-thing", "v"}
        }) {
            assertThatThrownBy(() -> repo.backup(
                                    missing[1].equals("c")
                                            ? docker.container("no-such-thing")
                                            : missing[1].equals("i")
                                                    ? docker.image("no-such-thing")
                                                    : docker.volume("no-such-thing"))
                            .run())
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining(missing[0])
                    .hasRootCauseInstanceOf(DockerException.class)
                    .rootCause()
                    .hasMessageStartingWith("cannot inspect " + missing[0] + " on " + EngineFixture.uri() + ": ")
                    .hasMessageEndingWith(" (HTTP 404)");
        }
        try (Docker absent = Docker.at(URI.create("unix:///nowhere/docker.sock"))) {
            assertThatThrownBy(() -> repo.backup(absent.container("web")).run())
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining("no engine answers at unix:///nowhere/docker.sock");
        }
        try (Docker absent = Docker.at(URI.create("tcp://127.0.0.1:1"))) {
            assertThatThrownBy(() -> repo.backup(absent.container("web")).run())
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining("no engine answers at tcp://127.0.0.1:1");
        }
        assertThat(repo.snapshots()).isEmpty();
    }

    @Test
    void snapshot_isATreeThatAnyToolCanBrowse() throws Exception {
        Repository tars = tarRepository();
        String name = everything();
        Snapshot snapshot = tars.backup(docker.container(name)).run();
        MemoryTree tree = new MemoryTree();
        tars.restore(snapshot).to(tree).run();
        String config = new String(
                tree.content(EntryPath.of("containers").resolve(name).resolve("config.json")), StandardCharsets.UTF_8);
        assertThat(config).contains("my.label").contains("SECRET=x=y");
        assertThat(tree.paths())
                .contains(
                        EntryPath.of("lifeboat/app.json"),
                        EntryPath.of("lifeboat/fidelity.json"),
                        EntryPath.of("rootfs").resolve(name).resolve("bin/.wh.vi"),
                        EntryPath.of("rootfs").resolve(name).resolve("var/.wh..wh..opq"),
                        EntryPath.of("rootfs").resolve(name).resolve("opt/new/deep/file"));
        String tar =
                Shell.sh("ls " + dir.resolve("tars/archives") + "/*.tar.zst").strip();
        assertThat(Shell.sh("zstd -dc " + tar + " | tar -t"))
                .contains("volumes/" + engine.name("data") + "/data/hello")
                .contains("images/");
    }

    @Ability("an image, or a volume, by itself")
    @Test
    void image_andVolume_areSourcesOfTheirOwn() {
        Snapshot image = repo.backup(docker.image(EngineFixture.BUSYBOX)).run();
        assertThat(image.source()).isEqualTo("image:" + EngineFixture.BUSYBOX);
        assertThat(repo.restore(image).to(docker.images()).run().problems()).isEmpty();
        Snapshot again = repo.backup(docker.image(EngineFixture.BUSYBOX)).run();
        assertThat(again.stats().bytesRead()).isLessThan(10_000);
        String volume = engine.name("v");
        run("volume", "create", volume);
        run("run", "--rm", "-v", volume + ":/v", EngineFixture.BUSYBOX, "sh", "-c", "echo hi > /v/hi; chown 7:8 /v");
        Snapshot snapshot = repo.backup(docker.volume(volume)).run();
        run("volume", "rm", volume);
        repo.restore(snapshot).to(docker.newVolume(volume, volume)).run();
        assertThat(run(
                        "run",
                        "--rm",
                        "-v",
                        volume + ":/v",
                        EngineFixture.BUSYBOX,
                        "sh",
                        "-c",
                        "cat /v/hi; stat -c %u:%g /v"))
                .isEqualTo("hi\n7:8");
        assertThat(run("image", "ls")).doesNotContain("lifeboat-empty");
    }

    @Test
    void bindMounts_areCapturedIfAsked() throws Exception {
        Files.createDirectories(dir.resolve("bound"));
        Files.writeString(dir.resolve("bound/file"), "bound content");
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--name",
                name,
                "-v",
                dir.resolve("bound") + ":/bound",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        Snapshot without = repo.backup(docker.container(name)).run();
        assertThat(without.problems())
                .anyMatch(p -> p.kind() == Problem.Kind.SKIPPED && p.detail().contains("/bound"));
        Snapshot with = repo.backup(docker.container(name).withBindMounts()).run();
        MemoryTree tree = new MemoryTree();
        repo.restore(with).subtree(EntryPath.of("paths/0/data")).to(tree).run();
        assertThat(tree.content(EntryPath.of("file"))).isEqualTo("bound content".getBytes(StandardCharsets.UTF_8));
    }

    /** A container that runs backups, with the repository in its own volume. */
    @Test
    void repositoryInAVolumeOfTheContainer_isLeftOut_andLeftAlone() throws Exception {
        String name = engine.name("panel");
        String volume = engine.name("backups");
        run("run", "-d", "--name", name, "-v", volume + ":/backups", EngineFixture.BUSYBOX, "sleep", "1000");
        exec(name, "echo 1 > /backups/settings");
        Path place = Path.of(run("volume", "inspect", "-f", "{{.Mountpoint}}", volume));
        try (Repository own = Repository.at(FileStorage.at(place.resolve("repository")))
                .encryption(Encryption.none())
                .create()) {
            own.backup(docker.container(name).quiesce(Quiesce.stop())).run();
            Snapshot second =
                    own.backup(docker.container(name).quiesce(Quiesce.stop())).run();
            exec(name, "echo 2 > /backups/settings; echo 3 > /backups/extra");

            Restore.Restored restored =
                    own.restore(second).to(docker.containerInPlace().start()).run();

            EntryPath data = EntryPath.of("volumes/" + volume + "/data/repository");
            assertThat(second.problems())
                    .anyMatch(p -> p.kind() == Problem.Kind.SKIPPED && p.path().equals(data));
            assertThat(own.browse(second).list(data)).isEmpty();
            assertThat(restored.problems())
                    .anyMatch(p -> p.kind() == Problem.Kind.SKIPPED && p.path().equals(data));
            assertThat(exec(name, "cat /backups/settings; ls /backups")).isEqualTo("1\nrepository\nsettings");
            assertThat(own.snapshots()).hasSize(2);
            assertThat(own.verify().readData().run().findings()).isEmpty();
        }
    }

    @Test
    void copy_withOtherConfiguration_hasNoDifferenceThatNobodyAskedFor() throws Exception {
        Path bound = Files.createDirectories(dir.resolve("bound"));
        Files.writeString(bound.resolve("file"), "bound content");
        String name = engine.name("app");
        run(
                "run",
                "-d",
                "--name",
                name,
                "-e",
                "A=1",
                "-e",
                "B=2",
                "--label",
                "keep=1",
                "--label",
                "proxy=on",
                "--user",
                "7:8",
                "-p",
                "127.0.0.1::8080",
                "-p",
                "9090",
                "-v",
                bound + ":/bound",
                EngineFixture.BUSYBOX,
                "sleep",
                "1000");
        Snapshot snapshot = repo.backup(docker.container(name).withBindMounts()).run();
        Path other = dir.resolve("other/place");
        String copy = engine.name("copy");

        Restore.Restored restored = repo.restore(snapshot)
                .to(docker.newContainer(copy)
                        .environment("B", "x=y z")
                        .withoutEnvironment("A")
                        .label("more", "2")
                        .withoutLabel("proxy")
                        .user("1000:1000")
                        .freePorts()
                        .bindMount(bound.toString(), other.toString())
                        .start())
                .run();

        assertThat(restored.problems())
                .filteredOn(p -> p.kind() == Problem.Kind.DEGRADED || p.kind() == Problem.Kind.FAILED)
                .isEmpty();
        assertThat(exec(copy, "id -u; echo ${A-none} $B; cat /bound/file"))
                .isEqualTo("1000\nnone x=y z\nbound content");
        assertThat(inspect(copy, "{{json .Config.Labels}}"))
                .contains("keep", "more")
                .doesNotContain("proxy");
        assertThat(run("port", copy, "8080")).isNotEqualTo(run("port", name, "8080"));
        assertThat(other.resolve("file")).hasContent("bound content");

        run("rm", "-f", copy);
        Shell.run("rm", "-r", bound.toString());
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(docker.newContainer(copy).sharedBindMounts().freePorts())
                        .run())
                .hasMessageContaining("writeMissingPaths()");
        repo.restore(snapshot)
                .to(docker.newContainer(copy)
                        .sharedBindMounts()
                        .writeMissingPaths()
                        .freePorts())
                .run();
        assertThat(bound.resolve("file")).hasContent("bound content");
    }
}
