package dev.lifeboat.quickstart;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Restore;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Backs up a Compose project with four services, removes all of it, and brings it back. */
public final class ComposeQuickstart {
    private static final String PROJECT = "lifeboat-quickstart-shop";
    private static final String COUNT = "select count(*) || ' orders, sum ' || sum(amount) from orders";

    private final List<String> compose;

    private ComposeQuickstart(List<String> compose) {
        this.compose = compose;
    }

    /** Takes the directory for the backups, that of the compose file, and the words of the Compose command. */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(args).subList(2, args.length));
        command.addAll(List.of("-p", PROJECT, "--project-directory", args[1], "-f", args[1] + "/docker-compose.yml"));
        ComposeQuickstart quickstart = new ComposeQuickstart(command);
        quickstart.compose("down", "-v", "-t", "1");
        try {
            quickstart.run(Path.of(args[0]));
        } finally {
            quickstart.compose("down", "-v", "-t", "1");
        }
    }

    private void run(Path backups) throws IOException, InterruptedException {
        say("A Compose project: a database, a cache, a web server, and a worker that shares the web server's network");
        compose("up", "-d");
        String db = container("db");
        String cache = container("cache");
        DockerCommand.awaitDatabase(db);
        DockerCommand.sql(
                db,
                "create table orders as select i as id, i % 100 as amount, md5(i::text) as note from"
                        + " generate_series(1, 50000) i; checkpoint");
        DockerCommand.run("exec", cache, "redis-cli", "set", "visitors", "42");
        String before = DockerCommand.sql(db, COUNT);
        System.out.println("  database: " + before + "; cache: "
                + DockerCommand.run("exec", cache, "redis-cli", "get", "visitors") + " visitors");

        // The library is used from here on.
        try (Docker docker = Docker.local();
                Repository repo = Repository.at(FileStorage.at(backups))
                        .encryption(Encryption.passphrase(() -> "quickstart"))
                        .openOrCreate()) {
            say("Back up the whole project, all services paused together");
            Snapshot snapshot = repo.backup(docker.composeProject(PROJECT).quiesce(Quiesce.pause()))
                    .onEvent(new ProgressBar())
                    .run();
            System.out.printf(
                    "  snapshot %s of %s: %s, %d entries, %s, stored encrypted in %s%n",
                    snapshot.id(),
                    snapshot.source(),
                    snapshot.completeness(),
                    snapshot.stats().entries(),
                    ProgressBar.bytes(snapshot.stats().contentBytes()),
                    ProgressBar.bytes(snapshot.stats().bytesStored()));

            say("Remove the project: containers, networks, volumes");
            compose("down", "-v", "-t", "1");
            System.out.println("  containers left: "
                    + DockerCommand.run("ps", "-aq", "--filter", label())
                            .lines()
                            .count() + ", volumes left: "
                    + DockerCommand.run("volume", "ls", "-q", "--filter", label())
                            .lines()
                            .count());

            say("Bring it back; the plan first, as it would be printed for a person");
            Restore.Restored restored = repo.restore(snapshot)
                    .to(docker.composeProjectInPlace()
                            .onPlan(plan -> System.out.print(plan.toString().indent(2)))
                            .onStarted(started -> System.out.println("  " + started)))
                    .run();
            restored.problems().forEach(problem -> System.out.println("  " + problem));
            if (restored.completeness() == Completeness.INCOMPLETE) {
                throw new IllegalStateException("not all of the project came back");
            }
            String after = DockerCommand.sql(db, COUNT);
            System.out.println("  database: " + after + "; cache: "
                    + DockerCommand.run("exec", cache, "redis-cli", "get", "visitors") + " visitors");
            if (!after.equals(before)) {
                throw new IllegalStateException("the restored database does not answer what it should");
            }

            say("Compose takes it for its own");
            System.out.print(compose("ps").indent(2));

            say("Verify the stored data");
            System.out.println("  " + repo.verify().readData().run());
        }
    }

    private String compose(String... arguments) throws IOException, InterruptedException {
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

    private static String label() {
        return "label=com.docker.compose.project=" + PROJECT;
    }

    /** The name that this version of Compose gave to the container of a service. */
    private static String container(String service) throws IOException, InterruptedException {
        return DockerCommand.run(
                "ps",
                "--format",
                "{{.Names}}",
                "--filter",
                label(),
                "--filter",
                "label=com.docker.compose.service=" + service);
    }

    private static void say(String what) {
        System.out.println();
        System.out.println("== " + what);
    }
}
