package dev.lifeboat.bench;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.Verify;
import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.CountingStorage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Simulates many concurrent hosts, each a thread with its own repository object, in one store; every fifth also prunes.
 */
final class Writers {
    private static final int FILES = 40;
    private static final int FILE_BYTES = 50_000;

    private Writers() {}

    /** Backs up some 2 MB repeatedly, of which a tenth changes each time, on the given number of threads. */
    static String run(String place, int threads, int backups) {
        List<Callable<Done>> hosts = new ArrayList<>();
        long process = ProcessHandle.current().pid();
        for (int i = 0; i < threads; i++) {
            CountingStorage storage = CountingStorage.of(Bench.storage(place));
            String name = "host-" + process + "-" + i;
            boolean prunes = i % 5 == 4;
            hosts.add(() -> host(storage, name, backups, prunes));
        }
        long start = System.nanoTime();
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        Done all = Done.NOTHING;
        try {
            for (Future<Done> done : executor.invokeAll(hosts)) {
                all = all.plus(done.get());
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            executor.shutdownNow();
        }
        return String.format(
                Locale.ROOT,
                "%d backups %.2f s %d bytes %d puts %d gets %d lists %d prunes %d gets",
                threads * backups,
                (System.nanoTime() - start) / 1e9,
                all.bytes(),
                all.puts(),
                all.gets(),
                all.lists(),
                all.prunes(),
                all.getsOfPrunes());
    }

    /** Verifies all content of every snapshot. */
    static String check(String place) {
        try (Repository repo = Repository.at(Bench.storage(place))
                .encryption(Encryption.key(() -> new byte[32]))
                .open()) {
            Verify.Verified verified = repo.verify().readData().run();
            if (!verified.isClean()) {
                throw new IllegalStateException("damage: " + verified.findings());
            }
            return verified.snapshots() + " snapshots, clean";
        }
    }

    /** Totals of all hosts; puts, gets and lists are those of backups. */
    private record Done(long bytes, long puts, long gets, long lists, long prunes, long getsOfPrunes) {
        static final Done NOTHING = new Done(0, 0, 0, 0, 0, 0);

        Done plus(Done other) {
            return new Done(
                    bytes + other.bytes,
                    puts + other.puts,
                    gets + other.gets,
                    lists + other.lists,
                    prunes + other.prunes,
                    getsOfPrunes + other.getsOfPrunes);
        }
    }

    private static Done host(CountingStorage storage, String name, int backups, boolean prunes) {
        try (Repository repo = Repository.at(storage)
                .encryption(Encryption.key(() -> new byte[32]))
                .openOrCreate()) {
            Done all = Done.NOTHING;
            // The calls of opening are counted, too.
            CountingStorage.Calls before = new CountingStorage.Calls(0, 0, 0, 0);
            for (int i = 0; i < backups; i++) {
                Snapshot snapshot = repo.backup(new Files(name, i)).run();
                CountingStorage.Calls after = storage.calls();
                all = all.plus(new Done(
                        snapshot.stats().contentBytes(),
                        after.puts() - before.puts(),
                        after.gets() - before.gets(),
                        after.lists() - before.lists(),
                        0,
                        0));
                if (prunes) {
                    repo.prune(Retention.keepLast(2)).run();
                    all = all.plus(new Done(0, 0, 0, 0, 1, storage.calls().gets() - after.gets()));
                }
                before = storage.calls();
            }
            return all;
        }
    }

    private record Files(String name, int version) implements SnapshotSource {
        @Override
        public void sendTo(EntrySink sink) throws IOException {
            for (int i = 0; i < FILES; i++) {
                int content = i % 10 == 0 ? version * FILES + i : i;
                Entry entry = Entry.file(
                                EntryPath.of(String.format(Locale.ROOT, "file%02d", i)),
                                FILE_BYTES,
                                new Attributes(0644, 0, 0, Instant.EPOCH, new TreeMap<>()))
                        .withFingerprint(Optional.of("1-" + content));
                if (sink.offer(entry)) {
                    byte[] bytes = new byte[FILE_BYTES];
                    new Random(name.hashCode() * 31L + content).nextBytes(bytes);
                    sink.content(entry, new ByteArrayInputStream(bytes));
                }
            }
        }
    }
}
