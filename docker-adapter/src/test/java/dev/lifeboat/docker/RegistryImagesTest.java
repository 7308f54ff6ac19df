package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.oci.Registry;
import dev.lifeboat.oci.testkit.SampleImages;
import dev.lifeboat.oci.testkit.SampleImages.Pushed;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.ScratchDir;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Images from an engine to a registry, and from a registry to an engine that does not ask it. */
@Tag("docker")
@Tag("registry")
class RegistryImagesTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    /** An image with a layer of its own over that of busybox. */
    private String image(String name, String content) {
        String full = engine.name(name) + ":1";
        String base = engine.name("base-" + name);
        run("run", "--name", base, EngineFixture.BUSYBOX, "sh", "-c", "echo " + content + " > /mark");
        run("commit", "-m", "made", base, full);
        run("rm", base);
        engine.later("docker image rm -f " + full + " >/dev/null 2>&1 || true");
        return full;
    }

    @Test
    void imagesThatShareLayers_goToARegistry_andComeBackTogether() throws Exception {
        String web = image("web", "first");
        String db = image("db", "second");
        try (TestRegistry to = TestRegistry.plain(dir.resolve("registry"));
                Docker docker = EngineFixture.docker()) {
            Registry registry = Registry.at(to.url()).anonymous();
            for (String image : new String[] {web, db}) {
                Snapshot captured = repository.get().backup(docker.image(image)).run();
                var pushed =
                        repository.get().restore(captured).to(registry.push()).run();
                assertThat(pushed.problems()).isEmpty();
                // Now the registry has it, with its configuration.
                var again = repository
                        .get()
                        .restore(captured)
                        .to(registry.push())
                        .dryRun()
                        .run();
                assertThat(again.changes()).isEmpty();
            }
            Snapshot both =
                    repository.get().backup(registry.images("shop", web, db)).run();
            assertThat(both.problems()).isEmpty();
            String ids = run("image", "inspect", "--format", "{{.RootFS.Layers}}", web, db);
            run("image", "rm", web, db);

            var restored = repository.get().restore(both).to(docker.images()).run();
            assertThat(restored.problems()).isEmpty();
            for (String name : new String[] {web, db}) {
                engine.later("docker image rm -f " + to.name() + "/" + name + " >/dev/null 2>&1 || true");
            }
            String webName = to.name() + "/" + web;
            String dbName = to.name() + "/" + db;
            assertThat(run("run", "--rm", webName, "cat", "/mark")).isEqualTo("first");
            assertThat(run("run", "--rm", dbName, "cat", "/mark")).isEqualTo("second");
            assertThat(run("image", "inspect", "--format", "{{.RootFS.Layers}}", webName, dbName))
                    .isEqualTo(ids);
            assertThat(repository
                            .get()
                            .restore(both)
                            .to(docker.images())
                            .dryRun()
                            .run()
                            .changes())
                    .isEmpty();
        }
    }

    @Test
    void aSignature_isReported_andItsImageIsLoaded() throws Exception {
        String web = image("web", "signed");
        try (TestRegistry to = TestRegistry.plain(dir.resolve("registry"));
                Docker docker = EngineFixture.docker()) {
            Registry registry = Registry.at(to.url()).anonymous();
            repository
                    .get()
                    .restore(repository.get().backup(docker.image(web)).run())
                    .to(registry.push("web:1"))
                    .run();
            SampleImages samples = new SampleImages(to.url());
            byte[] manifest = samples.get("web/manifests/1");
            Pushed subject = new Pushed(
                    "application/vnd.oci.image.manifest.v1+json", SampleImages.digest(manifest), manifest.length);
            Pushed signature = samples.artifact("web", "", "application/vnd.test.signature", subject.descriptor(""), 3);
            samples.manifest(
                    "web",
                    subject.digest().replace(':', '-'),
                    SampleImages.INDEX,
                    "{\"schemaVersion\":2,\"mediaType\":\"" + SampleImages.INDEX + "\",\"manifests\":["
                            + signature.descriptor("") + "]}");
            Snapshot snapshot = repository.get().backup(registry.image("web:1")).run();
            run("image", "rm", web);
            engine.later("docker image rm -f " + to.name() + "/web:1 >/dev/null 2>&1 || true");
            var restored =
                    repository.get().restore(snapshot).to(docker.images()).run();
            assertThat(restored.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.SKIPPED);
            assertThat(run("run", "--rm", to.name() + "/web:1", "cat", "/mark")).isEqualTo("signed");
        }
    }

    @Test
    void theSameImage_inTheEngineAndTwoRegistries_isStoredOnce() throws Exception {
        String web = image("web", "once");
        try (TestRegistry one = TestRegistry.plain(dir.resolve("one"));
                TestRegistry two = TestRegistry.plain(dir.resolve("two"));
                Docker docker = EngineFixture.docker()) {
            Snapshot captured = repository.get().backup(docker.image(web)).run();
            Registry first = Registry.at(one.url()).anonymous();
            Registry second = Registry.at(two.url()).anonymous();
            repository.get().restore(captured).to(first.push("web:1")).run();
            Snapshot fromFirst = repository.get().backup(first.image("web:1")).run();
            repository.get().restore(fromFirst).to(second.push("other/web:2")).run();
            Snapshot fromSecond =
                    repository.get().backup(second.image("other/web:2")).run();

            assertThat(captured.stats().bytesStored()).isGreaterThan(500_000);
            assertThat(fromSecond.stats().bytesStored()).as("second registry").isLessThan(30_000);
            // An engine with a graph driver has no layers as a registry has them, only what they unpack to.
            boolean keepsLayers =
                    run("info", "--format", "{{json .DriverStatus}}").contains("io.containerd.snapshotter");
            if (keepsLayers) {
                assertThat(fromFirst.stats().bytesStored()).as("first registry").isLessThan(30_000);
            }
            assertThat(new SampleImages(two.url()).get("other/web/manifests/2"))
                    .isEqualTo(new SampleImages(one.url()).get("web/manifests/1"));
        }
    }

    @Test
    void aLayerOfUnknownCompression_isRefusedByTheEngine_andByName() throws Exception {
        try (TestRegistry from = TestRegistry.plain(dir.resolve("registry"));
                Docker docker = EngineFixture.docker()) {
            SampleImages samples = new SampleImages(from.url());
            byte[] content = "no tar that anyone knows".getBytes(StandardCharsets.UTF_8);
            Pushed layer = samples.blob("odd", "application/vnd.oci.image.layer.v1.tar+zzz", content);
            Pushed config = samples.blob(
                    "odd",
                    "application/vnd.oci.image.config.v1+json",
                    ("{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
                                    + layer.digest() + "\"]}}")
                            .getBytes(StandardCharsets.UTF_8));
            String type = "application/vnd.oci.image.manifest.v1+json";
            samples.manifest(
                    "odd",
                    "1",
                    type,
                    "{\"schemaVersion\":2,\"mediaType\":\"" + type + "\",\"config\":" + config.descriptor("")
                            + ",\"layers\":[" + layer.descriptor("") + "]}");
            Snapshot snapshot = repository
                    .get()
                    .backup(Registry.at(from.url()).anonymous().image("odd:1"))
                    .run();
            String before = run("image", "ls", "-aq");
            assertThatThrownBy(() -> repository
                            .get()
                            .restore(snapshot)
                            .to(docker.images())
                            .run())
                    .isInstanceOf(BackupException.class)
                    .hasMessageContaining("odd:1");
            assertThat(run("image", "ls", "-aq")).isEqualTo(before);
        }
    }

    @Test
    void withLocalNames_imagesAreNamedAsIfTheyWereBuiltHere() throws Exception {
        String web = image("web", "local");
        try (TestRegistry to = TestRegistry.plain(dir.resolve("registry"));
                Docker docker = EngineFixture.docker()) {
            Registry registry = Registry.at(to.url()).anonymous();
            repository
                    .get()
                    .restore(repository.get().backup(docker.image(web)).run())
                    .to(registry.push())
                    .run();
            Snapshot snapshot = repository
                    .get()
                    .backup(registry.images("shop", web).withLocalNames())
                    .run();
            run("image", "rm", web);
            assertThat(repository
                            .get()
                            .restore(snapshot)
                            .to(docker.images())
                            .run()
                            .problems())
                    .isEmpty();
            assertThat(run("run", "--rm", web, "cat", "/mark")).isEqualTo("local");
        }
    }

    @Test
    void imagesOfSeveralContainers_goTogether_andNeverUnderOneName() throws Exception {
        String label = engine.name("several");
        for (String name : new String[] {"web", "db"}) {
            String image = image(name, name);
            run("run", "-d", "--label", label, "--name", engine.name(name), image, "sleep", "600");
            engine.later("docker rm -f " + engine.name(name) + " >/dev/null 2>&1 || true");
        }
        try (TestRegistry to = TestRegistry.plain(dir.resolve("registry"));
                Docker docker = EngineFixture.docker()) {
            Registry registry = Registry.at(to.url()).anonymous();
            Snapshot snapshot =
                    repository.get().backup(docker.containers(label)).run();
            SampleImages samples = new SampleImages(to.url());
            assertThatThrownBy(() -> repository
                            .get()
                            .restore(snapshot)
                            .to(registry.push("one:1"))
                            .run())
                    .hasMessageContaining("push() pushes each under its own name");
            assertThat(samples.get("one/manifests/1")).isEmpty();
            repository.get().restore(snapshot).to(registry.push()).run();
            assertThat(samples.get(engine.name("web") + "/manifests/1")).isNotEmpty();
            assertThat(samples.get(engine.name("db") + "/manifests/1")).isNotEmpty();
        }
    }
}
