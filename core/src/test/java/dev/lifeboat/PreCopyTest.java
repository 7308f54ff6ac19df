package dev.lifeboat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.event.OperationEvent;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A source is read once while it runs, and then, while it is quiesced, only what has changed. */
@RequiresRoot
@Timeout(180)
class PreCopyTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final MemoryStorage storage = new MemoryStorage();
    private Repository repo;
    private Path files;
    private List<String> temporary = List.of();

    @FunctionalInterface
    private interface Step {
        void run() throws Exception;

        default void runChecked() throws IOException {
            try {
                run();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }

    /** A directory to which something happens before it is quiesced, and after it is resumed. */
    private record Busy(Path files, Step before, Step after, Function<EntrySink, EntrySink> watched)
            implements SnapshotSource {
        Busy(Path files, Step before, Step after) {
            this(files, before, after, Function.identity());
        }

        @Override
        public String name() {
            return "busy";
        }

        @Override
        public Optional<EntrySource> preCopy() {
            return Optional.of(DirectorySource.of(files).whileInUse());
        }

        @Override
        public QuiesceHandle quiesce() throws IOException {
            before.runChecked();
            return new QuiesceHandle() {
                private boolean resumed;

                @Override
                public void close() throws IOException {
                    if (!resumed) {
                        resumed = true;
                        after.runChecked();
                    }
                }
            };
        }

        @Override
        public void sendTo(EntrySink sink) throws IOException {
            DirectorySource.of(files).sendTo(watched.apply(sink));
        }
    }

    @BeforeEach
    void open() throws IOException {
        repo = Repository.at(storage).encryption(Encryption.none()).create();
        files = Files.createDirectories(dir.resolve("files"));
        temporary = temporaryFiles();
    }

    @AfterEach
    void verify() throws IOException {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
        storage.checkAllClosed();
        assertThat(temporary).containsAll(temporaryFiles());
    }

    private static List<String> temporaryFiles() throws IOException {
        try (var list = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return list.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith("lifeboat-spool-") || name.startsWith("lifeboat-entries-"))
                    .toList();
        }
    }

    private List<String> stored(Snapshot snapshot) {
        MemoryTree back = new MemoryTree();
        repo.restore(snapshot).to(back).run();
        return back.lines();
    }

    private List<String> now() throws IOException {
        return MemoryTree.of(DirectorySource.of(files)).lines();
    }

    private void fill(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            Path sub = Files.createDirectories(files.resolve("d" + i % 7));
            Files.write(sub.resolve("f" + i), MemoryTree.random(i, 100 + i * 37 % 5000));
        }
        Files.write(files.resolve("large"), MemoryTree.random(9, 3 << 20));
        Files.createSymbolicLink(files.resolve("link"), Path.of("large"));
        Files.createLink(files.resolve("other name"), files.resolve("d0/f0"));
        Shell.run("truncate", "-s", "5M", files.resolve("sparse").toString());
        // Older than the granularity of file times.
        Thread.sleep(120);
    }

    private void change(long seed) throws Exception {
        Random random = new Random(seed);
        for (int i = 0; i < 40; i++) {
            Path file = files.resolve("d" + random.nextInt(7)).resolve("f" + random.nextInt(200));
            switch (random.nextInt(6)) {
                case 0 -> Files.deleteIfExists(file);
                case 1 -> Files.write(file, MemoryTree.random(random.nextLong(), random.nextInt(9000)));
                case 2 -> Files.writeString(files.resolve("new" + random.nextInt(1000)), "new");
                case 3 -> {
                    if (Files.exists(file)) {
                        Shell.run("chmod", "600", file.toString());
                        Shell.run("setfattr", "-n", "user.a", "-v", "" + i, file.toString());
                    }
                }
                case 4 -> {
                    if (Files.exists(file)) {
                        Files.move(file, files.resolve("d0").resolve("moved" + random.nextLong()));
                    }
                }
                default -> {
                    if (Files.exists(file)) {
                        Files.createSymbolicLink(files.resolve("l" + random.nextLong()), file);
                    }
                }
            }
        }
        try (RandomAccessFile large =
                new RandomAccessFile(files.resolve("large").toFile(), "rw")) {
            large.seek(random.nextInt(3 << 20));
            large.write(MemoryTree.random(random.nextLong(), 5000));
        }
        try (RandomAccessFile sparse =
                new RandomAccessFile(files.resolve("sparse").toFile(), "rw")) {
            sparse.seek(random.nextInt(4 << 20));
            sparse.write(1);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1 << 30, 200_000, 1000, 0})
    void snapshotIsTheStateWhileQuiesced(long spoolLimit) throws Exception {
        fill(200);
        List<List<String>> quiesced = new ArrayList<>();
        for (int round = 0; round < 4; round++) {
            int seed = round;
            Busy busy = new Busy(
                    files,
                    () -> {
                        change(seed);
                        Thread.sleep(80);
                        quiesced.add(now());
                    },
                    () -> change(100 + seed));
            Snapshot snapshot = repo.backup(busy).spoolLimit(spoolLimit).run();
            assertThat(stored(snapshot)).isEqualTo(quiesced.get(round));
            assertThat(snapshot.stats().quiesced()).isPresent();
            assertThat(snapshot.stats().problems().completeness()).isEqualTo(snapshot.completeness());
        }
    }

    @Test
    void onlyWhatChanged_isReadWhileQuiesced() throws Exception {
        fill(200);
        List<Long> read = new ArrayList<>();
        List<String> wanted = new ArrayList<>();
        Busy busy = new Busy(
                files,
                () -> Files.writeString(files.resolve("d1/f1"), "changed"),
                () -> {},
                sink -> new ForwardingEntrySink(sink) {
                    @Override
                    public boolean offer(Entry entry) throws IOException {
                        boolean is = sink.offer(entry);
                        if (is) {
                            wanted.add(entry.path().toString());
                        }
                        return is;
                    }
                });
        Snapshot first = repo.backup(busy)
                .onEvent(event -> {
                    if (event instanceof OperationEvent.Progress progress) {
                        read.add(progress.bytesRead());
                    }
                })
                .run();
        assertThat(wanted).containsExactly("d1/f1");
        assertThat(first.stats().unchanged()).isZero();
        wanted.clear();
        Snapshot second = repo.backup(busy).run();
        assertThat(wanted).containsExactly("d1/f1");
        assertThat(second.stats().unchanged()).isGreaterThan(200);
        assertThat(stored(second)).isEqualTo(now());
        assertThat(read).isNotEmpty();
    }

    /** A write through a mapping sets the time of the file only if the page was stored since the last one. */
    @Test
    void writesThroughAMapping_areSeen() throws Exception {
        Path mapped = files.resolve("mapped");
        Files.write(mapped, MemoryTree.random(1, 1 << 20));
        try (FileChannel channel = FileChannel.open(
                mapped, java.nio.file.StandardOpenOption.READ, java.nio.file.StandardOpenOption.WRITE)) {
            MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
            map.put(5000, (byte) 1);
            Thread.sleep(200);
            List<List<String>> quiesced = new ArrayList<>();
            Busy busy = new Busy(
                    files,
                    () -> {
                        map.put(5000, (byte) 2);
                        quiesced.add(now());
                    },
                    () -> map.put(5000, (byte) 3));
            Snapshot snapshot = repo.backup(busy).run();
            assertThat(stored(snapshot)).isEqualTo(quiesced.get(0));
            // Nothing has stored the page since, so this write does not set the time either.
            Busy again = new Busy(files, () -> quiesced.add(now()), () -> {});
            assertThat(stored(repo.backup(again).run())).isEqualTo(quiesced.get(1));
        }
    }

    /** The page is first written to after the first pass, and long before the second one. */
    @ParameterizedTest
    @CsvSource({"true, 1000000000", "false, 1000000000", "true, 0", "false, 0"})
    void writesThroughAMapping_areSeenByTheNextBackup(boolean inMemory, long spoolLimit) throws Exception {
        if (inMemory) {
            Shell.run("mount", "-t", "tmpfs", "tmpfs", files.toString());
        }
        Path mapped = files.resolve("mapped");
        Files.write(mapped, MemoryTree.random(1, 1 << 20));
        Thread.sleep(120);
        try (FileChannel channel = FileChannel.open(
                mapped, java.nio.file.StandardOpenOption.READ, java.nio.file.StandardOpenOption.WRITE)) {
            MappedByteBuffer map = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20);
            List<List<String>> quiesced = new ArrayList<>();
            for (int round = 1; round <= 3; round++) {
                byte value = (byte) round;
                Busy busy = new Busy(
                        files,
                        () -> {
                            // With a limit, this fills the spool before the other file is read.
                            Files.write(files.resolve("before"), new byte[] {value});
                            map.put(5000, value);
                            Thread.sleep(120);
                            quiesced.add(now());
                        },
                        () -> map.put(5000, (byte) -value));
                Snapshot snapshot = repo.backup(busy).spoolLimit(spoolLimit).run();
                assertThat(stored(snapshot)).isEqualTo(quiesced.get(round - 1));
                // The last write came after the second pass, and did not set the time.
                Busy idle = new Busy(files, () -> {}, () -> {});
                assertThat(stored(repo.backup(idle).run())).isEqualTo(now());
            }
        } finally {
            if (inMemory) {
                Shell.run("umount", "-l", files.toString());
            }
        }
    }

    /** Nothing goes to the store before the source is resumed, however slow the store is. */
    @Test
    void slowStore_doesNotKeepTheSourceQuiesced() throws Exception {
        fill(50);
        CountDownLatch resumed = new CountDownLatch(1);
        boolean[] quiesced = {false};
        var slow = new ForwardingStorageTarget(storage) {
            @Override
            public ObjectInfo put(ObjectKey key, Content content, PutCondition condition) throws IOException {
                try {
                    if (quiesced[0] && !resumed.await(60, TimeUnit.SECONDS)) {
                        throw new IOException("the source is still quiesced");
                    }
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                return super.put(key, content, condition);
            }
        };
        try (Repository over = Repository.at(slow).encryption(Encryption.none()).open()) {
            Busy busy = new Busy(
                    files,
                    () -> {
                        // More than the packs that may be on their way.
                        for (int i = 0; i < 20; i++) {
                            Files.write(files.resolve("new" + i), MemoryTree.random(1000 + i, 4 << 20));
                        }
                        quiesced[0] = true;
                    },
                    resumed::countDown);
            Snapshot snapshot = over.backup(busy).run();
            // Not in memory: the store is there already.
            Path restored = dir.resolve("restored");
            over.restore(snapshot).to(DirectoryRestore.into(restored)).run();
            assertThat(Shell.sh("diff -r " + files + " " + restored)).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"xfs, 400000", "btrfs, 400000", "xfs, 150000", "xfs, 0"})
    void filesThatShareBlocks_keepTheirStateWhileQuiesced(String type, long spoolLimit) throws Exception {
        Path image = dir.resolve("image");
        Shell.run("truncate", "-s", "400M", image.toString());
        Shell.run("mkfs." + type, "-q", image.toString());
        Shell.run("mount", "-o", "loop", image.toString(), files.toString());
        try {
            fill(50);
            List<List<String>> quiesced = new ArrayList<>();
            Busy busy = new Busy(
                    files,
                    () -> {
                        change(1);
                        // Too short to share blocks; the spool is full in the middle of one of them.
                        for (int i = 0; i < 3; i++) {
                            Files.write(files.resolve("short" + i), MemoryTree.random(50 + i, 120_000));
                        }
                        quiesced.add(now());
                    },
                    () -> {
                        Files.write(files.resolve("large"), MemoryTree.random(77, 3 << 20));
                        Shell.run("truncate", "-s", "0", files.resolve("sparse").toString());
                    });
            Snapshot snapshot = repo.backup(busy).spoolLimit(spoolLimit).run();
            assertThat(stored(snapshot)).isEqualTo(quiesced.get(0));
            assertThat(Shell.sh("find " + files + " -name 'lifeboat*' -o -name '#*'"))
                    .isBlank();
        } finally {
            Shell.run("umount", files.toString());
        }
    }

    /**
     * Of a long file, only the blocks that changed are kept; the others are read later, from the file or, if they have
     * changed by then, from the repository.
     */
    @ParameterizedTest
    @CsvSource({
        "the same, 600000",
        "longer, 600000",
        "shorter, 600000",
        "all new, 600000",
        "removed, 600000",
        "the same, 150000",
        "all new, 150000"
    })
    void blocksThatChanged_areKept(String later, long spoolLimit) throws Exception {
        fill(20);
        Path database = files.resolve("database");
        Files.write(database, MemoryTree.random(5, 12 << 20));
        Thread.sleep(120);
        List<List<String>> quiesced = new ArrayList<>();
        Busy busy = new Busy(
                files,
                () -> {
                    write(database, 0, 10);
                    write(database, 3 << 20, 100_000);
                    write(database, (12 << 20) - 1, later.equals("longer") ? 70_000 : 1);
                    if (later.equals("shorter")) {
                        Shell.run("truncate", "-s", "12345678", database.toString());
                    }
                    quiesced.add(now());
                },
                () -> {
                    switch (later) {
                        case "the same" -> {}
                        case "removed" -> Files.delete(database);
                        case "all new" -> Files.write(database, MemoryTree.random(6, 12 << 20));
                        default -> {
                            write(database, 8 << 20, 300_000);
                            Shell.run("truncate", "-s", "11M", database.toString());
                        }
                    }
                });
        // Some blocks fit, the whole file does not.
        Snapshot snapshot = repo.backup(busy).spoolLimit(spoolLimit).run();
        assertThat(stored(snapshot)).isEqualTo(quiesced.get(0));
        assertThat(snapshot.completeness()).isEqualTo(Completeness.COMPLETE);
    }

    private static void write(Path file, long at, int bytes) throws IOException {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.seek(at);
            out.write(MemoryTree.random(at + bytes, bytes));
        }
    }

    @Test
    void failureWhileQuiesced_resumesAndLeavesNoSnapshot() throws Exception {
        fill(20);
        boolean[] resumed = {false};
        Busy busy = new Busy(files, () -> {}, () -> resumed[0] = true, sink -> {
            throw new IllegalStateException("as if");
        });
        assertThatThrownBy(() -> repo.backup(busy).run()).hasMessageContaining("as if");
        assertThat(resumed[0]).isTrue();
        assertThat(repo.snapshots()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sourceThatIsQuiescedForTooLong_isResumedAtTheLimit(boolean strict) throws Exception {
        fill(20);
        CountDownLatch resumed = new CountDownLatch(1);
        Busy busy = new Busy(files, () -> {}, resumed::countDown, sink -> {
            try {
                assertThat(resumed.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return sink;
        });
        Backup backup = repo.backup(busy).quiesceAtMost(Duration.ofMillis(50));
        if (strict) {
            assertThatThrownBy(() -> backup.strict().run()).hasMessageContaining("quiesceAtMost");
            assertThat(repo.snapshots()).isEmpty();
            return;
        }
        Snapshot snapshot = backup.run();
        assertThat(snapshot.problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.detail()).contains("50 ms", "mix of states"));
        assertThat(snapshot.completeness()).isEqualTo(Completeness.COMPLETE_WITH_LOSSES);
        assertThat(snapshot.stats().quiesced())
                .hasValueSatisfying(time -> assertThat(time).isBetween(Duration.ofMillis(50), Duration.ofSeconds(30)));
        assertThat(stored(snapshot)).isEqualTo(now());
    }

    @Test
    void formatWithoutAFirstPass_readsOnce() throws Exception {
        fill(20);
        MemoryStorage tar = new MemoryStorage();
        try (Repository archive = Repository.at(tar)
                .encryption(Encryption.none())
                .format(TarFormat.create())
                .create()) {
            List<List<String>> quiesced = new ArrayList<>();
            Busy busy = new Busy(
                    files,
                    () -> {
                        change(3);
                        quiesced.add(now());
                    },
                    () -> {});
            Snapshot snapshot = archive.backup(busy).run();
            MemoryTree back = new MemoryTree();
            archive.restore(snapshot).to(back).run();
            assertThat(back.lines()).isEqualTo(quiesced.get(0));
            assertThat(archive.verify().readData().run().findings()).isEmpty();
        }
    }

    @Test
    void contentOfAFileThatVanishedBeforeItWasQuiesced_isNotInTheSnapshot() throws Exception {
        fill(20);
        Busy busy = new Busy(files, () -> Files.delete(files.resolve("d1/f1")), () -> {});
        Snapshot snapshot = repo.backup(busy).run();
        MemoryTree back = new MemoryTree();
        repo.restore(snapshot).to(back).run();
        assertThat(back.lines()).isEqualTo(now());
        assertThat(snapshot.problems()).isEmpty();
    }
}
