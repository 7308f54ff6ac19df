package dev.lifeboat.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.fixture.FixtureContainer;
import dev.lifeboat.docker.fixture.FixtureOptions;
import dev.lifeboat.docker.fixture.Probe;
import dev.lifeboat.docker.fixture.ResetMode;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Test classes that use the extension are run as a user's build runs them. */
@Tag("docker")
@RequiresRoot
@Timeout(300)
class FixtureExtensionTest {
    static final String CONTAINER = "lbtest-junit";
    private static final FixtureOptions FAST =
            FixtureOptions.defaults().mode(ResetMode.KILL).ready(Probe.none());

    static final AtomicInteger SEEDED = new AtomicInteger();
    static final Set<String> CLONES = ConcurrentHashMap.newKeySet();

    static final FixtureExtension SHARED = FixtureExtension.ofContainer(CONTAINER)
            .options(FAST)
            .seed("seeded", () -> {
                SEEDED.incrementAndGet();
                exec(CONTAINER, "echo seeded >/data/state");
            });

    static final FixtureExtension CLONED = FixtureExtension.ofContainer(CONTAINER)
            .options(FAST)
            .seed("cloned", () -> exec(CONTAINER, "echo clean >/data/state"))
            .clonePerClass();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    @BeforeEach
    void run() throws Exception {
        Shell.run(
                "docker",
                "run",
                "-d",
                "--name",
                CONTAINER,
                "-v",
                "/data",
                "lifeboat-busybox:1",
                "sh",
                "-c",
                "[ -e /data/state ] || echo first >/data/state; trap 'exit 0' TERM; while :; do sleep 0.1; done");
        while (exec(CONTAINER, "cat /data/state || true").isEmpty()) {
            Thread.sleep(20);
        }
    }

    @AfterEach
    void remove() throws Exception {
        Shell.run("docker", "rm", "-fv", CONTAINER);
        assertThat(Shell.run("docker", "ps", "-aq", "--filter", "label=dev.lifeboat.fixture.owner"))
                .isBlank();
    }

    static String exec(String container, String line) throws IOException, InterruptedException {
        return Shell.run("docker", "exec", container, "sh", "-c", line).strip();
    }

    private static void succeeds(int tests, Map<String, String> parameters, Class<?>... classes) {
        EngineTestKit.Builder kit = EngineTestKit.engine("junit-jupiter").configurationParameters(parameters);
        for (Class<?> type : classes) {
            kit = kit.selectors(selectClass(type));
        }
        EngineExecutionResults results = kit.execute();
        results.allEvents().assertStatistics(all -> all.failed(0));
        results.testEvents().assertStatistics(all -> all.started(tests).succeeded(tests));
    }

    @Test
    void eachTest_beginsWithTheSeededState_andSharedFixturesAreSeededOnce() throws Exception {
        SEEDED.set(0);
        succeeds(6, Map.of(), Resets.class, MoreResets.class);
        assertThat(SEEDED).hasValue(1);
        assertThat(exec(CONTAINER, "cat /data/state")).as("as it was before").isEqualTo("first");
    }

    @Test
    void annotations_chooseTheCheckpoint() {
        succeeds(7, Map.of(), Steps.class, OncePerClass.class);
    }

    @Test
    void parallelClasses_haveAContainerEach() {
        CLONES.clear();
        succeeds(
                6,
                Map.of(
                        "junit.jupiter.execution.parallel.enabled", "true",
                        "junit.jupiter.execution.parallel.mode.classes.default", "concurrent",
                        "junit.jupiter.execution.parallel.config.strategy", "fixed",
                        "junit.jupiter.execution.parallel.config.fixed.parallelism", "3"),
                Parallel1.class,
                Parallel2.class,
                Parallel3.class);
        assertThat(CLONES).hasSize(3).doesNotContain(CONTAINER);
    }

    @Test
    void cachedState_isSeededInTheFirstRunOnly() throws Exception {
        SEEDED.set(0);
        Path migration = Files.writeString(dir.resolve("V1.sql"), "create table a");
        for (int run = 0; run < 2; run++) {
            Cached.db = cached(migration);
            succeeds(1, Map.of(), Cached.class);
            assertThat(exec(CONTAINER, "cat /data/state"))
                    .as("as it was before")
                    .isEqualTo("first");
        }
        assertThat(SEEDED).hasValue(1);
        Files.writeString(migration, "create table b");
        Cached.db = cached(migration);
        succeeds(1, Map.of(), Cached.class);
        assertThat(SEEDED).hasValue(2);
        try (Repository repository = repository()) {
            assertThat(repository.verify().readData().run().findings()).isEmpty();
        }
    }

