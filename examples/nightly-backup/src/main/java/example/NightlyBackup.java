package example;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import java.nio.file.Path;

/**
 * Backs up each container that has the label {@code backup=nightly}, then prunes. Exits with 1 if one of the backups
 * failed or lacks something.
 *
 * <p>Usage: {@code NightlyBackup <directory>}, with the passphrase in {@code BACKUP_PASSPHRASE}.
 */
public final class NightlyBackup {
    private NightlyBackup() {}

    public static void main(String[] arguments) {
        boolean good = true;
        try (Docker docker = Docker.local();
                Repository repo = Repository.at(FileStorage.at(Path.of(arguments[0])))
                        .encryption(Encryption.passphrase(() -> System.getenv("BACKUP_PASSPHRASE")))
                        .openOrCreate()) {
            for (String container : docker.containerNames("backup=nightly")) {
                good &= backUp(docker, repo, container);
            }
            repo.prune(Retention.keepLast(3).andDaily(7).andWeekly(4)).run();
        }
        System.exit(good ? 0 : 1);
    }

    private static boolean backUp(Docker docker, Repository repo, String container) {
        try {
            Snapshot snapshot = repo.backup(docker.container(container).quiesce(Quiesce.pause()))
                    .onEvent(event -> show(container, event))
                    .run();
            System.out.printf("%n%s: %s, %s%n", container, snapshot.id(), snapshot.completeness());
            snapshot.problems().forEach(problem -> System.out.println("  " + problem));
            return snapshot.completeness() != Completeness.INCOMPLETE;
        } catch (BackupException e) {
            System.err.printf("%n%s%s%n", e.getMessage(), e.isRetryable() ? " (try again later)" : "");
            return false;
        }
    }

    private static void show(String container, OperationEvent event) {
        if (event instanceof OperationEvent.Progress progress) {
            System.out.printf(
                    "\r%-20s %3.0f %% %8d entries %8d MB read %8d MB/s",
                    container,
                    progress.fraction().orElse(0) * 100,
                    progress.entries(),
                    progress.bytesRead() >> 20,
                    progress.bytesPerSecond() >> 20);
        }
    }
}
