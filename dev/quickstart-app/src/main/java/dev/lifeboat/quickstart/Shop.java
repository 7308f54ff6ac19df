package dev.lifeboat.quickstart;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The Compose project of the quickstarts, by the real Compose. */
final class Shop {
    static final String PROJECT = "lifeboat-quickstart-shop";
    static final String COUNT = "select count(*) || ' orders, sum ' || sum(amount) from orders";

    private final List<String> compose;

    /**
     * Describes it.
     *
     * @param directory of the compose file
     * @param compose words of the Compose command
     */
    Shop(String directory, List<String> compose) {
        this.compose = new ArrayList<>(compose);
        this.compose.addAll(
                List.of("-p", PROJECT, "--project-directory", directory, "-f", directory + "/docker-compose.yml"));
    }

    /** Starts it, with orders in the database and visitors in the cache. */
    void up() throws IOException, InterruptedException {
        run("up", "-d");
        String db = container("db");
        DockerCommand.awaitDatabase(db);
        DockerCommand.sql(
                db,
                "create table orders as select i as id, i % 100 as amount, md5(i::text) as note from"
                        + " generate_series(1, 50000) i; checkpoint");
        DockerCommand.run("exec", container("cache"), "redis-cli", "set", "visitors", "42");
    }

    /** Removes it with its volumes. */
    void down() throws IOException, InterruptedException {
        run("down", "-v", "-t", "1");
    }

    /** Runs Compose and returns what it prints. */
    String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(compose);
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("failed: " + command + "\n" + output);
        }
        return output;
    }

    static String label() {
        return "label=com.docker.compose.project=" + PROJECT;
    }

    /** The name that this version of Compose gave to the container of a service. */
    static String container(String service) throws IOException, InterruptedException {
        return DockerCommand.run(
                "ps",
                "--format",
                "{{.Names}}",
                "--filter",
                label(),
                "--filter",
                "label=com.docker.compose.service=" + service);
    }
}
