package dev.lifeboat.format.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.ForwardingEntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Other people's truth: GNU tar extracts what we write, and we read what it writes. */
@RequiresRoot
@Timeout(120)
class GnuTarTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final MemoryStorage storage = new MemoryStorage();

    @AfterEach
    void verify() {
        try (Repository repo = open(TarFormat.create())) {
            assertThat(repo.verify().readData().run().findings()).isEmpty();
        }
    }

    private Repository open(TarFormat format) {
        return Repository.at(storage)
                .encryption(Encryption.none())
                .format(format)
                .openOrCreate();
    }

    private static void restore(MemoryTree tree, Path into) throws IOException {
        try (RestoreTarget.Session session = DirectoryRestore.into(into).begin(RestoreRequest.plain())) {
            tree.sendTo(session);
            session.commit();
        }
    }

    /** GNU tar makes paths of any length, but extracts none past PATH_MAX. */
    private static MemoryTree extractable() {
        MemoryTree tree = MemoryTree.ofEverything(true);
        for (EntryPath path : tree.paths()) {
            if (path.toByteArray().length > 3900) {
                tree.remove(path);
            }
        }
        return tree;
    }

    /** What plain tar gives back of the archive of a snapshot. */
    private List<String> extracted(Snapshot snapshot, String extension, String into) throws Exception {
        String name = snapshot.archive().reference();
        Path archive = dir.resolve(name + ".tar" + extension);
        Files.write(archive, storage.bytes(new ObjectKey("archives/" + name + ".tar" + extension)));
        Path target = dir.resolve(into);
        Files.createDirectories(target);
        Shell.run(
                "tar",
                "-xpf",
                archive.toString(),
                "--xattrs",
                "--xattrs-include=*",
                "--numeric-owner",
                "--same-owner",
                "-C",
                target.toString());
        String listed = Shell.run("tar", "-tf", archive.toString());
        assertThat(listed).contains("hello");
        return MemoryTree.of(DirectorySource.of(target)).lines();
    }

    @Test
    void gnuTar_extractsWhatWeWrite() throws Exception {
        MemoryTree tree = extractable();
        for (var format : List.of(
                java.util.Map.entry(TarFormat.create(), ".zst"),
                java.util.Map.entry(TarFormat.gzip(6), ".gz"),
                java.util.Map.entry(TarFormat.uncompressed(), ""))) {
            try (Repository repo = open(format.getKey())) {
                Snapshot snapshot = repo.backup(tree)
                        .strategy(dev.lifeboat.snapshot.BackupStrategy.FULL)
                        .run();
                assertThat(extracted(snapshot, format.getValue(), "x" + format.getValue()))
                        .isEqualTo(tree.lines());
            }
        }
    }

    @Test
    void gnuTar_extractsAChainOneOverTheOther() throws Exception {
        Path source = dir.resolve("source");
        restore(extractable(), source);
        Thread.sleep(100);
        try (Repository repo = open(TarFormat.create())) {
            Snapshot first = repo.backup(DirectorySource.of(source)).run();
            Files.writeString(source.resolve("dir/hello-again"), "new");
            Files.writeString(source.resolve("dir.file"), "changed");
            Thread.sleep(100);
            Snapshot second = repo.backup(DirectorySource.of(source)).run();
            assertThat(second.parent()).contains(first.id());
            extracted(first, ".zst", "both");
            assertThat(extracted(second, ".zst", "both"))
                    .isEqualTo(MemoryTree.of(DirectorySource.of(source)).lines());
        }
    }

    private void weRead(String... options) throws Exception {
        MemoryTree tree = MemoryTree.ofEverything(true);
        Path source = dir.resolve("s");
        restore(tree, source);
        Path archive = dir.resolve("gnu.tar");
        Stream<String> command = Stream.of(
                        Stream.of("tar", "-cf", archive.toString(), "--numeric-owner", "-C", source.toString()),
                        Stream.of(options),
                        Stream.of("."))
                .flatMap(s -> s);
        Shell.run(command.toArray(String[]::new));
        try (Repository repo = open(TarFormat.create())) {
            Snapshot snapshot = repo.backup(TarSource.of(archive)).run();
            assertThat(snapshot.problems()).isEmpty();
            restore(back(repo, snapshot), dir.resolve("r"));
            assertThat(MemoryTree.of(DirectorySource.of(dir.resolve("r"))).lines())
                    .isEqualTo(tree.lines());
        }
    }

    private static MemoryTree back(Repository repo, Snapshot snapshot) {
        MemoryTree tree = new MemoryTree();
        repo.restore(snapshot).to(tree).run();
        return tree;
    }

    @Test
    void weRead_paxOfGnuTar() throws Exception {
        weRead("--format=posix", "--sparse", "--xattrs", "--xattrs-include=*");
    }

    @Test
    void weRead_paxOfGnuTar_compressed() throws Exception {
        weRead("--format=posix", "--sparse", "--xattrs", "--xattrs-include=*", "--zstd");
        storage.checkAllClosed();
    }

    @Test
    void weRead_sparseZeroDotOne() throws Exception {
        weRead("--format=posix", "--sparse", "--sparse-version=0.1", "--xattrs", "--xattrs-include=*", "--gzip");
    }

    @Test
    void weRead_gnuFormat_asFarAsItGoes() throws Exception {
        Path source = dir.resolve("s");
        restore(extractable(), source);
        Shell.sh("setfattr -h -x trusted.x " + source + "/trusted; setfacl -b " + source + "/trusted; rm -rf " + source
                + "/xattrs " + source + "/xdir; find " + source + " -exec touch -h -d @1700000000 {} +");
        Path archive = dir.resolve("gnu.tar");
        Shell.run(
                "tar",
                "-cf",
                archive.toString(),
                "--numeric-owner",
                "--format=gnu",
                "--sparse",
                "-C",
                source.toString(),
                ".");
        MemoryTree read = MemoryTree.of(TarSource.of(archive));
        restore(read, dir.resolve("r"));
        assertThat(MemoryTree.of(DirectorySource.of(dir.resolve("r"))).lines())
                .isEqualTo(MemoryTree.of(DirectorySource.of(source)).lines());
    }

    @Test
    void tarsOfOtherPrograms_areReadAsGnuTarReadsThem() throws Exception {
        Path source = dir.resolve("s");
        Files.createDirectories(source);
        Files.writeString(source.resolve("file"), "x");
        Files.createSymbolicLink(source.resolve("link"), Path.of("file"));
        Files.createLink(source.resolve("second"), source.resolve("link"));
        Path archive = dir.resolve("other.tar");
        Shell.sh("tar -cPf " + archive + " " + source);
        Path unended = dir.resolve("unended.tar");
        Shell.sh("tar -cPf - --record-size=512 " + source + " | head -c -1024 > " + unended);
        for (Path tar : List.of(archive, unended)) {
            List<Problem> problems = new ArrayList<>();
            MemoryTree tree = new MemoryTree();
            TarSource.of(tar).sendTo(new ForwardingEntrySink(tree.begin(RestoreRequest.plain())) {
                @Override
                public void report(Problem problem) {
                    problems.add(problem);
                }
            });
            EntryPath place = EntryPath.of(source.toString().substring(1));
            assertThat(tree.paths()).contains(place.resolve("file"), place.resolve("link"), place.resolve("second"));
            assertThat(problems).anyMatch(p -> p.detail().contains("stripped"));
            assertThat(problems).anyMatch(p -> p.detail().contains("hard link to symbolic link"));
            assertThat(problems.stream().anyMatch(p -> p.detail().contains("end-of-archive")))
                    .isEqualTo(tar.equals(unended));
        }
        byte[] xz = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0, 1, 2};
        Path compressed = Files.write(dir.resolve("other.tar.xz"), xz);
        assertThatThrownBy(() -> TarSource.of(compressed).sendTo(new MemoryTree().begin(RestoreRequest.plain())))
                .isInstanceOf(UnsupportedVersionException.class)
                .hasMessageContaining("xz");
    }

    /** The checksum comes after the padding, where a reader of members has stopped already. */
    @Test
    void flippedBitInACompressedTar_isFound() throws Exception {
        Path source = Files.createDirectories(dir.resolve("flip"));
        byte[] noise = new byte[50_000];
        new java.util.Random(1).nextBytes(noise);
        Files.write(source.resolve("file"), noise);
        for (String compress : List.of("gzip -1", "zstd -1 --check")) {
            Path archive = dir.resolve("flip.tar.z");
            Shell.run("sh", "-c", "tar -C " + source + " -c . | " + compress + " > " + archive);
            TarSource.of(archive).sendTo(new MemoryTree().begin(RestoreRequest.plain()));
            byte[] bytes = Files.readAllBytes(archive);
            // Within the file's content, which does not compress, so it is stored as it is.
            bytes[bytes.length / 2] ^= 1;
            Files.write(archive, bytes);
            assertThatThrownBy(() -> TarSource.of(archive).sendTo(new MemoryTree().begin(RestoreRequest.plain())))
                    .as(compress)
                    .isInstanceOf(DamagedException.class);
        }
    }

    @Test
    void hostileTars_areRefused() throws Exception {
        Path source = dir.resolve("s");
        Files.createDirectories(source);
        Files.writeString(source.resolve("file"), "x");
        for (String name : List.of("../evil", "/../evil", "a/../../evil", "a//evil", "./../evil")) {
            Path archive = dir.resolve("evil.tar");
            Shell.run(
                    "tar",
                    "-cPf",
                    archive.toString(),
                    "--transform",
                    "s,^file$," + name + ",",
                    "-C",
                    source.toString(),
                    "file");
            try (Repository repo = open(TarFormat.create())) {
                assertThatThrownBy(() -> repo.backup(TarSource.of(archive)).run())
                        .as(name)
                        .isInstanceOf(BackupException.Corrupt.class)
                        .hasMessageContaining("refused");
                assertThat(repo.snapshots()).isEmpty();
            }
        }
    }

    @Test
    void damagedTars_areToldAsSuch() throws Exception {
        Path source = dir.resolve("s");
        restore(MemoryTree.ofEverything(false).remove(EntryPath.of("sparse")), source);
        Path archive = dir.resolve("good.tar");
        Shell.run("tar", "-cf", archive.toString(), "--format=posix", "-C", source.toString(), ".");
        byte[] good = Files.readAllBytes(archive);
        java.util.Random random = new java.util.Random(7);
        Path bad = dir.resolve("bad.tar");
        for (int i = 0; i < 300; i++) {
            byte[] bytes = i % 2 == 0 ? java.util.Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
            if (i % 2 == 1) {
                for (int flips = random.nextInt(20); flips >= 0; flips--) {
                    bytes[random.nextInt(good.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            Files.write(bad, bytes);
            try {
                MemoryTree.of(TarSource.of(bad));
                assertThat(i % 2).as("a tar that is cut off is never whole").isOne();
            } catch (IOException e) {
                assertThat(e).isInstanceOf(dev.lifeboat.format.DamagedException.class);
            }
        }
    }

    @Test
    void aclsThatGnuTarWrites_areReported() throws Exception {
        Path file = Files.writeString(dir.resolve("file"), "x");
        Shell.sh("setfacl -m u:1000:rw " + file + " && tar -C " + dir.path() + " --format=posix --acls -cf "
                + dir.resolve("acls.tar") + " file");
        assertThat(MemoryTree.of(TarSource.of(dir.resolve("acls.tar"))).problems())
                .extracting(Problem::kind)
                .containsExactly(Problem.Kind.DEGRADED);
    }
}
