package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.exec;
import static dev.lifeboat.docker.EngineFixture.inspect;
import static dev.lifeboat.docker.EngineFixture.run;
import static dev.lifeboat.docker.EngineFixture.state;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Restore;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.docker.plan.StartedContainer;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole projects that a real Compose made, and that it takes for its own after a restore. */
@Tag("docker")
@RequiresRoot
@Timeout(600)
class ComposeProjectTest {
    private static final List<String> SERVICES = List.of("cache", "db", "web", "worker");

    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private final List<Compose> projects = new ArrayList<>();

    @AfterEach
    void down() {
        projects.forEach(project -> project.run("down", "-v", "-t", "0"));
    }

    private Compose up(int version) throws Exception {
        String name = engine.name("shop");
        Path directory = repository.scratch("shop").toAbsolutePath();
        Compose shop = Compose.shop(version, name, directory);
        projects.add(shop);
        shop.run("up", "-d");
        awaitCounter(shop, 5);
        return shop;
    }

    /** Waits until the client has written some more. */
    private static void awaitCounter(Compose shop, int more) throws Exception {
        int begun = -1;
        for (int i = 0; i < 600; i++) {
            int now = inCache(shop);
            begun = begun < 0 ? now : begun;
            if (now >= begun + more) {
                return;
            }
            Thread.sleep(100);
        }
        throw new AssertionError("the client writes nothing: " + run("logs", shop.container("worker")));
    }

    private static String id(Compose shop, String service) {
        return inspect(shop.container(service), "{{.Id}}");
    }

    private static int inCache(Compose shop) {
        String n = exec(shop.container("cache"), "redis-cli get n");
        return n.isEmpty() ? 0 : Integer.parseInt(n);
    }

    private static int inDatabase(Compose shop) {
        return Integer.parseInt(exec(shop.container("db"), "psql -qAt -c 'select n from counter'"));
    }

    /** What an engine says of a container that Compose or its user chose. */
    private static List<String> tellsOf(String container) {
        List<String> all = new ArrayList<>();
        for (String format : List.of(
                "{{json .Config.Cmd}} {{json .Config.Entrypoint}} {{json .Config.Healthcheck}} {{.Config.StopSignal}}",
                "{{json .Config.Labels}}",
                "{{json .HostConfig.RestartPolicy}} {{json .HostConfig.PortBindings}}",
                "{{range .HostConfig.Binds}}{{.}},{{end}}",
                "{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{with $v.IPAMConfig}}{{.IPv4Address}}{{end}}"
                        + " {{range $v.Aliases}}{{.}},{{end}}{{end}}")) {
            // The engine makes an alias of the id.
            all.add(inspect(container, format).replace(inspect(container, "{{slice .Id 0 12}}") + ",", ""));
        }
        inspect(container, "{{range .Mounts}}{{.Type}} {{.Destination}} {{.RW}}{{println}}{{end}}")
                .lines()
                .sorted()
                .forEach(all::add);
        all.addAll(EngineFixture.environment(container));
        return all;
    }

    @Ability("Compose projects")
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void project_isWiped_andComesBackAsComposesOwn(int version) throws Exception {
        Compose shop = up(version);
        List<List<String>> before =
                SERVICES.stream().map(s -> tellsOf(shop.container(s))).toList();
        exec(shop.container("web"), "echo kept > /cache/x; rm /bin/vi");
        // v2 makes no volume that no service uses.
        String spare = shop.name() + "_spare";
        String label = "com.docker.compose.project=" + shop.name();
        run("volume", "create", "--label", label, "--label", "com.docker.compose.volume=spare", spare);
        run("run", "--rm", "-v", spare + ":/x", EngineFixture.BUSYBOX, "sh", "-c", "echo unused > /x/file");
        Snapshot snapshot = repository.backup(
                repository.docker().composeProject(shop.name()).quiesce(Quiesce.pause()));
        assertThat(snapshot.source()).isEqualTo("compose:" + shop.name());
        assertThat(snapshot.problems())
                .noneMatch(p -> p.kind() == Problem.Kind.FAILED || p.kind() == Problem.Kind.CHANGED);
        SERVICES.forEach(service -> assertThat(state(shop.container(service))).isEqualTo("running"));
        awaitCounter(shop, 2);

        shop.run("down", "-v", "-t", "0");
        assertThat(shop.ids()).isEmpty();
        List<StartedContainer> started = new ArrayList<>();
        Restore.Restored restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().composeProjectInPlace().onStarted(started::add))
                .run();

