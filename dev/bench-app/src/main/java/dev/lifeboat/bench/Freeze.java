package dev.lifeboat.bench;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.docker.ContainerSource;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/** Backs up a container that changes its files between the two passes: what {@code dev/bench freeze} measures. */
public final class Freeze {
    private Freeze() {}

    /**
     * Runs {@code <once|twice> <container> <repository> <rounds> <command of the shell>}: once reads everything while
     * the container is paused, twice reads only what has changed since the first pass. The command runs in the
     * container between the passes. Prints, for each round, the milliseconds for which the container was quiesced and
     * the seconds of the backup.
     */
    public static void main(String[] args) throws Exception {
        boolean once = args[0].equals("once");
        try (Docker docker = Docker.local();
                Repository repo = Repository.at(FileStorage.at(Path.of(args[2])))
                        .encryption(Encryption.passphrase(() -> "benchmark"))
                        .openOrCreate()) {
            ContainerCommand churn = ContainerCommand.of("sh", "-c", args[4]).within(Duration.ofMinutes(5));
            Quiesce quiesce = Quiesce.exec(churn, ContainerCommand.of("true")).andPause();
            ContainerSource source = docker.container(args[1]).withBindMounts().quiesce(quiesce);
            for (int i = 0; i < Integer.parseInt(args[3]); i++) {
                long start = System.nanoTime();
                Snapshot snapshot =
                        repo.backup(once ? source.withoutPreCopy() : source).run();
                double seconds = (System.nanoTime() - start) / 1e9;
                System.out.printf(
                        Locale.ROOT,
                        "%d %.2f%n",
                        snapshot.stats().quiesced().orElseThrow().toMillis(),
                        seconds);
            }
        }
    }
}
