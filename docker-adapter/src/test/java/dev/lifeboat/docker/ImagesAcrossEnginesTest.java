package dev.lifeboat.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Restore;
import dev.lifeboat.docker.engine.ApiVersion;
import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.engine.EngineInfo.Store;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.Shell;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An image of each kind, from each engine to each: the container runs there, under the same digest where the store can
 * have it. The engines are those of {@code LIFEBOAT_ENGINES}, separated by blanks; {@code dev/test} starts them.
 */
@Tag("engines")
class ImagesAcrossEnginesTest {
    @RegisterExtension
    final RepositoryFixture repository = new RepositoryFixture();

    private enum Kind {
        BUILT,
        COMMITTED,
        UNTAGGED,
        ZSTD,
        MULTI_PLATFORM,
        PINNED,
        TWENTY_LAYERS
    }

    /** An engine, seen through the docker command. */
    private record Engine(String host) {
        String sh(String line) throws Exception {
            return Shell.sh("export DOCKER_HOST=" + host + "; " + line).strip();
        }

        Docker docker() {
            return Docker.at(URI.create(host));
        }

        boolean isPodman() {
            return info().product() == EngineInfo.Product.PODMAN;
        }

        /** Before 23.0 Docker does not read it. */
        boolean readsZstd() {
            return isPodman() || info().apiVersion().isAtLeast(new ApiVersion(1, 42));
        }

        EngineInfo info() {
            try (Docker docker = docker()) {
                return docker.info();
            }
        }

        @Override
        public String toString() {
            EngineInfo info = info();
            return info.product() + " " + info.version() + " " + info.store();
        }
    }

    static Stream<Arguments> cases() {
        String engines = System.getenv("LIFEBOAT_ENGINES");
        assertThat(engines).as("LIFEBOAT_ENGINES, which dev/test sets").isNotBlank();
        List<Engine> all = Stream.of(engines.split(" ", -1)).map(Engine::new).toList();
        List<Arguments> cases = new ArrayList<>();
        for (Engine source : all) {
            for (Engine target : all) {
                for (Kind kind : Kind.values()) {
                    if (kind != Kind.ZSTD || source.readsZstd()) {
                        cases.add(Arguments.of(source, target, kind));
                    }
                }
            }
        }
        return cases.stream();
    }

    @ParameterizedTest(name = "{2}: {0} to {1}")
    @MethodSource("cases")
    void image_runsThere(Engine source, Engine target, Kind kind) throws Exception {
        String prefix =
                "lbx" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        List<String> before = images(source, target);
        try (Docker from = source.docker();
                Docker to = target.docker()) {
            String reference = make(source, kind, prefix);
            source.sh("docker run -d --stop-signal SIGKILL --name " + prefix + "-app " + reference + " sleep 1000");
            String name = source.sh("docker inspect -f '{{.Config.Image}}' " + prefix + "-app");
            String id = source.sh("docker inspect -f '{{.Image}}' " + prefix + "-app");
            Snapshot snapshot = repository.backup(from.container(prefix + "-app"));
            assertThat(snapshot.problems()).isEmpty();
            clean(source, prefix, id);
            Restore.Restored restored = repository
                    .get()
                    .restore(snapshot)
                    .to(to.newContainer(prefix + "-copy").start())
                    .run();
            assertThat(target.sh("docker inspect -f '{{.State.Status}}' " + prefix + "-copy"))
                    .isEqualTo("running");
            assertThat(target.sh("docker exec " + prefix + "-copy cat /marker")).isEqualTo(prefix);
            String copy = target.sh("docker inspect -f '{{.Image}}' " + prefix + "-copy");
            boolean sameStore = source.info().store() == target.info().store();
            assertThat(copy.equals(id)).isEqualTo(sameStore);
            assertThat(restored.problems())
                    .as("no engine takes the configuration of another for something else")
                    .extracting(Problem::detail)
                    .noneMatch(d -> d.contains("did not take it"));
            boolean pinned = kind == Kind.PINNED && name.contains("@");
            // Podman does not give away the manifest.
            boolean keepsDigest = source.info().store() == Store.CONTAINERD
                    && (target.info().store() == Store.CONTAINERD || target.isPodman());
            if (pinned && !keepsDigest) {
                assertThat(restored.problems())
                        .extracting(Problem::detail)
                        .anyMatch(d -> d.contains("has lost its name " + name));
            } else if (kind != Kind.UNTAGGED && !name.startsWith("sha256:")) {
                assertThat(target.sh("docker run --rm " + name + " cat /marker"))
                        .isEqualTo(prefix);
                assertThat(restored.problems())
                        .extracting(Problem::detail)
                        .noneMatch(d -> d.contains("image") || d.contains("tag"));
            }
            Snapshot again = repository.backup(to.container(prefix + "-copy"));
            assertThat(again.completeness()).isEqualTo(Completeness.COMPLETE);
            clean(target, prefix, copy);
        } finally {
            clean(source, prefix, "");
            clean(target, prefix, "");
        }
        assertThat(images(source, target)).as("nothing is left").isEqualTo(before);
    }

