package dev.lifeboat.quickstart;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs the docker command for what Lifeboat does not do: start a database and query it. */
final class DockerCommand {
    private DockerCommand() {}

    /** Runs the command and returns its output, whether it succeeds or not. */
    static String run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("docker"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output.strip();
    }

    static String sql(String container, String statement) throws IOException, InterruptedException {
        return run("exec", container, "psql", "-qAt", "-d", "postgres", "-c", statement);
    }

    /** Waits until the database accepts queries. */
    static void awaitDatabase(String container) throws IOException, InterruptedException {
        for (int i = 0; i < 300; i++) {
            if (sql(container, "select 1").equals("1")) {
                return;
            }
            Thread.sleep(100);
        }
        throw new IllegalStateException("no database in " + container + ": " + run("logs", "--tail", "20", container));
    }
}
