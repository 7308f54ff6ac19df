package dev.lifeboat.docker;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;

/** A real engine, seen through its own command; whatever a test makes under {@link #name} is removed after it. */
final class EngineFixture implements BeforeEachCallback, AfterEachCallback {
    static final String BUSYBOX = "lifeboat-busybox:1";
    static final String POSTGRES = "lifeboat-postgres:15";
    static final String REDIS = "lifeboat-redis:7";
    static final String MARIADB = "lifeboat-mariadb:10.11";

    private final Deque<String> cleanups = new ArrayDeque<>();
    private String prefix = "";

    /** A name that no other test uses. */
    String name(String suffix) {
        return prefix + suffix;
    }

    static Docker docker() {
        return Docker.local();
    }

    static URI uri() {
        String host = System.getenv("DOCKER_HOST");
        return URI.create(host == null ? "unix:///var/run/docker.sock" : host);
    }

    /** Runs the docker command and gives what it prints. */
    static String run(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "docker";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            return Shell.run(command).strip();
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    static String exec(String container, String line) {
        return run("exec", container, "sh", "-c", line);
    }

    /** Fetches a page from a published port. */
    static String get(int port) {
        try {
            return Shell.sh("curl -fsS -m 10 http://127.0.0.1:" + port + "/index.html")
                    .strip();
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    static String inspect(String thing, String format) {
        return run("inspect", "-f", format, thing);
    }

    /**
     * Leaves a test out whose engine publishes ports in another network namespace than that of this process, as all but
     * the development engine do here.
     */
    static void assumePublishedPortsAreReachable() throws IOException {
        String ofEngine = run("run", "--rm", "--network", "host", BUSYBOX, "readlink", "/proc/self/ns/net");
        String own = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
        Assumptions.assumeTrue(
                ofEngine.equals(own), "LEFT OUT: the engine publishes ports in another network namespace");
    }

    /** Whether the engine is Podman. */
    static boolean isPodman() {
        try (Docker docker = docker()) {
            return docker.info().product() == EngineInfo.Product.PODMAN;
        }
    }

    /** The environment in the order of the names, without what Podman makes up. */
    static List<String> environment(String container) {
        return inspect(container, "{{range .Config.Env}}{{println .}}{{end}}")
                .lines()
                .filter(variable -> !variable.isEmpty()
                        && !variable.startsWith("HOSTNAME=")
                        && !variable.equals("container=podman"))
                .sorted()
                .toList();
    }

    static String state(String container) {
        return inspect(container, "{{.State.Status}}");
    }

    /** Whether the engine still has the image of a container, whatever its name. */
    static boolean hasImageOf(String container) throws Exception {
        String id = inspect(container, "{{.Image}}");
        return Shell.sh("docker image inspect " + id + " >/dev/null 2>&1 && echo yes || echo no")
                .strip()
                .equals("yes");
    }

    /** Removes something after the test, whether it is there or not. */
    void later(String line) {
        cleanups.push(line);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        prefix = "lbtest-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt()) + "-";
    }

    /** For the table of docs/ENGINES.md, if it is to be written. */
    private static void record(ExtensionContext context) throws IOException {
        String directory = System.getenv("LIFEBOAT_ABILITIES");
        Ability ability = context.getRequiredTestMethod().getAnnotation(Ability.class);
        ability = ability == null ? context.getRequiredTestClass().getAnnotation(Ability.class) : ability;
        boolean skipped = context.getExecutionException()
                .filter(TestAbortedException.class::isInstance)
                .isPresent();
        if (directory == null || ability == null || skipped) {
            return;
        }
        try (Docker docker = docker()) {
            EngineInfo info = docker.info();
            String name = info.product() == EngineInfo.Product.PODMAN
                    ? "Podman " + info.version()
                    : "Docker " + info.version().replaceAll("\\+.*", "") + ", "
                            + info.store().name().toLowerCase(Locale.ROOT);
            String line = name + "\t" + ability.value() + "\t"
                    + (context.getExecutionException().isEmpty() ? "yes" : "no") + "\n";
            Path file = Path.of(directory).resolve(name.replaceAll("[^A-Za-z0-9.]+", "-") + ".tsv");
            Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        record(context);
        String ours = "docker ps -aq --filter name=" + prefix;
        // Whose name was taken away, and which would stay.
        String images = Shell.sh(ours + " | xargs -r docker inspect -f '{{.Image}}' | sort -u");
        // Podman would wait for each of them to stop.
        Shell.sh(ours + " | xargs -r docker unpause >/dev/null 2>&1; " + ours
                + " | xargs -r docker kill >/dev/null 2>&1; " + ours + " | xargs -r docker rm -fv >/dev/null; "
                + "docker volume ls -q --filter name=" + prefix + " | xargs -r docker volume rm >/dev/null; "
                + "docker network ls -q --filter name=" + prefix + " | xargs -r docker network rm >/dev/null");
        while (!cleanups.isEmpty()) {
            Shell.sh(cleanups.pop());
        }
        for (String image : images.lines().toList()) {
            Shell.sh("[ -n \"$(docker image inspect -f '{{join .RepoTags \" \"}}' " + image
                    + " 2>/dev/null)\" ] || docker image rm " + image + " >/dev/null 2>&1 || true");
        }
    }
}
