package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lifeboat.BackupException;
import dev.lifeboat.Restore;
import dev.lifeboat.docker.engine.ApiVersion;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the user chose comes back; what the engine chose, it chooses anew. Asked of a real engine. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
@Ability("options of a container come back")
class ConfigurationTest {
    /** What differs between two runs of the same command, and nothing else may. */
    private static final String CONFIGURATION = "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{json .Config.Env}}"
            + " {{json .Config.Healthcheck}} {{json .Config.User}} {{json .Config.WorkingDir}}"
            + " {{json .Config.StopSignal}} {{json .Config.StopTimeout}} {{json .Config.Labels}}"
            + " {{json .Config.ExposedPorts}} {{json .Config.Volumes}} {{json .Config.Tty}} {{json .HostConfig}}";

    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private Restore.Restored inPlace(Snapshot snapshot) {
        return repository
                .get()
                .restore(snapshot)
                .to(repository.docker().containerInPlace())
                .run();
    }

    /** What is not as it was, other than a health check that has not run yet. */
    private static List<String> differences(Restore.Restored restored) {
        return restored.problems().stream()
                .map(Problem::detail)
                .filter(detail -> !detail.contains("health check"))
                .toList();
    }

    /** Podman shows the same in another order each time; there the restore's own comparison is the test. */
    private static void same(String container, String format, String before) {
        if (!EngineFixture.isPodman()) {
            assertThat(inspect(container, format)).isEqualTo(before);
        }
    }

    private static void create(String name, String options, String image, String command) {
        create("run -d", name, options, image, command);
    }

    private static void create(String verb, String name, String options, String image, String command) {
        List<String> line = new ArrayList<>();
        // Podman waits for the end of what it removes by force.
        addWords(line, verb + " --stop-timeout 1 --name " + name);
        addWords(line, options);
        line.add(image);
        addWords(line, command);
        run(line.toArray(String[]::new));
    }

    /** Words by blanks; {@code ''} is an empty one, and a plus sign a blank within a word. */
    private static void addWords(List<String> line, String words) {
        for (String word : words.split(" ", -1)) {
            if (!word.isEmpty()) {
                line.add(word.equals("''") ? "" : word.replace('+', ' '));
            }
        }
    }