        assertThat(restored.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
        assertThat(started).hasSize(4).allMatch(StartedContainer::isGood);
        assertThat(started.get(3).name()).isEqualTo(shop.container("worker"));
        assertThat(inspect(shop.container("web"), "{{.State.Health.Status}}")).isEqualTo("healthy");
        awaitCounter(shop, 2);
        for (int i = 0; i < SERVICES.size(); i++) {
            assertThat(tellsOf(shop.container(SERVICES.get(i)))).isEqualTo(before.get(i));
        }
        assertThat(exec(shop.container("web"), "cat /cache/x /run/secrets/token /local; ls /bin/vi 2>&1 || true"))
                .contains("kept", "s3cret", "local", "No such file");
        assertThat(inspect(shop.container("worker"), "{{.HostConfig.NetworkMode}}"))
                .isEqualTo("container:" + inspect(shop.container("web"), "{{.Id}}"));
        assertThat(run("volume", "inspect", "-f", "{{json .Labels}}", shop.name() + "_dbdata"))
                .contains("\"keep\":\"yes\"");
        assertThat(run("run", "--rm", "-v", spare + ":/x", EngineFixture.BUSYBOX, "cat", "/x/file"))
                .isEqualTo("unused");

        // v2 keeps the id of the container that it shares a namespace with in the hash of the worker's configuration.
        List<String> kept = version == 1 ? SERVICES : List.of("cache", "db", "web");
        List<String> ids = kept.stream().map(service -> id(shop, service)).toList();
        assertThat(shop.run("ps")).contains(shop.container("db"), shop.container("worker"));
        shop.run("up", "-d");
        assertThat(kept.stream().map(service -> id(shop, service)))
                .as("Compose has created nothing anew")
                .isEqualTo(ids);
        assertThat(shop.ids().lines()).hasSize(4);
        awaitCounter(shop, 2);
    }

    /** What was paused together fits together: the client writes to the database first, then to the cache. */
    @ParameterizedTest
    @ValueSource(ints = 2)
    void services_ofACopy_agree(int version) throws Exception {
        Compose shop = up(version);
        Snapshot snapshot = repository.backup(
                repository.docker().composeProject(shop.name()).quiesce(Quiesce.pause()));
        Compose copy = shop.as(version, engine.name("part"));
        projects.add(copy);
        repository
                .get()
                .restore(snapshot)
                .to(repository
                        .docker()
                        .newComposeProject(copy.name())
                        .services("db", "cache")
                        .start())
                .run();
        assertThat(copy.ids().lines()).hasSize(2);
        assertThat(inCache(copy)).isGreaterThan(0);
        assertThat(inDatabase(copy) - inCache(copy)).isBetween(0, 1);
    }

    @Ability("Compose projects as copies")
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void copy_runsBesideTheOriginal_andIsComposesOwn(int version) throws Exception {
        Compose shop = up(version);
        String ids = shop.ids();
        Snapshot snapshot = repository.backup(
                repository.docker().composeProject(shop.name()).quiesce(Quiesce.pause()));
        Compose copy = shop.as(version, engine.name("copy"));
        projects.add(copy);
        List<RestorePlan> plans = new ArrayList<>();
        Restore.Restored restored = repository
                .get()
                .restore(snapshot)
                .to(repository.docker().newComposeProject(copy.name()).start().onPlan(plans::add))
                .run();
        assertThat(restored.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
        assertThat(plans.get(0).toString()).contains("CREATE", copy.container("worker"), copy.name() + "_dbdata");
        SERVICES.forEach(service -> assertThat(state(copy.container(service))).isEqualTo("running"));
        assertThat(inspect(copy.container("worker"), "{{.HostConfig.NetworkMode}}"))
                .isEqualTo("container:" + inspect(copy.container("web"), "{{.Id}}"));
        assertThat(inspect(copy.container("cache"), "{{json .NetworkSettings.Networks}}"))
                .as("the same host in another range")
                .contains(copy.name() + "_back")
                .contains(".10\"")
                .doesNotContain(shop.name() + "_back");
        awaitCounter(copy, 2);
        awaitCounter(shop, 2);
        assertThat(shop.ids()).as("the original is what it was").isEqualTo(ids);

        String copies = copy.ids();
        assertThat(copies.lines())
                .hasSize(4)
                .doesNotContainAnyElementsOf(ids.lines().toList());
        assertThat(copy.run("ps")).contains(copy.container("db"));
        copy.run("down", "-v", "-t", "0");
        assertThat(copy.ids()).isEmpty();
        assertThat(run("volume", "ls", "-q")).doesNotContain(copy.name()).contains(shop.name() + "_dbdata");
        assertThat(run("network", "ls", "--format", "{{.Name}}")).doesNotContain(copy.name());
        assertThat(shop.ids()).isEqualTo(ids);
    }
}