    private static List<String> images(Engine source, Engine target) throws Exception {
        String list = "docker image ls -a --no-trunc --format '{{.ID}} {{.Repository}} {{.Tag}}' | sort";
        return List.of(source.sh(list), target.sh(list));
    }

    private static void clean(Engine engine, String prefix, String id) throws Exception {
        engine.sh("docker ps -aq --filter name=" + prefix + " | xargs -r docker kill >/dev/null 2>&1; "
                + "docker ps -aq --filter name=" + prefix + " | xargs -r docker rm -fv >/dev/null 2>&1; "
                + "docker image ls --digests --format '{{.Repository}}:{{.Tag}}@{{.Digest}}' | grep " + prefix
                + " | sed 's/:<none>@/@/; s/\\(:[^@]*\\)@.*/\\1/' | sort -u | xargs -r docker image rm -f >/dev/null 2>&1; "
                + (id.isEmpty() ? "true" : "docker image rm -f " + id + " >/dev/null 2>&1 || true"));
    }

    /** Makes an image whose file /marker has the prefix for its content, and returns how to refer to it. */
    private String make(Engine engine, Kind kind, String prefix) throws Exception {
        String base = EngineFixture.BUSYBOX;
        String name = prefix + "/image:1";
        return switch (kind) {
            case BUILT, TWENTY_LAYERS -> {
                StringBuilder recipe = new StringBuilder("FROM " + base + "\nENV LIFEBOAT=1\n");
                for (int i = 0; i < (kind == Kind.BUILT ? 1 : 18); i++) {
                    // The same on each engine and in each run: layers that are there already.
                    recipe.append("RUN echo ")
                            .append(i)
                            .append(" > /layer")
                            .append(i)
                            .append("\n");
                }
                recipe.append("RUN echo ").append(prefix).append(" > /marker\n");
                Path file = Files.writeString(repository.scratch(prefix), recipe);
                engine.sh("DOCKER_BUILDKIT=0 docker build -q -t " + name + " - < " + file);
                yield name;
            }
            case COMMITTED, UNTAGGED -> {
                engine.sh("docker run --name " + prefix + " " + base + " sh -c 'echo " + prefix
                        + " > /marker; rm /bin/vi'");
                yield engine.sh("docker commit -m made " + prefix + (kind == Kind.UNTAGGED ? "" : " " + name)
                                + " && docker rm " + prefix + " >/dev/null")
                        .lines()
                        .findFirst()
                        .map(id -> kind == Kind.UNTAGGED ? id : name)
                        .orElseThrow();
            }
            case ZSTD, MULTI_PLATFORM, PINNED -> load(engine, kind, prefix);
        };
    }

    /** Loads an image that is made by hand, as a registry might have it. */
    private String load(Engine engine, Kind kind, String prefix) throws Exception {
        Path dir = Files.createDirectories(repository.scratch(prefix + "-layout"));
        Path script = dir.resolve("image-layout.sh");
        try (InputStream in = ImagesAcrossEnginesTest.class.getResourceAsStream("image-layout.sh")) {
            Files.copy(Objects.requireNonNull(in), script);
        }
        String arguments = String.join(
                " ",
                dir.toString(),
                prefix,
                EngineFixture.BUSYBOX,
                kind == Kind.ZSTD ? "zstd" : "gzip",
                kind == Kind.MULTI_PLATFORM ? "index" : "manifest",
                prefix + "/image",
                kind == Kind.PINNED ? "digest" : "");
        String[] digests =
                engine.sh("sh " + script + " " + arguments + " 2>/dev/null").split(" ", -1);
        if (kind != Kind.PINNED) {
            return prefix + "/image:1";
        }
        boolean graph = engine.info().store() == Store.GRAPH && !engine.isPodman();
        return graph ? digests[1] : prefix + "/image@" + digests[0];
    }
}