    private FixtureExtension cached(Path migration) {
        return FixtureExtension.ofContainer(CONTAINER)
                .options(FAST)
                .seed("seeded", () -> {
                    SEEDED.incrementAndGet();
                    exec(CONTAINER, "echo seeded >/data/state");
                })
                .cachedIn(this::repository, migration);
    }

    private Repository repository() {
        return Repository.at(FileStorage.at(dir.resolve("cache")))
                .encryption(Encryption.none())
                .openOrCreate();
    }

    static class Cached {
        @RegisterExtension
        static FixtureExtension db = FixtureExtension.ofContainer(CONTAINER);

        @Test
        void begins(FixtureContainer container) throws IOException {
            assertThat(state(container)).isEqualTo("seeded");
            change(container, "changed");
        }
    }

    @Test
    void failingSeed_failsTheTests() {
        EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(Unseeded.class))
                .execute()
                .containerEvents()
                .assertStatistics(all -> all.failed(1));
    }

    private static String state(FixtureContainer container) throws IOException {
        return container.check(ContainerCommand.of("cat", "/data/state")).strip();
    }

    private static void change(FixtureContainer container, String to) throws IOException {
        container.check(ContainerCommand.of("sh", "-c", "echo " + to + " >/data/state"));
    }

    static class Resets {
        @RegisterExtension
        static final FixtureExtension DB = SHARED;

        @Test
        void one(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("seeded");
            change(db, "one");
        }

        @Test
        void two(@InContainer("lbtest-junit") FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("seeded");
            change(db, "two");
        }

        @Nested
        class Inner {
            @Test
            void three(FixtureContainer db) throws Exception {
                assertThat(state(db)).isEqualTo("seeded");
                change(db, "three");
            }
        }
    }

    static class MoreResets extends Resets {
        @Test
        @Override
        void one(FixtureContainer db) throws Exception {
            assertThat(state(DB.fixture().container())).isEqualTo("seeded");
        }
    }

    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class Steps {
        @RegisterExtension
        static final FixtureExtension DB =
                FixtureExtension.ofContainer(CONTAINER).options(FAST);

        @BeforeAll
        @Checkpoint("migrated")
        static void migrate() throws Exception {
            exec(CONTAINER, "echo migrated >/data/state");
        }

        @Test
        @Order(1)
        @Checkpoint("logged in")
        void login(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("migrated");
            change(db, "logged-in");
        }

        @Test
        @Order(2)
        void continues(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("logged-in");
            change(db, "else");
        }

        @Test
        @Order(3)
        @Reset("logged in")
        void begins(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("logged-in");
        }

        @Test
        @Order(4)
        @Reset("migrated")
        void beginsBefore(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("migrated");
        }
    }

    @Reset(value = "migrated", before = Reset.Before.CLASS)
    @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
    static class OncePerClass {
        @RegisterExtension
        static final FixtureExtension DB = Steps.DB;

        @Test
        @Order(1)
        void first(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("migrated");
            change(db, "first");
        }

        @Test
        @Order(2)
        void second(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("first");
        }

        @Test
        @Order(3)
        @Reset("logged in")
        void third(FixtureContainer db) throws Exception {
            assertThat(state(db)).isEqualTo("logged-in");
        }
    }

    abstract static class Parallel {
        @RegisterExtension
        static final FixtureExtension DB = CLONED;

        @Test
        void one(FixtureContainer db) throws Exception {
            check(db);
        }

        @Test
        void two(FixtureContainer db) throws Exception {
            check(db);
        }

        private void check(FixtureContainer db) throws Exception {
            CLONES.add(db.name());
            assertThat(state(db)).isEqualTo("clean");
            change(db, getClass().getSimpleName());
            Thread.sleep(300);
            assertThat(state(db)).isEqualTo(getClass().getSimpleName());
        }
    }

    static class Parallel1 extends Parallel {}

    static class Parallel2 extends Parallel {}

    static class Parallel3 extends Parallel {}

    static class Unseeded {
        @RegisterExtension
        static final FixtureExtension DB = FixtureExtension.ofContainer(CONTAINER)
                .options(FAST)
                .seed("never", () -> {
                    throw new IOException("the migration fails");
                });

        @Test
        void isNotRun() {
            throw new AssertionError();
        }
    }
}
