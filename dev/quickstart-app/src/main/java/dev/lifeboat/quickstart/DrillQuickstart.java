package dev.lifeboat.quickstart;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.automation.drill.Check;
import dev.lifeboat.automation.drill.Drill;
import dev.lifeboat.automation.drill.DrillReport;
import dev.lifeboat.docker.ApplicationSource;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.drill.DockerDrill;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Proves a backup of a Compose project, and finds one that is not what it should be. */
public final class DrillQuickstart {
    private DrillQuickstart() {}

    /** Takes the directory for the backups, that of the compose file, and the words of the Compose command. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Shop shop = new Shop(args[1], List.of(args).subList(2, args.length));
        shop.down();
        try {
            run(shop, Path.of(args[0]));
        } finally {
            shop.down();
        }
    }

    private static void run(Shop shop, Path directory) throws IOException, InterruptedException {
        say("A Compose project: a database, a cache, a web server, and a worker that shares the web server's network");
        shop.up();

        // The library is used from here on.
        try (Docker docker = Docker.local();
                Repository repo = Repository.at(FileStorage.at(directory.resolve("backups")))
                        .encryption(Encryption.passphrase(() -> "quickstart"))
                        .openOrCreate()) {
            Drill drill = Drill.in(DockerDrill.on(docker))
                    .check(Check.exec(
                            "50000 orders", "db", "50000"::equals, "psql", "-qAtc", "select count(*) from orders"))
                    .check(Check.exec("42 visitors", "cache", "42"::equals, "redis-cli", "get", "visitors"))
                    .check(Check.http("the shop is open", "web", 8000, "/"))
                    .reportTo(directory.resolve("drills"));

            say("Back the project up, and drill the backup");
            ApplicationSource project =
                    docker.composeProject(Shop.PROJECT).withBindMounts().quiesce(Quiesce.pause());
            Snapshot good = repo.backup(project).onEvent(new ProgressBar()).run();
            DrillReport report = drill.run(repo, good);
            show(report);
            if (!report.isPassed()) {
                throw new IllegalStateException("the backup is not what it should be: " + report.reasons());
            }

            say("Someone truncates a table before the next backup; all containers stay healthy");
            DockerCommand.sql(Shop.container("db"), "truncate orders; checkpoint");
            Snapshot broken = repo.backup(project).onEvent(new ProgressBar()).run();
            report = drill.run(repo, broken);
            show(report);
            if (report.isPassed()) {
                throw new IllegalStateException("the drill has not found that the orders are gone");
            }

            say("Nothing of the drills is left");
            System.out.println("  containers: "
                    + DockerCommand.run("ps", "-aq", "--filter", "name=drill-")
                            .lines()
                            .count() + ", volumes: "
                    + DockerCommand.run("volume", "ls", "-q", "--filter", "name=drill-")
                            .lines()
                            .count());
            System.out.println(
                    "  the reports are in " + directory.resolve("drills").toAbsolutePath());
            System.out.println("  " + repo.verify().readData().run());
        }
    }

    private static void show(DrillReport report) {
        System.out.println("  " + (report.isPassed() ? "PASSED" : "FAILED") + "; time to healthy: "
                + report.timeToHealthy().map(time -> time.toMillis() + " ms").orElse("never") + "; age of the data: "
                + report.dataAge().toMillis() + " ms");
        report.checks()
                .forEach(check ->
                        System.out.println("  " + check.outcome() + " " + check.name() + ": " + check.detail()));
        report.reasons().forEach(reason -> System.out.println("  reason: " + reason));
    }

    private static void say(String what) {
        System.out.println();
        System.out.println("== " + what);
    }
}
