package dev.lifeboat.archives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Zip archives of other programs, and zip archives for them. */
class ZipTest {
    @RegisterExtension
    private final ScratchDir dir = new ScratchDir();

    private Path zipOf(String... namesAndContents) throws IOException {
        Path file = dir.resolve("file.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (int i = 0; i < namesAndContents.length; i += 2) {
                zip.putNextEntry(new ZipEntry(namesAndContents[i]));
                zip.write(namesAndContents[i + 1].getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
        return file;
    }

    private Path tree() throws IOException {
        Path tree = Files.createDirectories(dir.resolve("tree"));
        Files.createDirectories(tree.resolve("sub dir/empty"));
        Files.write(tree.resolve("random"), MemoryTree.random(3, 300_000));
        Files.writeString(tree.resolve("sub dir/ü.txt"), "text ".repeat(50_000));
        Files.setPosixFilePermissions(tree.resolve("sub dir/ü.txt"), PosixFilePermissions.fromString("rwxr-x--x"));
        Files.createSymbolicLink(tree.resolve("link"), Path.of("sub dir/ü.txt"));
        return tree;
    }

    @Test
    void whatTheProgramWrites_comesBackWithPermissionsLinksAndTimes() throws Exception {
        Path tree = tree();
        Path file = dir.resolve("made.zip");
        Shell.sh("cd " + tree + " && zip -qry --symlinks " + file + " .");
        MemoryTree read = MemoryTree.of(ZipSource.of(file));
        EntryPath text = EntryPath.of("sub dir/ü.txt");
        assertThat(read.content(text)).isEqualTo(Files.readAllBytes(tree.resolve("sub dir/ü.txt")));
        assertThat(read.get(text).attributes().mode()).isEqualTo(0751);
        assertThat(read.get(text).attributes().modified().getEpochSecond())
                .isEqualTo(Files.getLastModifiedTime(tree.resolve("sub dir/ü.txt"))
                        .toInstant()
                        .getEpochSecond());
        assertThat(read.get(EntryPath.of("link")).link()).contains(ByteString.utf8("sub dir/ü.txt"));
        assertThat(read.paths()).hasSize(5);
        assertThat(read.problems()).isEmpty();
    }

    @Test
    void aSnapshot_passesThroughAZip() throws Exception {
        Path tree = tree();
        Path file = dir.resolve("exported.zip");
        MemoryStorage storage = new MemoryStorage();
        try (Repository repository =
                Repository.at(storage).encryption(Encryption.none()).create()) {
            Path made = dir.resolve("made.zip");
            Shell.sh("cd " + tree + " && zip -qry --symlinks " + made + " .");
            Snapshot snapshot = repository.backup(ZipSource.of(made)).run();
            assertThat(repository.restore(snapshot).to(ZipExport.to(file)).run().problems())
                    .isEmpty();
            assertThat(repository.verify().readData().run().findings()).isEmpty();
        }
        Shell.sh("LC_ALL=C.UTF-8 unzip -q " + file + " -d " + dir.resolve("extracted") + " && diff -r --no-dereference "
                + tree + " " + dir.resolve("extracted"));
        assertThat(Shell.sh("stat -c %a '" + dir.resolve("extracted/sub dir/ü.txt") + "'"))
                .startsWith("751");
    }

    /** Keeps what a restore reports. */
    private static final class Reports implements RestoreRequest.Listener {
        private final List<Problem> problems = new ArrayList<>();
        private final List<RestoreChange> changes = new ArrayList<>();

        @Override
        public void changed(RestoreChange change) {
            changes.add(change);
        }

        @Override
        public void problem(Problem problem) {
            problems.add(problem);
        }
    }

    @Test
    void whatAZipDoesNotHold_isReported() throws Exception {
        Attributes owned = Attributes.of(0640, 1000, 1000, Instant.parse("2026-01-01T00:00:00Z"));
        Attributes marked = owned.withXattrs(Map.of(ByteString.utf8("user.a"), ByteString.utf8("b")));
        MemoryTree tree = new MemoryTree()
                .add(Entry.directory(EntryPath.of("a"), owned))
                .add(Entry.file(EntryPath.of("a/file"), 3, marked), new byte[] {1, 2, 3})
                .add(Entry.hardLink(EntryPath.of("a/hard"), EntryPath.of("a/file"), marked))
                .add(Entry.fifo(EntryPath.of("fifo"), owned))
                .add(Entry.file(EntryPath.of(new byte[] {(byte) 0xff}), 1, owned), new byte[] {1});
        Path file = dir.resolve("exported.zip");
        Reports reports = new Reports();
        try (RestoreTarget.Session session =
                ZipExport.to(file).begin(new RestoreRequest(false, false, false, List.of(), reports))) {
            tree.sendTo(session);
            session.commit();
        }
        assertThat(reports.problems)
                .extracting(problem -> problem.kind() + " " + problem.path())
                .containsExactlyInAnyOrder(
                        "DEGRADED a/hard", "FAILED fifo", "FAILED \\xff", "DEGRADED .", "DEGRADED .");
        Shell.sh("unzip -q " + file + " -d " + dir.resolve("out"));
        assertThat(dir.resolve("out/a/hard")).isSymbolicLink().hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void aFileWhoseContentFails_isReportedAndNotInTheArchive() throws Exception {
        Path file = Files.writeString(dir.resolve("exported.zip"), "old");
        Entry entry = Entry.file(EntryPath.of("file"), 100_000, MemoryTree.attributes(0600));
        InputStream failing = InputStream.nullInputStream();
        failing.close();
        try (RestoreTarget.Session session = ZipExport.to(file).begin(RestoreRequest.plain())) {
            assertThat(session.offer(entry)).isTrue();
            assertThatThrownBy(() -> session.content(entry, failing)).isInstanceOf(IOException.class);
            Entry good = Entry.file(EntryPath.of("good"), 1, MemoryTree.attributes(0600));
            session.offer(good);
            session.content(good, new ByteArrayInputStream(new byte[] {7}));
            session.commit();
        }
        assertThat(MemoryTree.of(ZipSource.of(file)).paths()).containsExactly(EntryPath.of("good"));
    }

    @Test
    void anExportThatIsNotCommitted_leavesTheOldFile() throws Exception {
        Path file = Files.writeString(dir.resolve("exported.zip"), "old");
        try (RestoreTarget.Session session = ZipExport.to(file).begin(RestoreRequest.plain())) {
            session.offer(Entry.directory(EntryPath.of("a"), MemoryTree.attributes(0700)));
        }
        assertThat(file).hasContent("old");
        try (var files = Files.list(dir.path())) {
            assertThat(files).containsExactly(file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../out", "/etc/passwd", "a/../../out", "a//b", "a/./b", "..", "a/\0b"})
    void aNameThatLeadsOut_refusesTheArchive(String name) throws Exception {
        Path file = zipOf("good", "x", name, "evil");
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(file))).isInstanceOf(DamagedException.class);
    }

    @Test
    void aFileBelowALinkOrAFile_refusesTheArchive() throws Exception {
        Path file = zipOf("a", "x", "a/b", "evil");
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(file)))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("not a directory");
    }

    @Test
    void anArchiveOverItsLimit_isRefused_andOneWhoseSizesLieToo() throws Exception {
        Path bomb = zipOf("zeros", "0".repeat(30_000_000));
        assertThat(Files.size(bomb)).isLessThan(100_000);
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(bomb).limit(1_000_000)))
                .hasMessageContaining("set a higher limit");
        // The same archive, whose directory says that the file has ten bytes.
        byte[] bytes = Files.readAllBytes(bomb);
        int directory = lastIndexOf(bytes, new byte[] {'P', 'K', 1, 2});
        bytes[directory + 24] = 10;
        bytes[directory + 25] = 0;
        bytes[directory + 26] = 0;
        bytes[directory + 27] = 0;
        Files.write(bomb, bytes);
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(bomb).limit(1_000_000)))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("another length or checksum");
    }

    private static int lastIndexOf(byte[] bytes, byte[] sought) {
        for (int i = bytes.length - sought.length; i >= 0; i--) {
            int n = 0;
            while (n < sought.length && bytes[i + n] == sought[n]) {
                n++;
            }
            if (n == sought.length) {
                return i;
            }
        }
        throw new AssertionError("not there");
    }

    @Test
    void aNameThatIsThereTwice_isReported() throws Exception {
        Path file = zipOf("name1", "first", "name2", "last");
        byte[] bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                .replace("name1", "name2")
                .getBytes(StandardCharsets.ISO_8859_1);
        Files.write(file, bytes);
        MemoryTree tree = MemoryTree.of(ZipSource.of(file));
        assertThat(tree.content(EntryPath.of("name2"))).asString().isEqualTo("last");
        assertThat(tree.problems()).extracting(Problem::kind).containsExactly(Problem.Kind.DEGRADED);
    }

    @Test
    void anEncryptedArchive_andOneThatIsNone_areRefusedByName() throws Exception {
        Path file = dir.resolve("secret.zip");
        Shell.sh("cd " + tree() + " && zip -qr -P pw " + file + " random");
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(file)))
                .isInstanceOf(UnsupportedVersionException.class)
                .hasMessageContaining("encrypted");
        Path none = Files.writeString(dir.resolve("none.zip"), "this is not a zip archive".repeat(100));
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(none))).isInstanceOf(DamagedException.class);
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(dir.resolve("not-there"))))
                .isInstanceOf(java.nio.file.NoSuchFileException.class);
    }

    @Test
    void namesAreTheirBytes_andThoseOfDosAreTranslated() throws Exception {
        Path tree = Files.createDirectories(dir.resolve("names"));
        Files.writeString(tree.resolve("..\\..\\evil"), "1");
        Files.writeString(tree.resolve("a\\b"), "2");
        MemoryTree before = new MemoryTree()
                .add(Entry.file(EntryPath.of("..\\..\\evil"), 1, MemoryTree.attributes(0644)), new byte[] {'1'})
                .add(Entry.file(EntryPath.of("a\\b"), 1, MemoryTree.attributes(0644)), new byte[] {'2'});
        Path file = dir.resolve("exported.zip");
        try (RestoreTarget.Session session = ZipExport.to(file).begin(RestoreRequest.plain())) {
            before.sendTo(session);
            session.commit();
        }
        assertThat(MemoryTree.of(ZipSource.of(file)).paths()).isEqualTo(before.paths());

        // Two names of code page 437, as old programs for Windows write them: 0x84 is a umlaut, 0x94 o umlaut.
        Path old = zipOf("1.txt", "a", "2.txt", "o");
        String bytes = new String(Files.readAllBytes(old), StandardCharsets.ISO_8859_1)
                .replace("1.txt", "\u0084.txt")
                .replace("2.txt", "\u0094.txt");
        Files.write(old, withoutUtf8Flag(bytes.getBytes(StandardCharsets.ISO_8859_1)));
        MemoryTree read = MemoryTree.of(ZipSource.of(old));
        assertThat(read.paths()).containsExactly(EntryPath.of("ä.txt"), EntryPath.of("ö.txt"));
        assertThat(read.problems()).isEmpty();
    }

    /** In each local header and each entry of the directory. */
    private static byte[] withoutUtf8Flag(byte[] bytes) {
        for (int i = 0; i + 10 < bytes.length; i++) {
            if (bytes[i] == 'P' && bytes[i + 1] == 'K' && bytes[i + 2] == 3 && bytes[i + 3] == 4) {
                bytes[i + 7] &= ~8;
            } else if (bytes[i] == 'P' && bytes[i + 1] == 'K' && bytes[i + 2] == 1 && bytes[i + 3] == 2) {
                bytes[i + 9] &= ~8;
            }
        }
        return bytes;
    }

    @Test
    void timesThatNoZipHolds_areClamped_andAFileThatIsTooShortIsLeftOut() throws Exception {
        Path file = dir.resolve("exported.zip");
        Reports reports = new Reports();
        Entry late =
                Entry.file(EntryPath.of("late"), 1, Attributes.of(0644, 0, 0, Instant.parse("+40000-01-01T00:00:00Z")));
        Entry shorter = Entry.file(EntryPath.of("short"), 100, MemoryTree.attributes(0644));
        try (RestoreTarget.Session session =
                ZipExport.to(file).begin(new RestoreRequest(false, false, false, List.of(), reports))) {
            session.offer(late);
            session.content(late, new ByteArrayInputStream(new byte[] {7}));
            session.offer(shorter);
            session.content(shorter, new ByteArrayInputStream(new byte[5]));
            session.commit();
        }
        assertThat(reports.problems)
                .extracting(problem -> problem.kind() + " " + problem.path())
                .containsExactly("DEGRADED late", "FAILED short", "DEGRADED .");
        assertThat(MemoryTree.of(ZipSource.of(file)).paths()).containsExactly(EntryPath.of("late"));
    }

    @Test
    void aFileBelowASymbolicLink_refusesTheArchive_andAFifoIsLeftOut() throws Exception {
        Path file = dir.resolve("odd.zip");
        Shell.sh("cd " + Files.createDirectory(dir.resolve("odd")) + " && ln -s /etc link && zip -qy " + file
                + " link && rm link && mkdir link && echo x > link/passwd && zip -qr " + file + " link/passwd");
        assertThatThrownBy(() -> MemoryTree.of(ZipSource.of(file)))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("not a directory");
        Path fifo = dir.resolve("fifo.zip");
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(fifo)) {
            ZipArchiveEntry entry = new ZipArchiveEntry("fifo");
            entry.setUnixMode(0010644);
            zip.putArchiveEntry(entry);
            zip.closeArchiveEntry();
        }
        assertThat(MemoryTree.of(ZipSource.of(fifo)).problems())
                .extracting(Problem::kind)
                .containsExactly(Problem.Kind.SKIPPED);
    }
}
