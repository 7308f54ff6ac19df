package dev.lifeboat.quickstart;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Restore;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Backs up a PostgreSQL container twice and restores the first snapshot beside the running container. */
public final class Quickstart {
    private static final String IMAGE = "lifeboat-postgres:15";
    private static final String ORIGINAL = "lifeboat-quickstart-db";
    private static final String COPY = "lifeboat-quickstart-db-restored";
    private static final String COUNT = "select count(*) || ' rows, sum ' || sum(balance) from accounts";

    private Quickstart() {}

    /** Takes the directory for the backups. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path backups = Path.of(args[0]);
        DockerCommand.run("rm", "-fv", ORIGINAL, COPY);
        try {
            run(backups);
        } finally {
            DockerCommand.run("rm", "-fv", ORIGINAL, COPY);
        }
    }

    private static void run(Path backups) throws IOException, InterruptedException {
        say("A PostgreSQL container with a table of 200,000 rows");
        DockerCommand.run("run", "-d", "--name", ORIGINAL, "-e", "APP=quickstart", "--label", "tier=db", IMAGE);
        DockerCommand.awaitDatabase(ORIGINAL);
        DockerCommand.sql(
                ORIGINAL,
                "create table accounts as select i as id, i % 1000 as balance, md5(i::text) as note from"
                        + " generate_series(1, 200000) i; checkpoint");
        System.out.println("  " + DockerCommand.sql(ORIGINAL, COUNT));

        // The library is used from here on.
        try (Docker docker = Docker.local();
                Repository repo = Repository.at(FileStorage.at(backups))
                        // Archives that any tar can open, for inspection; the default format deduplicates and encrypts.
                        .format(TarFormat.create())
                        .encryption(Encryption.none())
                        .openOrCreate()) {
            say("Back up the running container, paused while it is read");
            Snapshot first = repo.backup(docker.container(ORIGINAL).quiesce(Quiesce.pause()))
                    .tag("quickstart", "first")
                    .onEvent(new ProgressBar())
                    .run();
            describe(first);

            say("Change rows and back up again: only what has changed is read");
            DockerCommand.sql(ORIGINAL, "update accounts set balance = 0 where id <= 500; checkpoint");
            System.out.println("  " + DockerCommand.sql(ORIGINAL, COUNT));
            Snapshot second = repo.backup(docker.container(ORIGINAL).quiesce(Quiesce.pause()))
                    .onEvent(new ProgressBar())
                    .run();
            describe(second);

            say("Restore the first snapshot under a new name, beside the running container, and start it");
            long begun = System.nanoTime();
            Restore.Restored restored = repo.restore(first)
                    .to(docker.newContainer(COPY).start())
                    .onEvent(new ProgressBar())
                    .run();
            System.out.printf(
                    "  %d entries, %s written, %d problems, %.1f s%n",
                    restored.entries(),
                    ProgressBar.bytes(restored.bytesWritten()),
                    restored.problems().stream()
                            .filter(p -> p.kind() != Problem.Kind.SKIPPED)
                            .count(),
                    (System.nanoTime() - begun) / 1e9);
            DockerCommand.awaitDatabase(COPY);

            say("Both databases answer");
            String now = DockerCommand.sql(ORIGINAL, COUNT);
            String then = DockerCommand.sql(COPY, COUNT);
            System.out.println("  " + ORIGINAL + ":          " + now);
            System.out.println("  " + COPY + ": " + then);
            if (!then.equals("200000 rows, sum 99900000") || now.equals(then)) {
                throw new IllegalStateException("the restored database does not answer what it should");
            }

            say("Verify the stored data");
            System.out.println("  " + repo.verify().readData().run());

            say("Location of the backup, and how to open it without Lifeboat");
            System.out.println("  " + backups.toAbsolutePath());
            for (Snapshot snapshot : new Snapshot[] {first, second}) {
                Path archive = backups.toAbsolutePath()
                        .resolve("archives/" + snapshot.archive().reference() + ".tar.zst");
                System.out.printf("  %s  %s%n", archive, ProgressBar.bytes(Files.size(archive)));
            }
            System.out.println(
                    "  mkdir /tmp/look && tar --zstd --xattrs -C /tmp/look -xf <the first>    (then the second over it)");
        }
    }

    private static void describe(Snapshot snapshot) {
        Snapshot.Stats stats = snapshot.stats();
        System.out.printf("  snapshot %s of %s: %s%n", snapshot.id(), snapshot.source(), snapshot.strategy());
        System.out.printf(
                "  captured: image, writable layer, volumes, configuration, networks: %d entries, %s (%d entries unchanged)%n",
                stats.entries(), ProgressBar.bytes(stats.contentBytes()), stats.unchanged());
        System.out.printf(
                "  %s read, %s stored, %.1f s, of which %.2f s paused%n",
                ProgressBar.bytes(stats.bytesRead()),
                ProgressBar.bytes(stats.bytesStored()),
                stats.duration().toMillis() / 1e3,
                stats.quiesced().orElse(Duration.ZERO).toMillis() / 1e3);
        for (Problem problem : snapshot.problems()) {
            if (!problem.path().equals(EntryPath.root())) {
                System.out.println("  " + problem);
            }
        }
    }

    private static void say(String what) {
        System.out.println();
        System.out.println("== " + what);
    }
}
