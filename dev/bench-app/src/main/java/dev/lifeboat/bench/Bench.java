package dev.lifeboat.bench;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.RepositoryBuilder;
import dev.lifeboat.Retention;
import dev.lifeboat.Verify;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.CountingStorage;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.storage.s3.S3Storage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Runs one operation on a repository in a directory, or under a prefix of the bucket that dev/s3 provides, encrypted
 * with a passphrase as other tools are: what {@code dev/bench} measures.
 */
public final class Bench {
    private static final String SERIES = "bench";
    private static final String BUCKET = "s3:";

    private Bench() {}

    /** A repository, and the storage that counts its requests. */
    record Opened(Repository repo, CountingStorage counted) {}

    /**
     * Runs {@code backup <repository> <directory>}, {@code restore <repository> <directory> [path]},
     * {@code verify <repository>}, {@code prune <repository>}; {@code living}, which reads such operations from its
     * standard input; or {@code writers <prefix> <threads> <backups>}. A repository that begins with s3: is a prefix.
     */
    public static void main(String[] args) throws IOException {
        long start = System.nanoTime();
        switch (args[0].toLowerCase(Locale.ROOT)) {
            case "living" -> Living.run();
            case "writers" -> print(Writers.run(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3])));
            case "check" -> print(Writers.check(args[1]));
            default -> {
                Opened opened = open(args[1]);
                String said;
                try (Repository repo = opened.repo()) {
                    said = perform(repo, args);
                }
                print(String.format(
                        Locale.ROOT,
                        "%s: %s, %.2f s in the program, %s",
                        args[0],
                        said,
                        (System.nanoTime() - start) / 1e9,
                        price(opened.counted().calls())));
            }
        }
    }

    /** Opens or creates a repository; with {@code LIFEBOAT_CACHE} in the environment, with a cache there. */
    static Opened open(String place) {
        CountingStorage counted = CountingStorage.of(storage(place));
        RepositoryBuilder described = Repository.at(counted).encryption(Encryption.passphrase(() -> "benchmark"));
        String cache = System.getenv("LIFEBOAT_CACHE");
        if (cache != null && !cache.isEmpty()) {
            described.cache(Path.of(cache), 1L << 30);
        }
        return new Opened(described.openOrCreate(), counted);
    }

    /** Runs one operation, and returns what it did. */
    static String perform(Repository repo, String[] args) {
        return switch (args[0].toLowerCase(Locale.ROOT)) {
            case "backup" -> backup(repo, Path.of(args[2]));
            case "restore" -> restore(repo, args);
            case "verify" -> verify(repo);
            case "prune" -> repo.prune(Retention.keepLast(1)).run().bytesFreed() + " bytes freed";
            default -> throw new IllegalArgumentException("unknown operation '" + args[0] + "'");
        };
    }

    static StorageTarget storage(String place) {
        if (!place.startsWith(BUCKET)) {
            return FileStorage.at(Path.of(place));
        }
        return S3Storage.builder()
                .endpointOverride(URI.create(System.getenv("LIFEBOAT_S3_ENDPOINT")))
                .forcePathStyle()
                .bucket(System.getenv("LIFEBOAT_S3_BUCKET"))
                .prefix(place.substring(BUCKET.length()))
                .credentials(System.getenv("LIFEBOAT_S3_ACCESS_KEY"), () -> System.getenv("LIFEBOAT_S3_SECRET_KEY"))
                .build();
    }

    /**
     * Returns the cost at the public prices of S3 Standard in us-east-1: 0.005 dollars for 1,000 puts or listings,
     * 0.0004 for 1,000 gets; deletes are free.
     */
    static String price(CountingStorage.Calls calls) {
        double dollars = (calls.puts() + calls.lists()) * 0.005 / 1000 + calls.gets() * 0.0004 / 1000;
        return String.format(
                Locale.ROOT,
                "%d puts, %d gets, %d lists, %d deletes: %.6f dollars",
                calls.puts(),
                calls.gets(),
                calls.lists(),
                calls.deletes(),
                dollars);
    }

    private static String backup(Repository repo, Path directory) {
        Snapshot snapshot =
                repo.backup(DirectorySource.of(directory).named(SERIES)).run();
        Snapshot.Stats stats = snapshot.stats();
        return stats.entries() + " entries, " + stats.unchanged() + " unchanged, " + stats.bytesRead() + " bytes read, "
                + stats.bytesStored() + " stored, " + stats.problems().total() + " problems";
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