    /** An image that sets all that a container may take from its image. */
    private String imageWithDefaults() {
        String image = engine.name("image") + ":1";
        String recipe = "FROM " + EngineFixture.BUSYBOX + "\n"
                + "ENTRYPOINT [\"/bin/sh\",\"-c\"]\nCMD [\"sleep 100002\"]\nENV FROM_IMAGE=1\nUSER 0:0\nWORKDIR /tmp\n"
                + "STOPSIGNAL SIGKILL\nLABEL from.image=1\nEXPOSE 8080\nHEALTHCHECK --interval=1h CMD true\n";
        try {
            Path file = Files.writeString(repository.scratch("Dockerfile"), recipe);
            Shell.sh("DOCKER_BUILDKIT=0 docker build -q -t " + image + " - < " + file);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        engine.later("docker image rm -f " + image + " >/dev/null 2>&1 || true");
        return image;
    }

    /** Null, missing and empty are three things: an option that clears what the image sets stays cleared. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "| sleep+100000",
                "--entrypoint '' | sleep 100001",
                "--entrypoint /bin/sleep | 100003",
                "--no-healthcheck | sleep+100000",
                "--health-cmd true --health-interval 2h | sleep+100000",
                "--user 1:1 --workdir /var --stop-signal 9 --stop-timeout 3 | sleep+100000",
                "-e FROM_IMAGE=2 -e OWN= -l from.image=2 -l own= --expose 9090 -t | sleep+100000",
            })
    void optionsOverTheImage_comeBack(String options) {
        String name = engine.name("app");
        String[] parts = options.split("[|]", -1);
        create(name, parts[0], imageWithDefaults(), parts[1]);
        String before = inspect(name, CONFIGURATION);
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        assertThat(differences(inPlace(snapshot))).isEmpty();
        assertThat(state(name)).isEqualTo("running");
        same(name, CONFIGURATION, before);
        run("rm", "-fv", name);
        assertThat(differences(inPlace(snapshot))).isEmpty();
        assertThat(state(name)).isEqualTo("running");
        same(name, CONFIGURATION, before);
    }

    /** Inspect fills fields that create refuses in some modes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--network host",
                "--uts host --network host",
                "--uts host",
                "--network none",
                "--network none --hostname own",
                "--hostname own --domainname example.org",
                "--pid host",
                "--ipc host",
                "--ipc shareable",
                "--ipc private --shm-size 32m",
                "--cgroupns host",
                "--cgroupns private",
                "--privileged",
                "--init",
                "--userns host",
                "--read-only --tmpfs /run:size=1m",
                "--cap-add SYS_TIME --cap-drop CHOWN --security-opt no-new-privileges",
                "--memory 64m --memory-swap 128m --memory-reservation 32m --cpus 0.5 --cpu-shares 512 --pids-limit 99",
                "--ulimit nofile=1000:2000 --oom-score-adj 100 --sysctl net.ipv4.ip_unprivileged_port_start=0",
                "--restart on-failure:3 --log-driver json-file --log-opt max-size=1m",
                "--dns 10.0.0.1 --dns-search example.org --dns-opt ndots:2 --add-host db:10.0.0.2",
                "--device /dev/null:/dev/own:r --group-add 20",
                "-P --expose 8081",
                "-p 127.0.0.1::8082",
                "-v /anonymous --tmpfs /scratch",
                "--mac-address 02:42:0a:d5:00:63",
                "--cpu-period 50000 --cpu-quota 20000 --cpuset-cpus 0",
                "--memory 64m --oom-kill-disable --memory-swappiness 10",
                "--blkio-weight 300",
                "--pids-limit -1",
                "--stop-signal SIGUSR1",
                "--tty --interactive",
                "--user 1:2 --workdir /var",
                "--label a=b --label empty= --env A=b --env EMPTY=",
                "--health-cmd true --health-interval 1h --health-retries 7 --health-start-period 5s --health-timeout 9s",
                "--restart always",
                "--restart unless-stopped",
                "--log-driver none",
                "--runtime runc",
                "--security-opt seccomp=unconfined",
                "--device-cgroup-rule c+42:*+rmw",
                "--mount type=tmpfs,dst=/scratch,tmpfs-size=1048576,tmpfs-mode=700",
                "--mount type=volume,dst=/fresh,volume-nocopy",
                "--mount type=bind,src=/tmp,dst=/host,readonly",
                "-v /tmp:/host:ro,private",
                "-p 127.0.0.1::53/udp -p 127.0.0.1::54",
                "--cap-drop ALL --cap-add KILL --cap-add NET_BIND_SERVICE",
                "--sysctl net.ipv4.tcp_syncookies=0 --shm-size 16m",
                "--ulimit core=0 --ulimit nproc=100:200",
                "--volume-driver local -v /anonymous",
            })
    void modes_comeBack(String options) {
        assumeTrue(
                !options.contains("--mac-address")
                        || repository.docker().info().apiVersion().isAtLeast(new ApiVersion(1, 44)),
                "a docker command from 25 on sets a MAC address only through API 1.44");
        String name = engine.name("app");
        // Kernels of containers do not let a privileged one start in them.
        boolean starts = !options.equals("--privileged");
        create(starts ? "run -d" : "create", name, options, EngineFixture.BUSYBOX, "sleep 100000");
        String format = CONFIGURATION + " {{json .Config.MacAddress}} {{json .Config.Domainname}}";
        String before = inspect(name, format);
        String hostName = inspect(name, "{{.Config.Hostname}}");
        boolean chosen = !hostName.equals(inspect(name, "{{.Id}}").substring(0, 12));
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        run("rm", "-fv", name);
        Restore.Restored restored = inPlace(snapshot);
        assertThat(restored.problems()).isEmpty();
        assertThat(state(name)).isEqualTo(starts ? "running" : "created");
        same(name, format, before);
        if (chosen) {
            assertThat(inspect(name, "{{.Config.Hostname}}")).isEqualTo(hostName);
        }
    }

    /** The old container is kept until the new one runs. */
    @Test
    void successorThatEnds_isUndone() {
        String name = engine.name("app");
        run("run", "-d", "--name", name, EngineFixture.BUSYBOX, "sh", "-c", "test -e /ok || exit 7; exec sleep 100000");
        Snapshot broken = repository.backup(repository.docker().container(name));
        run("rm", "-f", name);
        run("run", "-d", "--stop-signal", "9", "--name", name, EngineFixture.BUSYBOX, "sleep", "100000");
        String id = inspect(name, "{{.Id}}");
        assertThatThrownBy(() -> inPlace(broken))
                .isInstanceOf(BackupException.TargetFailed.class)
                .hasMessageContaining("exit code 7")
                .hasMessageContaining("brought back");
        assertThat(inspect(name, "{{.Id}} {{.State.Status}}")).isEqualTo(id + " running");
        assertThat(run("ps", "-a", "--format", "{{.Names}}", "--filter", "name=" + engine.name("")))
                .isEqualTo(name);
    }

    @Test
    void addressRangeThatTheEngineChose_isChosenAnewWhereItIsTaken() {
        String network = engine.name("net");
        String name = engine.name("app");
        run("network", "create", network);
        create(name, "--network " + network, EngineFixture.BUSYBOX, "sleep 100000");
        String subnet = run("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", network);
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        run("rm", "-f", name);
        run("network", "rm", network);
        run("network", "create", "--subnet", subnet, engine.name("other"));
        Restore.Restored restored = inPlace(snapshot);
        assertThat(state(name)).isEqualTo("running");
        assertThat(run("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", network))
                .isNotEqualTo(subnet);
        assertThat(restored.problems())
                .anyMatch(p -> p.kind() == Problem.Kind.DEGRADED && p.detail().contains(subnet));
    }

    @Test
    void addressRangeOfTheUser_isAConflictWhereItIsTaken() {
        String network = engine.name("net");
        String name = engine.name("app");
        run("network", "create", "--subnet", "10.213.9.0/24", network);
        create(name, "--network " + network + " --ip 10.213.9.9", EngineFixture.BUSYBOX, "sleep 100000");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        run("rm", "-f", name);
        run("network", "rm", network);
        run("network", "create", "--subnet", "10.213.9.0/25", engine.name("other"));
        assertThatThrownBy(() -> inPlace(snapshot))
                .hasMessageContaining("10.213.9.0/24")
                .hasMessageContaining(engine.name("other"));
        run("network", "rm", engine.name("other"));
        inPlace(snapshot);
        if (EngineFixture.isPodman()) {
            assertThat(snapshot.problems()).anyMatch(p -> p.detail().contains("10.213.9.9"));
            return;
        }
        assertThat(inspect(name, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"))
                .isEqualTo("10.213.9.9");
    }

    /** References by id are kept by name, since ids change when a container is created anew. */
    @Test
    void sharedNamespaces_areFoundByName() {
        String owner = engine.name("owner");
        String name = engine.name("user");
        create(owner, "--stop-signal 9 --ipc shareable", EngineFixture.BUSYBOX, "sleep 100000");
        create(
                name,
                "--network container:" + owner + " --pid container:" + owner + " --ipc container:" + owner,
                EngineFixture.BUSYBOX,
                "sleep 100000");
        Snapshot first = repository.backup(repository.docker().container(owner));
        Snapshot second = repository.backup(repository.docker().container(name));
        Restore.Restored replaced = inPlace(first);
        assertThat(replaced.problems())
                .as("who shares a namespace of the one that was replaced is named")
                .anyMatch(p -> p.detail().contains(name));
        run("rm", "-f", name);
        inPlace(second);
        assertThat(state(name)).isEqualTo("running");
        assertThat(inspect(name, "{{.HostConfig.NetworkMode}} {{.HostConfig.PidMode}} {{.HostConfig.IpcMode}}"))
                .contains(inspect(owner, "{{.Id}}"));
        if (EngineFixture.isPodman()) {
            // It does not let go of an owner as long as the one that was replaced is there.
            return;
        }
        run("rm", "-f", name, owner);
        assertThatThrownBy(() -> inPlace(second)).hasMessageContaining(owner).hasMessageContaining("NetworkMode");
    }

    @Test
    void networkById_isFoundByName() {
        String network = engine.name("net");
        String name = engine.name("app");
        String id = run("network", "create", network);
        create(name, "--network " + id, EngineFixture.BUSYBOX, "sleep 100000");
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        run("rm", "-f", name);
        run("network", "rm", network);
        inPlace(snapshot);
        assertThat(inspect(name, "{{json .NetworkSettings.Networks}}")).contains(network);
    }

    @Test
    void imageThatIsGone_costsNothingButItself() throws Exception {
        String image = imageWithDefaults();
        String name = engine.name("app");
        create(name, "-v " + engine.name("v") + ":/v", image, "echo>/v/x;echo>/own;sleep 100000");
        run("stop", "-t", "0", name);
        if (EngineFixture.isPodman()) {
            // There it would remove the container, too.
            return;
        }
        run("image", "rm", "-f", image);
        Snapshot snapshot = repository.backup(repository.docker().container(name));
        if (EngineFixture.hasImageOf(name)) {
            // It has lost its name only.
            assertThat(snapshot.completeness()).isEqualTo(Completeness.COMPLETE);
            return;
        }
        assertThat(snapshot.completeness()).isEqualTo(Completeness.INCOMPLETE);
        assertThat(snapshot.problems()).anyMatch(p -> p.detail().contains(image));
        Snapshot asked = repository.backup(repository.docker().container(name).withoutImage());
        assertThat(asked.completeness()).isEqualTo(Completeness.COMPLETE);
        assertThatThrownBy(() -> repository
                        .get()
                        .restore(snapshot)
                        .to(repository.docker().newContainer(engine.name("copy")))
                        .run())
                .hasMessageContaining("pull " + image);
    }
}
