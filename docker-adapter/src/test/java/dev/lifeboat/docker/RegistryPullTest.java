package dev.lifeboat.docker;

import static dev.lifeboat.docker.EngineFixture.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.oci.Registry;
import dev.lifeboat.oci.testkit.TestKey;
import dev.lifeboat.oci.testkit.TestRegistry;
import dev.lifeboat.oci.testkit.TokenServer;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.ScratchDir;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An engine pulls what was pushed. It has to reach this machine's loopback, so this runs on the development engine. */
@Tag("docker")
@Tag("registry")
class RegistryPullTest {
    @RegisterExtension
    final EngineFixture engine = new EngineFixture();

    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    @Test
    void pushWipePullAndRun_byDigest_withTlsAndTokens_asTheDockerCommandLogsIn() throws Exception {
        String image = engine.name("image") + ":1";
        String base = engine.name("base");
        run("run", "--name", base, EngineFixture.BUSYBOX, "sh", "-c", "echo pushed > /mark");
        run("commit", base, image);
        run("rm", base);
        engine.later("docker image rm -f " + image + " >/dev/null 2>&1 || true");
        TestKey key = TestKey.create(dir.path());
        try (Docker docker = EngineFixture.docker();
                TokenServer tokens = new TokenServer(key, Map.of("ann", "secret"));
                TestRegistry to = TestRegistry.token(dir.resolve("registry"), key, tokens)) {
            Registry registry =
                    Registry.at(to.name()).trusting(key.certificateFile()).withCredentials("ann", "secret");
            Snapshot captured = repository.get().backup(docker.image(image)).run();
            repository.get().restore(captured).to(registry.push("shop/web:1.2")).run();
            run("image", "rm", image);

            String digest = Files.readString(dir.resolve(
                    "registry/data/docker/registry/v2/repositories/shop/web/_manifests/tags/1.2/current/link"));
            String pinned = to.name() + "/shop/web@" + digest;
            engine.later("docker image rm -f " + pinned + " >/dev/null 2>&1 || true");
            String config = dir.resolve("docker").toString();
            run("--config", config, "login", "-u", "ann", "-p", "secret", to.name());
            run("--config", config, "pull", "-q", pinned);
            assertThat(run("run", "--rm", pinned, "cat", "/mark")).isEqualTo("pushed");

            // What the engine pushes comes back with the digest that it had.
            String tagged = to.name() + "/shop/tool:1";
            run("tag", EngineFixture.BUSYBOX, tagged);
            engine.later("docker image rm -f " + tagged + " >/dev/null 2>&1 || true");
            run("--config", config, "push", "-q", tagged);
            String link = "registry/data/docker/registry/v2/repositories/shop/%s/_manifests/tags/1/current/link";
            String before = Files.readString(dir.resolve(String.format(link, "tool")));
            Snapshot pulled =
                    repository.get().backup(registry.image("shop/tool:1")).run();
            repository.get().restore(pulled).to(registry.push("shop/copy:1")).run();
            assertThat(Files.readString(dir.resolve(String.format(link, "copy"))))
                    .isEqualTo(before);
        }
    }
}
