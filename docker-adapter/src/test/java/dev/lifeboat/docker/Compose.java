package dev.lifeboat.docker;

import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A project of a real Compose, v1 or v2.
 *
 * @param version 1 or 2
 * @param name of the project
 * @param directory with its files
 * @param engine that it runs on
 */
record Compose(int version, String name, Path directory, URI engine) {
    /** Writes the files of a project with four services; see {@code shop/docker-compose.yml}. */
    static Compose shop(int version, String name, Path directory) throws IOException {
        Files.createDirectories(directory.resolve("www"));
        try (InputStream in = Objects.requireNonNull(Compose.class.getResourceAsStream("shop/docker-compose.yml"))) {
            Files.write(directory.resolve("docker-compose.yml"), in.readAllBytes());
        }
        // An address range of its own, since tests may leave a network for a while.
        int number = Math.floorMod(name.hashCode(), 250 * 250);
        Files.writeString(
                directory.resolve(".env"), "APP=shop\nPREFIX=10." + (100 + number / 250 % 100) + "." + number % 250);
        Files.writeString(directory.resolve("shop.env"), "GREETING=hello\n");
        Files.writeString(directory.resolve("token.txt"), "s3cret\n");
        Files.writeString(directory.resolve("motd.txt"), "welcome\n");
        Files.writeString(directory.resolve("www/index.html"), "the shop\n");
        return new Compose(version, name, directory, EngineFixture.uri());
    }

    /** The same files under another project name, or seen by another version. */
    Compose as(int otherVersion, String otherName) {
        return new Compose(otherVersion, otherName, directory, engine);
    }

    /** The same project on another engine. */
    Compose on(URI other) {
        return new Compose(version, name, directory, other);
    }

    /** Runs it and returns what it prints. */
    String run(String... arguments) {
        String binary = Objects.requireNonNull(
                System.getenv("LIFEBOAT_COMPOSE_V" + version), "run dev/test, or: eval \"$(dev/compose env)\"");
        List<String> command = new ArrayList<>(List.of(
                "env",
                "DOCKER_HOST=" + engine,
                binary,
                "-p",
                name,
                "--project-directory",
                directory.toString(),
                "-f",
                directory.resolve("docker-compose.yml").toString()));
        command.addAll(List.of(arguments));
        try {
            return Shell.run(command.toArray(String[]::new));
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The name of the container of a service. */
    String container(String service) {
        String separator = version == 1 ? "_" : "-";
        return name + separator + service + separator + "1";
    }

    /** The ids of all containers, in the order of their names. */
    String ids() {
        return EngineFixture.run("ps", "-aq", "--no-trunc", "--filter", "label=com.docker.compose.project=" + name);
    }

    /** Runs the docker command on its engine. */
    String docker(String... arguments) {
        List<String> command = new ArrayList<>(List.of("-H", engine.toString()));
        command.addAll(List.of(arguments));
        return EngineFixture.run(command.toArray(String[]::new));
    }
}
