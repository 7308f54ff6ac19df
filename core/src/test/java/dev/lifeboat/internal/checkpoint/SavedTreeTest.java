package dev.lifeboat.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.testkit.MemoryTree;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@RequiresRoot
class SavedTreeTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private Path tree = Path.of(".");

    @BeforeEach
    void makeTree() throws IOException {
        tree = dir.resolve("tree");
        Files.createDirectory(tree);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            assertThat(open.map(SavedTreeTest::target))
                    .noneMatch(name -> name.startsWith(dir.path().toString()));
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }

    /** What GNU find, sha256sum and getfattr say of a tree; names of one inode are shown as the first of them. */
    private static List<String> stateOf(Path tree) throws Exception {
        String names = "cd " + tree + " && find . -printf '%i %p|%y|%m|%U|%G|%n|%T@|%l|' \\( -type d -printf '-' -o"
                + " -printf '%s' \\) -printf '\\n' | LC_ALL=C sort -k2 | awk '{ inode = $1; sub(/^[^ ]* /, \"\");"
                + " name = $0; sub(/[|].*/, \"\", name); if (!(inode in first)) first[inode] = name;"
                + " print $0 \"|\" first[inode] }'";
        String content = "cd " + tree + " && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum";
        String attributes = "cd " + tree + " && getfattr -R -P -h -m - -d -e hex . 2>/dev/null | LC_ALL=C sort";
        String devices = "cd " + tree + " && find . \\( -type c -o -type b \\) -exec stat -c '%n %t %T' {} + | sort";
        return Stream.of(names, content, attributes, devices)
                .flatMap(command -> {
                    try {
                        return Shell.sh(command).lines();
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .toList();
    }

    private static List<String> difference(List<String> wanted, List<String> found) {
        return Stream.concat(
                        wanted.stream().filter(line -> !found.contains(line)).map(line -> "- " + line),
                        found.stream().filter(line -> !wanted.contains(line)).map(line -> "+ " + line))
                .toList();
    }

    private void fill() throws Exception {
        Shell.sh("cd " + tree + " && mkdir -p a/b/c d e && for i in $(seq 1 40); do echo $i >a/f$i; done"
                + " && echo deep >a/b/c/deep && ln -s ../nowhere a/link && mkfifo a/pipe && mknod a/null c 1 3"
                + " && mknod d/block b 7 99 && echo one >d/one && ln d/one e/two && ln d/one e/three"
                + " && touch -d '2001-02-03 04:05:06.123456789' d/one && chmod 4750 a/f1 && chown 1234:4321 a/f2"
                + " && setfattr -n user.note -v hello a/f3 && setfattr -n trusted.overlay.opaque -v y d"
                + " && setfacl -m u:77:r a/f4 && mknod gone c 0 0 && mknod e/gone c 0 0"
                + " && setcap cap_net_raw+ep a/f5 2>/dev/null || true");
        Shell.sh("cd " + tree + " && python3 -c 'import socket; s = socket.socket(socket.AF_UNIX);"
                + " s.bind(\"a/socket\")' && touch -d 2010-01-01 a/b/c a && truncate -s 3M a/sparse");
        Files.write(tree.resolve("large"), MemoryTree.random(1, 3 << 20));
        Files.write(tree.resolve("medium"), MemoryTree.random(2, 100_000));
        try (FileChannel sparse = FileChannel.open(tree.resolve("a/sparse"), StandardOpenOption.WRITE)) {
            sparse.write(java.nio.ByteBuffer.wrap(MemoryTree.random(3, 70_000)), 1 << 20);
        }
    }

    private interface Action {
        void run() throws Exception;
    }

    /** Runs a test with the tree on a file system of its own. */
    private void on(String type, Action test) throws Exception {
        if (type.equals("here")) {
            test.run();
            return;
        }
        if (type.equals("tmpfs")) {
            Shell.run("mount", "-t", "tmpfs", "tmpfs", tree.toString());
        } else {
            Path image = dir.resolve("image");
            Shell.run("truncate", "-s", "400M", image.toString());
            Shell.run("mkfs." + type, "-q", image.toString());
            Shell.run("mount", "-o", "loop", image.toString(), tree.toString());
        }
        try {
            test.run();
        } finally {
            Shell.run("umount", tree.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"here, false", "ext4, false", "xfs, true", "btrfs, true", "tmpfs, false"})
    void randomChanges_areSetBackToTheLastAttribute(String type, boolean shared) throws Exception {
        on(type, () -> {
            fill();
            List<String> before = stateOf(tree);
            try (SavedTree saved = SavedTree.save(tree)) {
                assertThat(saved.isShared()).isEqualTo(shared);
                assertThat(saved.isSettled()).isTrue();
                assertThat(stateOf(tree)).isEqualTo(before);
                LiveTree live = saved.origin();
                assertThat(live.reset().changed()).isZero();
                for (int seed = 0; seed < 12; seed++) {
                    new Changes(tree, seed).make(1 + seed * 4);
                    live.reset();
                    assertThat(difference(before, stateOf(tree)))
                            .as("seed %s", seed)
                            .isEmpty();
                    TreeReset again = live.reset();
                    assertThat(again.changed() + again.removed())
                            .as("nothing is left to do after seed %s", seed)
                            .isZero();
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"here", "xfs"})
    void anotherDirectory_becomesACopyThatIsResetByItself(String type) throws Exception {
        on(type, () -> {
            Path original = tree.resolve("original");
            Path copy = tree.resolve("copy");
            Files.createDirectory(original);
            Files.createDirectory(copy);
            Files.writeString(copy.resolve("in the way"), "x");
            Path whole = tree;
            tree = original;
            fill();
            tree = whole;
            List<String> before = stateOf(original);
            try (SavedTree saved = SavedTree.save(original)) {
                Shell.sh("rm -rf " + original + "/*");
                LiveTree live = saved.at(copy);
                live.reset();
                assertThat(difference(before, stateOf(copy))).isEmpty();
                new Changes(copy, 3).make(30);
                live.reset();
                assertThat(difference(before, stateOf(copy))).isEmpty();
                saved.origin().reset();
                assertThat(stateOf(original)).isEqualTo(before);
            }
        });
    }

    @Test
    void onlyBlocksThatChangedAreWritten_whereTheyAreCopied() throws Exception {
        fill();
        try (SavedTree saved = SavedTree.save(tree)) {
            LiveTree live = saved.origin();
            Path large = tree.resolve("large");
            FileTime time = Files.getLastModifiedTime(large);
            try (FileChannel channel = FileChannel.open(large, StandardOpenOption.WRITE)) {
                channel.write(java.nio.ByteBuffer.wrap(new byte[] {1}), 1_000_000);
            }
            // As rsync and tar do, which set the former time.
            Files.setLastModifiedTime(large, time);
            TreeReset reset = live.reset();
            assertThat(Files.readAllBytes(large)).isEqualTo(MemoryTree.random(1, 3 << 20));
            assertThat(reset.changed()).isEqualTo(1);
            assertThat(reset.bytesWritten()).isEqualTo(1 << 16);
        }
    }

    @Test
    void changesRightAfterAReset_areSeen() throws Exception {
        Path file = tree.resolve("file");
        Files.writeString(file, "as saved");
        try (SavedTree saved = SavedTree.save(tree)) {
            LiveTree live = saved.origin();
            for (int i = 0; i < 300; i++) {
                Files.writeString(file, "changed!");
                assertThat(live.reset().changed()).as("round %s", i).isEqualTo(1);
                assertThat(Files.readString(file)).isEqualTo("as saved");
            }
        }
    }

    @Test
    void severalStates_areEachReached() throws Exception {
        fill();
        List<String> first = stateOf(tree);
        try (SavedTree one = SavedTree.save(tree)) {
            new Changes(tree, 11).make(40);
            List<String> second = stateOf(tree);
            try (SavedTree two = SavedTree.save(tree)) {
                LiveTree toOne = one.origin();
                LiveTree toTwo = two.origin();
                for (int i = 0; i < 5; i++) {
                    toOne.reset();
                    assertThat(stateOf(tree)).isEqualTo(first);
                    new Changes(tree, 20 + i).make(10);
                    toTwo.reset();
                    assertThat(stateOf(tree)).isEqualTo(second);
                }
            }
        }
    }

    /** A process in the container may put a link where a directory was, to have files elsewhere changed. */
    @Test
    void linksInTheTree_areNotFollowed() throws Exception {
        Path outside = dir.resolve("outside");
        Files.createDirectories(outside.resolve("b"));
        Files.writeString(outside.resolve("b/secret"), "untouched");
        Files.createDirectories(tree.resolve("a/b"));
        Files.writeString(tree.resolve("a/b/file"), "1");
        List<String> before = stateOf(outside);
        try (SavedTree saved = SavedTree.save(tree)) {
            Shell.sh("rm -rf " + tree + "/a && ln -s " + outside + " " + tree + "/a");
            saved.origin().reset();
            Shell.sh("rm -rf " + tree + "/a/b/file && ln -s " + outside + "/b/secret " + tree + "/a/b/file");
            saved.origin().reset();
            Shell.sh("rm -rf " + tree + "/a/b && ln -s " + outside + "/b " + tree + "/a/b");
            saved.origin().reset();
            assertThat(Files.readString(tree.resolve("a/b/file"))).isEqualTo("1");
            assertThat(Files.isDirectory(tree.resolve("a"), LinkOption.NOFOLLOW_LINKS))
                    .isTrue();
        }
        assertThat(stateOf(outside)).isEqualTo(before);
    }

    @Test
    void fullFileSystem_isResetAll() throws Exception {
        on("ext4", () -> {
            fill();
            List<String> before = stateOf(tree);
            try (SavedTree saved = SavedTree.save(tree)) {
                Shell.sh("cd " + tree + " && rm large && (cat /dev/zero >filler 2>/dev/null || true)");
                assertThat(tree.toFile().getUsableSpace()).isLessThan(1 << 16);
                saved.origin().reset();
                assertThat(stateOf(tree)).isEqualTo(before);
            }
        });
    }

    @Test
    void noSpaceForACheckpoint_isAnErrorThatLeavesNothing() throws Exception {
        on("ext4", () -> {
            Files.write(tree.resolve("large"), MemoryTree.random(1, 200 << 20));
            Shell.run("sync");
            long free = tree.toFile().getFreeSpace();
            assertThatThrownBy(() -> SavedTree.save(tree))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("space");
            Shell.run("sync");
            assertThat(tree.toFile().getFreeSpace()).isGreaterThanOrEqualTo(free);
        });
    }

    @Test
    void anotherFileSystemInside_isRefused() throws Exception {
        Path inside = tree.resolve("inside");
        Files.createDirectory(inside);
        Shell.run("mount", "-t", "tmpfs", "tmpfs", inside.toString());
        try {
            assertThatThrownBy(() -> SavedTree.save(tree)).hasMessageContaining("inside");
        } finally {
            Shell.run("umount", inside.toString());
        }
    }

    @Test
    void fileSystemThatIsMountedLater_isNotEmptied() throws Exception {
        Path inside = tree.resolve("inside");
        Files.createDirectory(inside);
        try (SavedTree saved = SavedTree.save(tree)) {
            Shell.run("mount", "-t", "tmpfs", "tmpfs", inside.toString());
            try {
                Files.writeString(inside.resolve("precious"), "x");
                assertThatThrownBy(() -> saved.origin().reset()).hasMessageContaining("inside");
                assertThat(inside.resolve("precious")).exists();
            } finally {
                Shell.run("umount", inside.toString());
            }
            assertThat(saved.origin().reset().removed()).isZero();
        }
    }

    /** Random changes of all kinds. */
    private static final class Changes {
        private final Path tree;
        private final Random random;

        Changes(Path tree, int seed) {
            this.tree = tree;
            this.random = new Random(seed);
        }

        void make(int count) throws Exception {
            for (int i = 0; i < count; i++) {
                List<String> files = list("-type f");
                List<String> all = list("-mindepth 1");
                List<String> directories = list("-type d");
                String target = directories.get(random.nextInt(directories.size()));
                String other = all.isEmpty() ? target : all.get(random.nextInt(all.size()));
                if (files.isEmpty()) {
                    Shell.sh("echo new >'" + target + "/only'");
                    continue;
                }
                change(files.get(random.nextInt(files.size())), other, target, "n" + random.nextInt(1000));
            }
        }

        private void change(String file, String other, String directory, String name) throws Exception {
            String made = "'" + directory + "/" + name + "'";
            switch (random.nextInt(19)) {
                case 0 -> Shell.sh("echo more >>'" + file + "'");
                case 1 -> Shell.sh("printf x | dd of='" + file + "' conv=notrunc bs=1 seek=3 2>/dev/null");
                case 2 -> Shell.sh("truncate -s " + random.nextInt(200_000) + " '" + file + "'");
                case 3 -> Shell.sh("rm -rf '" + other + "'");
                case 4 -> Shell.sh("mkdir -p " + made + "/x && echo y >" + made + "/x/z");
                case 5 -> Shell.sh("mv '" + file + "' " + made);
                case 6 -> Shell.sh("ln '" + file + "' " + made + " 2>/dev/null || true");
                case 7 -> Shell.sh("chmod " + (random.nextBoolean() ? "000" : "6777") + " '" + file + "'");
                case 8 -> Shell.sh("chown -h 5:6 '" + other + "'");
                case 9 -> Shell.sh("setfattr -n user.other -v 1 '" + file + "' 2>/dev/null || true");
                case 10 -> Shell.sh("rm -rf '" + other + "' && echo file >'" + other + "'");
                case 11 -> Shell.sh("rm -rf '" + other + "' && mkdir '" + other + "' && touch '" + other + "/in'");
                case 12 -> Shell.sh("ln -sf /etc/passwd " + made);
                case 13 -> Shell.sh("mkfifo " + made + " 2>/dev/null; mknod " + made + "c c 0 0 2>/dev/null || true");
                case 14 -> Shell.sh("cp -a '" + file + "' " + made + " && mv " + made + " '" + file + "'");
                case 15 -> Shell.sh("touch -h -d 2000-01-01 '" + other + "'");
                case 16 -> Shell.sh("setfattr -x user.note '" + file + "' 2>/dev/null || true");
                case 17 -> Shell.sh("mv '" + other + "' " + made + " 2>/dev/null || true");
                default -> Shell.sh("rm '" + file + "' && ln '" + tree + "'/large '" + file + "' 2>/dev/null || true");
            }
        }

        private List<String> list(String what) throws Exception {
            return Shell.sh("find " + tree + " " + what + " | LC_ALL=C sort")
                    .lines()
                    .toList();
        }
    }
}
