package dev.lifeboat.bench;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.Snapshot;
import dev.lifeboat.Verify;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.storage.fs.FileStorage;
import java.nio.file.Path;
import java.util.Locale;

/** One operation on a repository in a directory, encrypted by a passphrase as peers are: what {@code dev/bench} times. */
public final class Bench {
    private static final String SERIES = "bench";

    private Bench() {}

    /** Runs {@code backup <repository> <directory>}, {@code restore <repository> <directory> [path]}, {@code verify}, {@code prune},
     * or {@code warm <repository> <directory>}: six backups, one after the other. */
    public static void main(String[] args) {
        long start = System.nanoTime();
        Path place = Path.of(args[1]);
        String said;
        try (Repository repo = Repository.at(FileStorage.at(place))
                .encryption(Encryption.passphrase(() -> "benchmark"))
                .openOrCreate()) {
            said = switch (args[0].toLowerCase(Locale.ROOT)) {
                case "backup" -> backup(repo, Path.of(args[2]));
                case "warm" -> warm(repo, Path.of(args[2]));
                case "restore" -> restore(repo, args);
                case "verify" -> verify(repo);
                case "prune" -> repo.prune(Retention.keepLast(1)).run().bytesFreed() + " bytes freed";
                default -> throw new IllegalArgumentException("no operation '" + args[0] + "'");
            };
        }
        print(String.format(
                Locale.ROOT, "%s: %s, %.2f s in the program", args[0], said, (System.nanoTime() - start) / 1e9));
    }

    private static String backup(Repository repo, Path directory) {
        Snapshot snapshot =
                repo.backup(DirectorySource.of(directory).named(SERIES)).run();
        Snapshot.Stats stats = snapshot.stats();
        return stats.entries() + " entries, " + stats.unchanged() + " unchanged, " + stats.bytesRead() + " bytes read, "
                + stats.bytesStored() + " stored, " + stats.problems() + " problems";
    }

    /** What a second, third .. backup costs a process that lives on, as those that embed the library do. */
    private static String warm(Repository repo, Path directory) {
        StringBuilder seconds = new StringBuilder("backups took");
        for (int i = 0; i < 6; i++) {
            long start = System.nanoTime();
            backup(repo, directory);
            seconds.append(String.format(Locale.ROOT, " %.2f", (System.nanoTime() - start) / 1e9));
        }
        return seconds.append(" s").toString();
    }

    private static String restore(Repository repo, String[] args) {
        var restore = repo.restore(repo.latest(SERIES)).to(DirectoryRestore.into(Path.of(args[2])));
        if (args.length > 3) {
            EntryPath path = EntryPath.of(args[3]);
            restore.only(entry -> entry.path().equals(path));
        }
        var restored = restore.run();
        return restored.bytesWritten() + " bytes written, "
                + restored.problems().size() + " problems";
    }

    private static String verify(Repository repo) {
        Verify.Verified verified = repo.verify().readData().run();
        if (!verified.isClean()) {
            throw new IllegalStateException("damage: " + verified.findings());
        }
        return verified.bytesRead() + " bytes read, clean";
    }

    private static void print(String line) {
        System.out.println(line);
    }
}
