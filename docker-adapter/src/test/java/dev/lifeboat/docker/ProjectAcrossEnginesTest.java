package dev.lifeboat.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Restore;
import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.plan.StartedContainer;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.Shell;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A project of the first engine of {@code LIFEBOAT_ENGINES} comes back on the other Docker engines, which have neither
 * its images nor a registry.
 */
@Tag("engines")
@RequiresRoot
@Timeout(900)
class ProjectAcrossEnginesTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private final List<Compose> projects = new ArrayList<>();

    @AfterEach
    void down() {
        projects.forEach(project -> project.run("down", "-v", "-t", "0"));
    }

    private static List<URI> engines() {
        String engines = Objects.requireNonNull(System.getenv("LIFEBOAT_ENGINES"), "LIFEBOAT_ENGINES");
        return Stream.of(engines.split(" ", -1)).map(URI::create).toList();
    }

    private static boolean isDocker(URI uri) {
        try (Docker docker = Docker.at(uri)) {
            return docker.info().product() == EngineInfo.Product.DOCKER;
        }
    }

    private static boolean hasGraph(URI uri) {
        try (Docker docker = Docker.at(uri)) {
            return docker.info().store() == EngineInfo.Store.GRAPH;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void project_comesBackOnAnEngineWithoutAnyOfIt(int version) throws Exception {
        Path directory = repository.scratch("shop").toAbsolutePath();
        Compose shop = Compose.shop(version, engine.name("shop"), directory)
                .on(engines().get(0));
        projects.add(shop);
        shop.run("up", "-d");
        Snapshot snapshot;
        try (Docker docker = Docker.at(shop.engine())) {
            snapshot = repository.backup(docker.composeProject(shop.name()).quiesce(Quiesce.pause()));
        }
        assertThat(snapshot.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
        shop.run("down", "-v", "-t", "0");
        List<URI> others = engines().stream()
                .skip(1)
                .filter(ProjectAcrossEnginesTest::isDocker)
                .toList();
        assertThat(others).isNotEmpty();
        for (URI other : others) {
            comesBack(snapshot, shop.on(other));
        }
    }

    private void comesBack(Snapshot snapshot, Compose shop) throws Exception {
        String images = shop.docker("image", "ls", "-q", "--filter", "reference=lifeboat-*");
        Shell.sh("docker -H " + shop.engine() + " image rm -f " + images.replace('\n', ' ')
                + " >/dev/null 2>&1 || true");
        assertThat(shop.docker("image", "ls", "-q", "--filter", "reference=lifeboat-*"))
                .isEmpty();
        projects.add(shop);
        List<StartedContainer> started = new ArrayList<>();
        Restore.Restored restored;
        try (Docker docker = Docker.at(shop.engine())) {
            restored = repository
                    .get()
                    .restore(snapshot)
                    .to(docker.composeProjectInPlace().onStarted(started::add))
                    .run();
        }
        assertThat(restored.problems()).noneMatch(p -> p.kind() == Problem.Kind.FAILED);
        assertThat(started).hasSize(4).allMatch(StartedContainer::isGood);
        assertThat(shop.docker("exec", shop.container("db"), "psql", "-qAt", "-c", "select n > 0 from counter"))
                .isEqualTo("t");
        // v1 keeps the id of the image in the hash of a container's configuration; containerd's store has other ids.
        if (shop.version() == 2 || hasGraph(shop.engine())) {
            List<String> kept = List.of("cache", "db", "web");
            List<String> ids = kept.stream().map(service -> id(shop, service)).toList();
            shop.run("up", "-d");
            assertThat(kept.stream().map(service -> id(shop, service)))
                    .as("Compose has created nothing anew on %s", shop.engine())
                    .isEqualTo(ids);
        }
        // The other version takes it for its own, too.
        assertThat(shop.as(3 - shop.version(), shop.name()).run("ps")).contains(shop.container("web"));
        shop.run("down", "-v", "-t", "0");
        assertThat(shop.ids()).isEmpty();
    }

    private static String id(Compose shop, String service) {
        return shop.docker("inspect", "-f", "{{.Id}}", shop.container(service));
    }
}
