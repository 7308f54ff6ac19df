package dev.lifeboat.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.Restore;
import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.format.tar.TarFormat;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.NamedSource;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@RequiresRoot
@Timeout(120)
class DirectoryTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final MemoryStorage storage = new MemoryStorage();
    private Repository repo;

    @BeforeEach
    void open() throws IOException {
        repo = Repository.at(storage).encryption(Encryption.none()).create();
        Files.createDirectories(source());
    }

    @AfterEach
    void verify() {
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
    }

    private Path source() {
        return dir.resolve("source");
    }

    private static Snapshot backup(Repository in, Path directory) {
        return in.backup(DirectorySource.of(directory)).run();
    }

    @Test
    void realSystemFiles_comeBackAsTheyAre() throws Exception {
        Snapshot snapshot = backup(repo, Path.of("/etc"));
        Path target = dir.resolve("etc");
        Restore.Restored restored =
                repo.restore(snapshot).to(DirectoryRestore.into(target)).run();
        assertThat(restored.problems()).isEmpty();
        assertThat(MemoryTree.of(DirectorySource.of(target)).lines())
                .isEqualTo(MemoryTree.of(DirectorySource.of(Path.of("/etc"))).lines());
        Shell.run("diff", "-r", "--no-dereference", "/etc", target.toString());
    }

    /** Some names are passed over, and directories lie between them. */
    @Test
    void directoryOfManyNames_withExclusions() throws Exception {
        int count = 1000;
        Random random = new Random(count);
        Set<String> excluded = new HashSet<>();
        List<String> expected = new ArrayList<>();
        int run = 0;
        for (int i = 0; i < count; i++) {
            String name = String.format("f%04d", i);
            boolean directory = random.nextInt(40) == 0;
            if (directory) {
                Files.createDirectories(source().resolve(name));
                Files.writeString(source().resolve(name).resolve("in"), name);
            } else {
                Files.writeString(source().resolve(name), name);
            }
            if (run == 0 && random.nextInt(60) == 0) {
                run = random.nextInt(200);
            }
            if (run > 0) {
                run--;
                excluded.add(name);
                continue;
            }
            expected.add(name + " " + (directory ? "" : name));
            if (directory) {
                expected.add(name + "/in " + name);
            }
        }
        List<String> sent = new ArrayList<>();
        DirectorySource.of(source())
                .excluding(path -> excluded.contains(path.toString()))
                .sendTo(new EntrySink() {
                    @Override
                    public boolean offer(Entry entry) {
                        if (!entry.path().isRoot() && !entry.isFile()) {
                            sent.add(entry.path() + " ");
                        }
                        return entry.isFile();
                    }

                    @Override
                    public void content(Entry entry, InputStream in) throws IOException {
                        sent.add(entry.path() + " "
                                + new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
                    }

                    @Override
                    public void report(Problem problem) {
                        sent.add(problem.toString());
                    }
                });
        assertThat(sent).isEqualTo(expected);
    }

    @Test
    void unchangedFiles_areNotReadAgain_changedOnesAre() throws Exception {
        for (int i = 0; i < 50; i++) {
            Files.writeString(source().resolve("f" + i), "content " + i);
        }
        Thread.sleep(100);
        Snapshot first = backup(repo, source());
        Files.writeString(source().resolve("f7"), "CONTENT 7");
        // Same size, and its time set back: only the time of change tells.
        Shell.run(
                "touch",
                "-r",
                source().resolve("f8").toString(),
                source().resolve("f7").toString());
        Thread.sleep(100);
        Snapshot second = backup(repo, source());
        assertThat(first.stats().bytesRead()).isEqualTo(first.stats().contentBytes());
        assertThat(second.stats().bytesRead()).isEqualTo("CONTENT 7".length());
        MemoryTree back = new MemoryTree();
        repo.restore(second).to(back).run();
        assertThat(new String(back.content(EntryPath.of("f7")), java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo("CONTENT 7");
    }

    /**
     * The list of the parent saves a call of the kernel for each file, where every change of attributes changes times.
     * Not every file system does so.
     */
    @ParameterizedTest
    @ValueSource(strings = {"ext4", "tmpfs"})
    void attributesOfUnchangedFiles_areTakenFromTheParent_changedOnesAreRead(String type) throws Exception {
        Path mount = Files.createDirectories(dir.resolve("mount"));
        boolean areTaken = type.equals("ext4");
        if (areTaken) {
            Path image = dir.resolve("image");
            Shell.sh("truncate -s 32M " + image + " && mkfs.ext4 -q " + image + " && mount -o loop " + image + " "
                    + mount);
        } else {
            Shell.run("mount", "-t", "tmpfs", "tmpfs", mount.toString());
        }
        try {
            for (String name : List.of("other", "same")) {
                Files.writeString(mount.resolve(name), name);
                setAttribute(mount.resolve(name), "one");
            }
            List<String> taken = new ArrayList<>();
            SnapshotSource source = NamedSource.of(
                    "s",
                    sink -> DirectorySource.of(mount).sendTo(new ForwardingEntrySink(sink) {
                        @Override
                        public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
                            Optional<Entry> found = delegateUnchanged(path, fingerprint);
                            found.ifPresent(entry -> taken.add(entry.path().toString()));
                            return found;
                        }
                    }));
            Thread.sleep(100);
            repo.backup(source).run();
            assertThat(taken).isEmpty();
            setAttribute(mount.resolve("other"), "two");
            Thread.sleep(100);
            Snapshot second = repo.backup(source).run();
            assertThat(taken).isEqualTo(areTaken ? List.of("same") : List.of());
            MemoryTree back = new MemoryTree();
            repo.restore(second).to(back).run();
            assertThat(back.lines())
                    .isEqualTo(MemoryTree.of(DirectorySource.of(mount)).lines())
                    .anyMatch(line -> line.contains("trusted.of"));
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    private static void setAttribute(Path file, String value) throws Exception {
        Shell.run("setfattr", "-n", "trusted.of", "-v", value, file.toString());
    }

    /** As layers do, of which a later entry says that a directory hides what is below it. */
    @Test
    void directoryThatIsOfferedAgain_getsTheLaterAttributes() throws Exception {
        Attributes plain = Attributes.of(0755, 0, 0, Instant.ofEpochSecond(1_000_000));
        Attributes marked = plain.withXattrs(Map.of(ByteString.utf8("user.mark"), ByteString.utf8("y")));
        try (RestoreTarget.Session session = DirectoryRestore.into(source()).begin(RestoreRequest.plain())) {
            session.offer(Entry.directory(EntryPath.root(), plain));
            session.offer(Entry.directory(EntryPath.of("a"), plain));
            session.offer(Entry.directory(EntryPath.of("a/b"), plain));
            session.offer(Entry.directory(EntryPath.of("a/b"), marked));
            session.offer(Entry.directory(EntryPath.of("a/b/c"), plain));
            session.commit();
        }
        MemoryTree made = MemoryTree.of(DirectorySource.of(source()));
        assertThat(made.get(EntryPath.of("a/b")).attributes().xattrs()).isEqualTo(marked.xattrs());
        assertThat(made.paths()).contains(EntryPath.of("a/b/c"));
    }

    @Test
    void fileChangedJustBefore_isReadAgain() throws Exception {
        Files.writeString(source().resolve("racy"), "one");
        Snapshot first = backup(repo, source());
        Files.writeString(source().resolve("racy"), "two");
        Snapshot second = backup(repo, source());
        assertThat(first.stats().bytesRead()).isEqualTo(3);
        assertThat(second.stats().bytesRead()).isEqualTo(3);
    }

    @Test
    void sockets_areReportedAndSkipped() throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(source().resolve("sock")));
            Snapshot snapshot = backup(repo, source());
            assertThat(snapshot.problems()).singleElement().satisfies(p -> {
                assertThat(p.path()).isEqualTo(EntryPath.of("sock"));
                assertThat(p.kind()).isEqualTo(Problem.Kind.SKIPPED);
            });
        }
    }

    /** Does something to the source at the moment a file is about to be read, or half read. */
    private List<Problem> whileReading(String file, boolean before, ThrowingRunnable change) throws IOException {
        List<Problem> problems = new ArrayList<>();
        DirectorySource.of(source()).sendTo(new EntrySink() {
            @Override
            public boolean offer(Entry entry) throws IOException {
                if (before && entry.path().equals(EntryPath.of(file))) {
                    change.run();
                }
                return entry.isFile();
            }

            @Override
            public void content(Entry entry, InputStream in) throws IOException {
                assertThat(in.read()).isNotNegative();
                if (!before && entry.path().equals(EntryPath.of(file))) {
                    change.run();
                }
                in.transferTo(java.io.OutputStream.nullOutputStream());
            }

            @Override
            public void report(Problem problem) {
                problems.add(problem);
            }
        });
        return problems;
    }

    private interface ThrowingRunnable {
        void run() throws IOException;
    }

    @Test
    void filesThatVanishGrowOrShrinkWhileRead_areReported() throws Exception {
        Path file = source().resolve("b");
        for (String name : List.of("a", "b", "c")) {
            Files.write(source().resolve(name), new byte[2_000_000]);
        }
        Thread.sleep(100);
        assertThat(whileReading("b", false, () -> Files.write(file, new byte[1000], StandardOpenOption.APPEND)))
                .singleElement()
                .matches(p -> p.kind() == Problem.Kind.CHANGED && p.detail().contains("grew"));
        assertThat(whileReading("b", false, () -> Files.write(file, new byte[10])))
                .singleElement()
                .matches(p -> p.kind() == Problem.Kind.CHANGED && p.detail().contains("shrank"));
        assertThat(whileReading("b", true, () -> Files.delete(file)))
                .singleElement()
                .matches(p -> p.kind() == Problem.Kind.VANISHED && p.detail().contains("was removed"));
        Files.write(file, new byte[10]);
        assertThat(whileReading("b", true, () -> {
                    Files.delete(file);
                    Files.createSymbolicLink(file, Path.of("/etc/passwd"));
                }))
                .singleElement()
                .matches(p -> p.kind() == Problem.Kind.FAILED);
    }

    @Test
    void missingSource_isToldByName() {
        assertThatThrownBy(() -> backup(repo, dir.resolve("nowhere")))
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining("nowhere")
                .hasMessageContaining("no such file");
    }

    /** It is no snapshot with fewer files. */
    @Test
    void directoryThatIsRemovedMeanwhile_failsTheBackup() throws Exception {
        Path gone = source().resolve("gone");
        Files.createDirectories(gone);
        Files.write(gone.resolve("a"), new byte[10]);
        Files.write(gone.resolve("b"), new byte[10]);
        // The first file is read when all names of its directory are known.
        assertThatThrownBy(() -> DirectorySource.of(gone).sendTo(new EntrySink() {
                    @Override
                    public boolean offer(Entry entry) throws IOException {
                        if (!entry.path().isRoot()) {
                            for (String name : List.of("a", "b", "")) {
                                Files.deleteIfExists(gone.resolve(name));
                            }
                        }
                        return entry.isFile();
                    }

                    @Override
                    public void content(Entry entry, InputStream in) throws IOException {
                        in.readAllBytes();
                    }

                    @Override
                    public void report(Problem problem) {
                        assertThat(problem.kind()).isEqualTo(Problem.Kind.VANISHED);
                    }
                }))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(gone + " was removed");
    }

    /** One attribute that is too large for the file system is not a full disk, though the error number is the same. */
    @Test
    void attributeThatTheTargetCannotKeep_isAProblemOfOneEntry() {
        MemoryTree tree = new MemoryTree();
        tree.add(
                Entry.file(
                        EntryPath.of("a"),
                        0,
                        MemoryTree.attributes(0600)
                                .withXattrs(Map.of(ByteString.utf8("user.large"), ByteString.of(new byte[60_000])))),
                new byte[3]);
        for (int i = 0; i < 20; i++) {
            tree.add(Entry.file(EntryPath.of("b" + i), 0, MemoryTree.attributes(0600)), new byte[3]);
        }
        Snapshot snapshot = repo.backup(tree).run();
        Path target = dir.resolve("target");
        var restored = repo.restore(snapshot).to(DirectoryRestore.into(target)).run();
        assertThat(target.toFile().list()).hasSize(21);
        assertThat(restored.problemCounts().of(Problem.Kind.FAILED)).isZero();
        // File systems with large attributes keep it.
        assertThat(restored.problems()).allMatch(p -> p.path().equals(EntryPath.of("a")));
    }

    @Test
    void deepTree_isRemovedAsExtra() {
        Path target = dir.resolve("deep");
        MemoryTree tree = new MemoryTree();
        tree.add(Entry.file(EntryPath.of("kept"), 0, MemoryTree.attributes(0600)), new byte[3]);
        Snapshot snapshot = repo.backup(tree).run();
        // Deeper than a stack is, and than a path may be long.
        MemoryTree deep = new MemoryTree();
        deep.add(Entry.directory(EntryPath.of("x" + "/x".repeat(2999)), MemoryTree.attributes(0700)));
        repo.restore(repo.backup(NamedSource.of("deep", deep)).run())
                .to(DirectoryRestore.into(target))
                .run();
        repo.restore(snapshot).to(DirectoryRestore.into(target)).deleteExtra().run();
        assertThat(target.toFile().list()).containsExactly("kept");
    }

    /** What is mounted within is there for whoever looks, so leaving it out is reported. */
    @Test
    @RequiresRoot
    void otherFileSystemsWithin_areReported() throws Exception {
        Path mounted = Files.createDirectories(source().resolve("mounted"));
        Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mounted.toString());
        try {
            Files.writeString(mounted.resolve("inside"), "x");
            MemoryTree one = MemoryTree.of(DirectorySource.of(source()).oneFileSystem(Problem.Kind.FAILED));
            assertThat(one.paths()).contains(EntryPath.of("mounted")).doesNotContain(EntryPath.of("mounted/inside"));
            assertThat(one.problems()).singleElement().satisfies(problem -> {
                assertThat(problem.kind()).isEqualTo(Problem.Kind.FAILED);
                assertThat(problem.path()).isEqualTo(EntryPath.of("mounted"));
                assertThat(problem.detail()).contains("another file system");
            });
            MemoryTree all = MemoryTree.of(DirectorySource.of(source()));
            assertThat(all.paths()).contains(EntryPath.of("mounted/inside"));
            assertThat(all.problems()).isEmpty();
        } finally {
            Shell.run("umount", mounted.toString());
        }
    }

    @Test
    void withoutOwners_leavesThemOut() throws Exception {
        MemoryTree tree = new MemoryTree();
        tree.add(Entry.file(EntryPath.of("a"), 0, Attributes.of(0640, 1234, 5678, Instant.EPOCH)), new byte[3]);
        Snapshot snapshot = repo.backup(tree).run();
        Path target = dir.resolve("target");
        for (long changes : new long[] {1, 0}) {
            var restored = repo.restore(snapshot)
                    .to(DirectoryRestore.into(target).withoutOwners())
                    .run();
            assertThat(restored.problems()).isEmpty();
            assertThat(restored.changes().values().stream().mapToLong(n -> n).sum())
                    .isEqualTo(changes);
            assertThat(Files.getAttribute(target.resolve("a"), "unix:uid"))
                    .isEqualTo(Files.getAttribute(target, "unix:uid"));
        }
    }

    @Test
    void hostileLinks_areNotFollowed() throws Exception {
        Path outside = dir.resolve("outside");
        Files.createDirectories(outside);
        Files.writeString(outside.resolve("precious"), "precious");
        Path target = dir.resolve("target");
        Files.createDirectories(target);
        // Links that lie in the way, as an attacker with write access puts them there.
        Files.createSymbolicLink(target.resolve("dir"), outside);
        Files.createSymbolicLink(target.resolve("file"), outside.resolve("precious"));
        Files.createLink(target.resolve("hard"), outside.resolve("precious"));
        MemoryTree tree = new MemoryTree();
        tree.add(Entry.directory(EntryPath.of("dir"), MemoryTree.attributes(0700)));
        tree.add(Entry.file(EntryPath.of("dir/precious"), 0, MemoryTree.attributes(0600)), new byte[3]);
        tree.add(Entry.file(EntryPath.of("file"), 0, MemoryTree.attributes(0600)), new byte[3]);
        tree.add(Entry.file(EntryPath.of("hard"), 0, MemoryTree.attributes(0600)), new byte[3]);
        Snapshot snapshot = repo.backup(tree).run();
        repo.restore(snapshot).to(DirectoryRestore.into(target)).run();
        assertThat(Files.readString(outside.resolve("precious"))).isEqualTo("precious");
        assertThat(Files.isDirectory(target.resolve("dir"), java.nio.file.LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(Files.size(target.resolve("hard"))).isEqualTo(3);
        // A link within the snapshot itself, and an entry below it.
        MemoryTree evil = new MemoryTree();
        evil.add(Entry.symlink(EntryPath.of("way"), ByteString.utf8(outside.toString()), MemoryTree.attributes(0777)));
        evil.add(Entry.file(EntryPath.of("way/precious"), 0, MemoryTree.attributes(0600)), new byte[3]);
        Snapshot bad = repo.backup(evil).run();
        Restore.Restored restored =
                repo.restore(bad).to(DirectoryRestore.into(dir.resolve("t2"))).run();
        assertThat(restored.problems()).anyMatch(p -> p.path().equals(EntryPath.of("way/precious")));
        assertThat(Files.readString(outside.resolve("precious"))).isEqualTo("precious");
    }

    @Test
    void linkSlippedInBetweenOfferAndContent_isNotFollowed() throws Exception {
        Path outside = dir.resolve("outside");
        Files.createDirectories(outside);
        Path target = dir.resolve("target");
        Entry entry = Entry.file(EntryPath.of("d/f"), 3, MemoryTree.attributes(0600));
        try (RestoreTarget.Session session = DirectoryRestore.into(target).begin(RestoreRequest.plain())) {
            session.offer(Entry.directory(EntryPath.of("d"), MemoryTree.attributes(0700)));
            assertThat(session.offer(entry)).isTrue();
            Files.move(target.resolve("d"), target.resolve("moved"));
            Files.createSymbolicLink(target.resolve("d"), outside);
            session.content(entry, new ByteArrayInputStream(new byte[3]));
            session.commit();
        }
        assertThat(outside).isEmptyDirectory();
        assertThat(target.resolve("moved/f")).exists();
    }

    @Test
    void fullDisk_endsTheRestoreAndLeavesNothingHalf() throws Exception {
        Path mount = dir.resolve("small");
        Files.createDirectories(mount);
        Shell.run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount.toString());
        try {
            MemoryTree tree = new MemoryTree();
            tree.add(Entry.file(EntryPath.of("a"), 0, MemoryTree.attributes(0644)), MemoryTree.random(1, 500_000));
            tree.add(Entry.file(EntryPath.of("b"), 0, MemoryTree.attributes(0644)), MemoryTree.random(2, 2_000_000));
            Snapshot snapshot = repo.backup(tree).run();
            assertThatThrownBy(() -> repo.restore(snapshot)
                            .to(DirectoryRestore.into(mount))
                            .run())
                    .isInstanceOf(BackupException.TargetFailed.class)
                    .hasMessageContaining("no space left");
            // Files are written at once: whether "a" is done when "b" fails is open, that it is whole is not.
            try (var left = Files.list(mount)) {
                assertThat(left.map(p -> p.getFileName().toString())).isSubsetOf("a");
            }
            Path first = mount.resolve("a");
            if (Files.exists(first)) {
                assertThat(first).hasBinaryContent(MemoryTree.random(1, 500_000));
            }
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    @Test
    void whatTheTargetCannotKeep_isReportedEntryByEntry() throws Exception {
        Path mount = dir.resolve("vfat");
        Path image = dir.resolve("image");
        Files.createDirectories(mount);
        // ramfs keeps no user attributes; it stands for every file system that lacks something.
        Shell.run("mount", "-t", "ramfs", "ramfs", mount.toString());
        try {
            MemoryTree tree = MemoryTree.ofEverything(false);
            Snapshot snapshot = repo.backup(tree).run();
            Restore.Restored restored =
                    repo.restore(snapshot).to(DirectoryRestore.into(mount)).run();
            assertThat(restored.problems())
                    .allMatch(
                            p -> p.kind() == Problem.Kind.DEGRADED && p.detail().contains("user."))
                    .extracting(p -> p.path().toString())
                    .contains("xattrs", "xdir");
            assertThat(Files.exists(image)).isFalse();
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    /** lowntfs-3g stands for all that ignore case: exFAT, SMB, directories of ext4 with the flag. */
    @Test
    void namesThatDifferInCaseOnly_areReportedWhereTheyAreOne_andNothingElseIsLost() throws Exception {
        Files.writeString(source().resolve("README"), "one");
        Files.writeString(source().resolve("readme"), "another");
        Files.createSymbolicLink(source().resolve("Link"), Path.of("x"));
        Files.createLink(source().resolve("link"), source().resolve("README"));
        for (String name : List.of("Dir", "dir")) {
            Files.createDirectories(source().resolve(name + "/below"));
            Files.writeString(source().resolve(name + "/below/f"), name);
            Files.createLink(source().resolve(name + "/g"), source().resolve(name + "/below/f"));
        }
        Snapshot snapshot = backup(repo, source());
        Path mount = Files.createDirectories(dir.resolve("mount"));
        Path image = dir.resolve("image");
        String mounting = "lowntfs-3g -o ignore_case,permissions " + image + " " + mount;
        Shell.sh("truncate -s 32M " + image + " && mkntfs -F -q " + image + " >&2 && " + mounting);
        try {
            Path target = mount.resolve("target");
            for (int i = 0; i < 2; i++) {
                Restore.Restored restored = repo.restore(snapshot)
                        .to(DirectoryRestore.into(target))
                        .deleteExtra()
                        .run();
                assertThat(restored.problems())
                        .filteredOn(p -> p.kind() == Problem.Kind.FAILED)
                        .extracting(p -> p.path().toString())
                        .containsExactlyInAnyOrder("readme", "link", "dir");
                assertThat(restored.problems())
                        .anyMatch(p -> p.path().equals(EntryPath.of("readme"))
                                && p.detail().contains("'README'"));
                assertThat(restored.problems())
                        .anyMatch(p -> p.path().equals(EntryPath.of("dir"))
                                && p.detail().contains("'Dir'")
                                && p.detail().contains("what is in it"));
                // The kernel, which knows nothing of case, remembers names that were not there, or were replaced.
                Shell.sh("umount " + mount + " && " + mounting);
                assertThat(target.resolve("README")).hasContent("one");
                assertThat(Files.readSymbolicLink(target.resolve("Link"))).isEqualTo(Path.of("x"));
                assertThat(target.resolve("Dir/g")).hasContent("Dir");
                try (Stream<Path> left = Files.walk(target)) {
                    assertThat(left).hasSize(7);
                }
            }
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    @Test
    void targetWithoutPermission_isToldByName() throws Exception {
        Files.writeString(source().resolve("f"), "x");
        Snapshot snapshot = backup(repo, source());
        Path mount = dir.resolve("ro");
        Files.createDirectories(mount);
        Shell.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", mount.toString());
        try {
            Restore.Restored restored =
                    repo.restore(snapshot).to(DirectoryRestore.into(mount)).run();
            assertThat(restored.problems())
                    .anyMatch(p -> p.kind() == Problem.Kind.FAILED && p.detail().contains("read-only"));
            assertThatThrownBy(() -> repo.restore(snapshot)
                            .to(DirectoryRestore.into(mount.resolve("below")))
                            .run())
                    .isInstanceOf(BackupException.TargetFailed.class)
                    .hasMessageContaining("ro/below");
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    @Test
    void plan_tellsWhatARestoreThenDoes() throws Exception {
        Files.writeString(source().resolve("changed"), "one");
        Files.writeString(source().resolve("same"), "same");
        Files.writeString(source().resolve("removed"), "x");
        Snapshot snapshot = backup(repo, source());
        Files.writeString(source().resolve("changed"), "three");
        Files.delete(source().resolve("removed"));
        Files.writeString(source().resolve("new"), "new");
        List<String> before = MemoryTree.of(DirectorySource.of(source())).lines();
        DirectoryRestore target = DirectoryRestore.into(source());
        assertThat(repo.restore(snapshot).to(target).deleteExtra().plan())
                .extracting(Object::toString)
                .containsExactly("REPLACE changed", "CREATE removed", "DELETE new");
        assertThat(MemoryTree.of(DirectorySource.of(source())).lines()).isEqualTo(before);
        List<String> done = new ArrayList<>();
        repo.restore(snapshot)
                .to(target)
                .deleteExtra()
                .onChange(change -> done.add(change.toString()))
                .run();
        assertThat(done).containsExactly("REPLACE changed", "CREATE removed", "DELETE new");
    }

    @Test
    void deleteExtra_staysOnItsFileSystem() throws Exception {
        Files.createDirectories(source().resolve("mnt"));
        Shell.run("mount", "-t", "tmpfs", "tmpfs", source().resolve("mnt").toString());
        try {
            Files.writeString(source().resolve("mnt/precious"), "precious");
            Snapshot snapshot =
                    repo.backup(DirectorySource.of(source()).oneFileSystem()).run();
            Files.writeString(source().resolve("extra"), "x");
            Restore.Restored restored = repo.restore(snapshot)
                    .to(DirectoryRestore.into(source()))
                    .deleteExtra()
                    .run();
            assertThat(source().resolve("extra")).doesNotExist();
            assertThat(source().resolve("mnt/precious")).exists();
            assertThat(restored.problems()).anyMatch(p -> p.path().equals(EntryPath.of("mnt")));
        } finally {
            Shell.run("umount", source().resolve("mnt").toString());
        }
    }

    @Test
    void damagedArchive_harmsNothingElse() throws Exception {
        Path d = source().resolve("d");
        Files.createDirectories(d);
        Files.writeString(d.resolve("a"), "good content");
        Files.createLink(d.resolve("b"), d.resolve("a"));
        Files.writeString(source().resolve("z"), "z");
        Shell.sh("chmod 2750 " + d + "; chown 5:6 " + d);
        Thread.sleep(100);
        Repository tars = Repository.at(storage)
                .format(TarFormat.create())
                .encryption(Encryption.none())
                .openOrCreate();
        Snapshot first = backup(tars, source());
        Files.writeString(source().resolve("z"), "changed");
        Thread.sleep(100);
        Snapshot second = backup(tars, source());
        MemoryStorage damaged = storage.copy();
        damaged.delete(List.of(
                new dev.lifeboat.storage.ObjectKey("archives/" + first.id().value() + ".json")));
        Path target = dir.resolve("target");
        Files.createDirectories(target.resolve("d"));
        Files.writeString(target.resolve("d/a"), "stale a");
        Files.writeString(target.resolve("d/b"), "own b");
        try (Repository broken =
                Repository.at(damaged).encryption(Encryption.none()).open()) {
            Restore.Restored restored =
                    broken.restore(second).to(DirectoryRestore.into(target)).run();
            assertThat(restored.problems())
                    .extracting(p -> p.kind() + " " + p.path())
                    .containsExactlyInAnyOrder("FAILED d/a", "FAILED d/b");
        }
        assertThat(Files.readString(target.resolve("d/b"))).isEqualTo("own b");
        assertThat(Files.readString(target.resolve("z"))).isEqualTo("changed");
        assertThat(Shell.run("stat", "-c", "%a %u:%g", target.resolve("d").toString())
                        .strip())
                .isEqualTo("2750 5:6");
    }

    @Test
    void hugeSparseFile_costsNothing() throws Exception {
        Path huge = source().resolve("huge");
        Shell.sh("truncate -s 1T " + huge + "; printf end | dd of=" + huge
                + " bs=1 seek=1000000000000 conv=notrunc 2>/dev/null");
        Snapshot snapshot = backup(repo, source());
        assertThat(snapshot.stats().bytesRead()).isLessThan(100_000);
        Path target = dir.resolve("target");
        repo.restore(snapshot).to(DirectoryRestore.into(target)).run();
        assertThat(Files.size(target.resolve("huge"))).isEqualTo(1L << 40);
        assertThat(Shell.sh("du -k " + target + "/huge | cut -f1").strip()).matches("[0-9]{1,3}");
        assertThat(Shell.sh("dd if=" + target + "/huge bs=1 skip=1000000000000 count=3 2>/dev/null"))
                .isEqualTo("end");
    }

    @Test
    void excludedAndOtherFileSystems_areLeftOut() throws Exception {
        Files.createDirectories(source().resolve("cache/deep"));
        Files.createDirectories(source().resolve("mnt"));
        Files.writeString(source().resolve("cache/deep/x"), "x");
        Shell.run("mount", "-t", "tmpfs", "tmpfs", source().resolve("mnt").toString());
        try {
            Files.writeString(source().resolve("mnt/inside"), "x");
            Set<EntryPath> cache = Set.of(EntryPath.of("cache"));
            MemoryTree tree =
                    MemoryTree.of(DirectorySource.of(source()).oneFileSystem().excluding(cache::contains));
            assertThat(tree.paths()).containsExactly(EntryPath.root(), EntryPath.of("mnt"));
        } finally {
            Shell.run("umount", source().resolve("mnt").toString());
        }
    }
}
