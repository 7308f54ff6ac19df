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
import java.nio.file.Path;
import java.util.List;

/** Backs up a Compose project with four services, removes all of it, and brings it back. */
public final class ComposeQuickstart {
    private final Shop shop;

    private ComposeQuickstart(Shop shop) {
        this.shop = shop;
    }

    /** Takes the directory for the backups, that of the compose file, and the words of the Compose command. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Shop shop = new Shop(args[1], List.of(args).subList(2, args.length));
        shop.down();
        try {
            new ComposeQuickstart(shop).run(Path.of(args[0]));
        } finally {
            shop.down();
        }
    }

    private void run(Path backups) throws IOException, InterruptedException {
        say("A Compose project: a database, a cache, a web server, and a worker that shares the web server's network");
        shop.up();
        String db = Shop.container("db");
        String cache = Shop.container("cache");
        String before = DockerCommand.sql(db, Shop.COUNT);
        System.out.println("  database: " + before + "; cache: "
                + DockerCommand.run("exec", cache, "redis-cli", "get", "visitors") + " visitors");

        // The library is used from here on.
        try (Docker docker = Docker.local();
                Repository repo = Repository.at(FileStorage.at(backups))
                        .encryption(Encryption.passphrase(() -> "quickstart"))
                        .openOrCreate()) {
            say("Back up the whole project, all services paused together");
            Snapshot snapshot = repo.backup(docker.composeProject(Shop.PROJECT).quiesce(Quiesce.pause()))
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
            shop.down();
            System.out.println("  containers left: "
                    + DockerCommand.run("ps", "-aq", "--filter", Shop.label())
                            .lines()
                            .count() + ", volumes left: "
                    + DockerCommand.run("volume", "ls", "-q", "--filter", Shop.label())
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
            String after = DockerCommand.sql(db, Shop.COUNT);
            System.out.println("  database: " + after + "; cache: "
                    + DockerCommand.run("exec", cache, "redis-cli", "get", "visitors") + " visitors");
            if (!after.equals(before)) {
                throw new IllegalStateException("the restored database does not answer what it should");
            }

            say("Compose takes it for its own");
            System.out.print(shop.run("ps").indent(2));

            say("Verify the stored data");
            System.out.println("  " + repo.verify().readData().run());
        }
    }

    private static void say(String what) {
        System.out.println();
        System.out.println("== " + what);
    }
}
