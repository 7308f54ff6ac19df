package dev.lifeboat.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Retention;
import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.NamedSource;
import dev.lifeboat.testkit.ScratchDir;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Very many files, in a process that may have 256 MB of heap. */
@Timeout(1800)
class ScaleTest {
    @RegisterExtension
    final ScratchDir scratch = new ScratchDir();

    @Test
    void snapshot_ofAHundredThousandFiles() throws Exception {
        run(100_000);
    }

    @Test
    @Tag("large")
    void snapshot_ofSoManyFiles() throws Exception {
        run(Integer.getInteger("lifeboat.files", 1_000_000));
    }

    private void run(int count) throws Exception {
        Path dir = scratch.path();
        String said = ChildJvm.run(
                Worker.class, "256m", dir, 1500, dir.resolve("repository").toString(), "" + count);
        System.out.println(said);
        assertThat(said).contains("done");
        try (var left = Files.list(dir)) {
            assertThat(left.map(p -> p.getFileName().toString())).noneMatch(name -> name.endsWith(".tmp"));
        }
    }

    /** What runs in a process of its own. */
    static final class Worker {
        private static long start = System.nanoTime();

        private Worker() {}

        public static void main(String[] args) throws IOException {
            files(Path.of(args[0]), Integer.parseInt(args[1]));
            say("done");
        }

        private static void say(String what) {
            Runtime runtime = Runtime.getRuntime();
            System.gc();
            System.out.printf(
                    Locale.ROOT,
                    "%s: %.1f s, %d MB on the heap%n",
                    what,
                    (System.nanoTime() - start) / 1e9,
                    (runtime.totalMemory() - runtime.freeMemory()) >> 20);
            start = System.nanoTime();
        }

        private static void check(boolean condition, String what) {
            if (!condition) {
                throw new AssertionError(what);
            }
        }

        private static void files(Path repository, int count) throws IOException {
            try (Repository repo = Repository.at(FileStorage.at(repository))
                    .encryption(Encryption.key(() -> new byte[32]))
                    .openOrCreate()) {
                Snapshot first = repo.backup(source(count, 0)).run();
                check(first.stats().entries() == count, "entries: " + first.stats());
                say("first backup of " + count + " files");
                Snapshot same = repo.backup(source(count, 0)).run();
                check(same.stats().unchanged() == count && same.stats().bytesStored() == 0, "read: " + same.stats());
                say("unchanged");
                Snapshot changed = repo.backup(source(count, 100)).run();
                check(changed.stats().unchanged() == count - count / 100, "unchanged: " + changed.stats());
                say("one in a hundred changed");
                long[] differences = {0};
                repo.diff(same, changed)
                        .onChange(difference -> differences[0]++)
                        .run();
                check(differences[0] == count / 100, "differences: " + differences[0]);
                say("diff");
                Counting target = new Counting(100);
                repo.restore(changed).to(target).run();
                check(target.same.get() == count, "restored: " + target.same);
                say("restored");
                check(repo.verify().readData().run().isClean(), "damaged");
                say("verified");
                repo.prune(Retention.keepLast(1)).run();
                check(repo.verify().readData().run().isClean(), "damaged");
                say("pruned and verified");
            }
        }

        private static byte[] content(int file, int change) {
            int version = change > 0 && file % change == 0 ? 1 : 0;
            return ("file " + file + ", version " + version + "\n").getBytes(StandardCharsets.US_ASCII);
        }

        private static EntryPath path(int file) {
            return EntryPath.of(
                    String.format(Locale.ROOT, "d%03d/d%02d/file-%07d.txt", file / 10_000, file / 100 % 100, file));
        }

        private static SnapshotSource source(int count, int change) {
            return NamedSource.of("many", sink -> {
                for (int i = 0; i < count; i++) {
                    byte[] content = content(i, change);
                    int version = change > 0 && i % change == 0 ? 1 : 0;
                    Attributes attributes = new Attributes(
                            0644,
                            1000,
                            1000,
                            Instant.ofEpochSecond(1_700_000_000L + i * 7L + version, i),
                            new TreeMap<>());
                    Entry entry = Entry.file(path(i), content.length, attributes)
                            .withFingerprint(Optional.of("1-" + (i + 5L) + "-" + version));
                    if (sink.offer(entry)) {
                        sink.content(entry, new ByteArrayInputStream(content));
                    }
                }
            });
        }

        /** Compares what comes back and keeps nothing of it. */
        private static final class Counting implements RestoreTarget {
            private final int change;
            private final AtomicLong same = new AtomicLong();

            Counting(int change) {
                this.change = change;
            }

            @Override
            public String location() {
                return "nowhere";
            }

            @Override
            public Session begin(RestoreRequest request) {
                return new Session() {
                    @Override
                    public boolean offer(Entry entry) {
                        return entry.isFile();
                    }

                    @Override
                    public void content(Entry entry, InputStream in) throws IOException {
                        String name = entry.path().toString();
                        int file = Integer.parseInt(name.substring(name.length() - 11, name.length() - 4));
                        if (Arrays.equals(in.readAllBytes(), Worker.content(file, change))
                                && entry.path().equals(Worker.path(file))) {
                            same.incrementAndGet();
                        }
                    }

                    @Override
                    public void report(Problem problem) {
                        throw new UncheckedIOException(new IOException(problem.toString()));
                    }

                    @Override
                    public void commit() {}

                    @Override
                    public void close() {}
                };
            }
        }
    }
}
