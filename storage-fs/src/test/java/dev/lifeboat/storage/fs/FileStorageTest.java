package dev.lifeboat.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.testkit.ChildJvm;
import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(120)
class FileStorageTest {
    private static final ObjectKey KEY = new ObjectKey("packs/ab/abcd");

    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private FileStorage storage() {
        return FileStorage.at(dir.resolve("deep/store"));
    }

    @Test
    void at_touchesNothing() {
        assertThat(storage().location()).endsWith("deep/store");
        assertThat(dir.resolve("deep")).doesNotExist();
    }

    @Test
    void put_makesFilesThatOnlyTheOwnerReads() throws IOException {
        storage().put(KEY, Content.of(new byte[3]), PutCondition.IF_ABSENT);
        storage().put(new ObjectKey("packs/x"), Content.of(new byte[3]), PutCondition.ALWAYS);
        Path root = dir.resolve("deep/store");
        for (String directory : List.of("", "packs", "packs/ab")) {
            assertThat(mode(root.resolve(directory))).as(directory).isEqualTo("rwx------");
        }
        assertThat(mode(root.resolve(KEY.value()))).isEqualTo("rw-------");
        assertThat(mode(root.resolve("packs/x"))).isEqualTo("rw-------");
        try (var files = Files.walk(root).filter(Files::isRegularFile)) {
            assertThat(files).as("no temporary file is left").hasSize(2);
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void foreignFiles_areNoObjects() throws IOException {
        storage().put(KEY, Content.of(new byte[3]), PutCondition.IF_ABSENT);
        Files.writeString(dir.resolve("deep/store/README.txt"), "not ours: upper case");
        Files.createDirectories(dir.resolve("deep/store/.snapshot"));
        Files.writeString(dir.resolve("deep/store/.snapshot/x"), "not ours: hidden");
        List<String> seen = new ArrayList<>();
        storage().list("", object -> seen.add(object.key().value()));
        assertThat(seen).containsExactly(KEY.value());
    }

    @Test
    void sweep_removesOnlyOldTemporaryFiles() throws IOException {
        storage().put(KEY, Content.of(new byte[3]), PutCondition.IF_ABSENT);
        Path old = dir.resolve("deep/store/packs/ab/.tmp-old");
        Path young = dir.resolve("deep/store/packs/ab/.tmp-young");
        Files.writeString(old, "x");
        Files.writeString(young, "x");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        Files.setLastModifiedTime(
                dir.resolve("deep/store/" + KEY.value()),
                FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        assertThat(storage().sweep()).isEqualTo(1);
        assertThat(old).doesNotExist();
        Files.writeString(old, "x");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        storage().list("packs/", object -> {});
        assertThat(old).as("passed by a listing").doesNotExist();
        assertThat(young).exists();
        assertThat(storage().find(KEY)).isPresent();
    }

    /** Real processes, one winner each time. */
    @Test
    void ifAbsent_betweenProcesses_letsOneWin() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            processes.add(ChildJvm.of(
                            Racer.class, "64m", List.of(), dir.resolve("race").toString(), "" + i)
                    .start());
        }
        int wins = 0;
        for (Process process : processes) {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            wins += Integer.parseInt(output.strip());
        }
        assertThat(wins).isEqualTo(Racer.ROUNDS);
    }

    /** What runs in each of them. */
    static final class Racer {
        static final int ROUNDS = 300;

        private Racer() {}

        public static void main(String[] args) throws IOException {
            FileStorage storage = FileStorage.at(Path.of(args[0]));
            int wins = 0;
            for (int i = 0; i < ROUNDS; i++) {
                try {
                    byte[] mine = args[1].getBytes(StandardCharsets.US_ASCII);
                    ObjectKey key = new ObjectKey("r/" + i);
                    storage.put(key, Content.of(mine), PutCondition.IF_ABSENT);
                    wins++;
                    try (InputStream in = storage.open(key, ByteRange.all())) {
                        if (!new String(in.readAllBytes(), StandardCharsets.US_ASCII).equals(args[1])) {
                            throw new IllegalStateException("another's bytes in " + key);
                        }
                    }
                } catch (PreconditionFailedException e) {
                    continue;
                }
            }
            System.out.println(wins);
        }
    }

    @Test
    @RequiresRoot
    void fullDisk_givesAClearErrorAndLeavesNothingHalf() throws Exception {
        Path mount = dir.resolve("small");
        Files.createDirectories(mount);
        Shell.run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount.toString());
        try {
            MemoryTree tree = new MemoryTree();
            tree.add(Entry.file(EntryPath.of("a"), 0, MemoryTree.attributes(0644)), MemoryTree.random(1, 100_000));
            try (Repository repo = Repository.at(FileStorage.at(mount.resolve("store")))
                    .encryption(Encryption.none())
                    .create()) {
                Snapshot good = repo.backup(tree).run();
                MemoryTree large = tree.copy();
                large.add(
                        Entry.file(EntryPath.of("b"), 0, MemoryTree.attributes(0644)), MemoryTree.random(2, 9_000_000));
                assertThatThrownBy(() -> repo.backup(large).run())
                        .isInstanceOf(BackupException.StorageFailed.class)
                        .hasMessageContaining("packs/")
                        .hasMessageContaining(mount.toString())
                        .hasMessageContaining("the disk is full");
                assertThat(repo.snapshots()).containsExactly(good);
                assertThat(repo.verify().readData().run().findings()).isEmpty();
                assertThat(Shell.sh("find " + mount + " -name '.tmp*'")).isEmpty();
                Snapshot next = repo.backup(tree).run();
                MemoryTree back = new MemoryTree();
                repo.restore(next).to(back).run();
                assertThat(back.lines()).isEqualTo(tree.lines());
            }
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    @Test
    @RequiresRoot
    void placeWithoutPermission_isToldByNameAndWayOut() throws Exception {
        Path mount = dir.resolve("ro");
        Files.createDirectories(mount);
        Shell.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", mount.toString());
        try {
            assertThatThrownBy(() -> Repository.at(FileStorage.at(mount.resolve("store")))
                            .encryption(Encryption.none())
                            .create())
                    .isInstanceOf(BackupException.StorageFailed.class)
                    .hasMessageContaining(mount.toString())
                    .hasMessageContaining("read-only");
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    @Test
    void fileInTheWay_isAnError() throws IOException {
        Files.createDirectories(dir.resolve("deep/store"));
        Files.writeString(dir.resolve("deep/store/packs"), "a file where a directory should be");
        assertThatThrownBy(() -> storage().put(KEY, Content.of(new byte[1]), PutCondition.ALWAYS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(KEY.value());
        assertThat(storage().find(KEY)).isEmpty();
    }
}
