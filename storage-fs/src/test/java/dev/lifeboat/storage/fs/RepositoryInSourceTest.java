package dev.lifeboat.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.RepositoryBuilder;
import dev.lifeboat.Restore.Restored;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreChange.Action;
import dev.lifeboat.snapshot.Completeness;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.ForwardingStorageTarget;
import dev.lifeboat.testkit.RequiresRoot;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A repository, its replicas and its cache in the directory that it backs up, or restores into. */
class RepositoryInSourceTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private Path source = Path.of(".");

    @BeforeEach
    void fill() throws IOException {
        source = Files.createDirectories(dir.resolve("source"));
        byte[] bytes = new byte[300_000];
        new Random(1).nextBytes(bytes);
        Files.write(source.resolve("file"), bytes);
        Files.createDirectories(source.resolve("data/backups"));
        Files.writeString(source.resolve("data/notes"), "notes");
    }

    @AfterEach
    void verify() {
        Path repository = source.resolve("data/backups/repository");
        if (Files.exists(repository.resolve("lifeboat.json"))) {
            try (Repository repo = at(repository).open()) {
                assertThat(repo.verify().readData().run().isClean()).isTrue();
            }
        }
    }

    private static RepositoryBuilder at(Path directory) {
        return Repository.at(FileStorage.at(directory)).encryption(Encryption.none());
    }

    private Repository openOrCreate() {
        return at(source.resolve("data/backups/repository")).openOrCreate();
    }

    private Snapshot backup(Repository repo) {
        return repo.backup(DirectorySource.of(source)).run();
    }

    private static List<String> skipped(List<Problem> problems) {
        return problems.stream()
                .filter(problem -> problem.kind() == Problem.Kind.SKIPPED)
                .map(problem -> problem.path().toString())
                .toList();
    }

    @Test
    void backup_leavesOutRepositoryReplicaAndCache_andSaysSo() throws Exception {
        Path replica = source.resolve("data/replica");
        Path cache = Files.createDirectories(source.resolve("data/cache"));
        try (Repository repo = at(source.resolve("data/backups/repository"))
                .replica(FileStorage.at(replica))
                .cache(cache, 1 << 20)
                .openOrCreate()) {
            backup(repo);
            Snapshot second = backup(repo);

            assertThat(skipped(second.problems()))
                    .containsExactly("data/backups/repository", "data/cache", "data/replica");
            assertThat(second.problems().get(0).detail()).contains("the repository keeps its objects here");
            assertThat(second.completeness()).isEqualTo(Completeness.COMPLETE);
            assertThat(second.stats().bytesRead()).isLessThanOrEqualTo(300_005);
            assertThat(repo.browse(second).list(EntryPath.of("data/backups/repository")))
                    .isEmpty();
            assertThat(repo.browse(second).list(EntryPath.of("data")))
                    .extracting(entry -> entry.path().name().toString())
                    .containsExactly("backups", "cache", "notes", "replica");
        }
    }

    @Test
    void backup_throughALink_leavesItOutAsWell() throws Exception {
        Path link = Files.createSymbolicLink(dir.resolve("link"), source.resolve("data/backups"));
        try (Repository repo = at(link.resolve("repository")).openOrCreate()) {
            assertThat(skipped(backup(repo).problems())).containsExactly("data/backups/repository");
        }
    }

    @Test
    @RequiresRoot
    void backup_throughABindMount_leavesItOutAsWell() throws Exception {
        Path mount = Files.createDirectories(dir.resolve("mount"));
        Shell.run("mount", "--bind", source.resolve("data").toString(), mount.toString());
        try (Repository repo = at(mount.resolve("backups/repository")).openOrCreate()) {
            assertThat(skipped(backup(repo).problems())).containsExactly("data/backups/repository");
            Snapshot empty = repo.backup(DirectorySource.of(Files.createDirectories(dir.resolve("empty"))))
                    .run();

            Restored restored = repo.restore(empty)
                    .to(DirectoryRestore.into(source))
                    .deleteExtra()
                    .run();

            assertThat(skipped(restored.problems())).containsExactly("data");
            assertThat(Shell.sh("cd " + source + "; find * -maxdepth 2"))
                    .isEqualTo("data\ndata/backups\ndata/backups/repository\n");
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    @Test
    void backup_ofTheRepositorysOwnDirectory_isIncomplete() {
        try (Repository repo = openOrCreate()) {
            Snapshot own = repo.backup(DirectorySource.of(source.resolve("data/backups/repository")))
                    .run();

            assertThat(own.completeness()).isEqualTo(Completeness.INCOMPLETE);
            assertThat(own.problems()).singleElement().satisfies(problem -> {
                assertThat(problem.path()).isEqualTo(EntryPath.root());
                assertThat(problem.kind()).isEqualTo(Problem.Kind.FAILED);
            });
        }
    }

    @Test
    void anotherRepository_isCapturedAsAnyDirectory() throws IOException {
        try (Repository inside = openOrCreate()) {
            backup(inside);
        }
        try (Repository outside = at(dir.resolve("outside")).create()) {
            Snapshot all = backup(outside);

            assertThat(all.problems()).isEmpty();
            assertThat(outside.browse(all).list(EntryPath.of("data/backups/repository")))
                    .isNotEmpty();
        }
    }

    @Test
    void restore_thatDeletesExtraEntries_leavesTheRepository() throws Exception {
        try (Repository repo = openOrCreate()) {
            Snapshot snapshot = repo.backup(
                            DirectorySource.of(source).excluding(path -> path.startsWith(EntryPath.of("data/backups"))))
                    .run();
            Files.writeString(source.resolve("data/backups/extra"), "extra");
            Files.createDirectories(source.resolve("extra/in/it"));
            Files.writeString(source.resolve("data/notes"), "other notes");

            List<RestoreChange> plan = repo.restore(snapshot)
                    .to(DirectoryRestore.into(source))
                    .deleteExtra()
                    .plan();
            Restored restored = repo.restore(snapshot)
                    .to(DirectoryRestore.into(source))
                    .deleteExtra()
                    .run();

            assertThat(plan)
                    .extracting(change -> change.action() + " " + change.path())
                    .containsExactlyInAnyOrder("REPLACE data/notes", "DELETE extra");
            assertThat(restored.changes(Action.DELETE)).isEqualTo(1);
            assertThat(skipped(restored.problems())).containsExactly("data/backups");
            assertThat(Shell.sh("cd " + source + "; find * -maxdepth 2 -not -path '*/repository/*' | sort"))
                    .isEqualTo("data\ndata/backups\ndata/backups/repository\ndata/notes\nfile\n");
            assertThat(repo.snapshots()).hasSize(1);
        }
    }

    @Test
    void restore_ofAnEmptyDirectoryThatIsTheRepository_leavesIt() throws Exception {
        try (Repository repo = openOrCreate()) {
            Snapshot snapshot = backup(repo);
            backup(repo);

            Restored restored = repo.restore(snapshot)
                    .to(DirectoryRestore.into(source))
                    .deleteExtra()
                    .run();

            assertThat(skipped(restored.problems())).containsExactly("data/backups/repository");
            assertThat(restored.changes()).isEmpty();
            assertThat(repo.snapshots()).hasSize(2);
        }
    }

    @Test
    void restore_overObjectsOfTheRepository_writesNone() throws Exception {
        Path outside = dir.resolve("outside");
        Files.createDirectories(source.resolve("data/backups/repository"));
        Files.writeString(source.resolve("data/backups/repository/foreign"), "foreign");
        Snapshot snapshot;
        try (Repository repo = at(outside).create()) {
            snapshot = backup(repo);
        }
        move(outside);
        try (Repository repo = openOrCreate()) {
            for (boolean partly : List.of(false, true)) {
                // Partly: the directory is then not offered, but created for what is in it.
                var restore = repo.restore(snapshot).to(DirectoryRestore.into(source));
                Restored restored = (partly ? restore.only(entry -> entry.isFile()) : restore).run();

                assertThat(skipped(restored.problems())).containsExactly("data/backups/repository");
                assertThat(source.resolve("data/backups/repository/foreign")).doesNotExist();
            }
        }
    }

    @Test
    void restore_ofAFileInThePlaceOfADirectoryAroundIt_fails() throws Exception {
        Path outside = dir.resolve("outside");
        Shell.run("rm", "-r", source.resolve("data").toString());
        Files.writeString(source.resolve("data"), "a file");
        Files.createLink(source.resolve("linked"), source.resolve("data"));
        Snapshot snapshot;
        try (Repository repo = at(outside).create()) {
            snapshot = backup(repo);
        }
        Files.delete(source.resolve("data"));
        Files.createDirectories(source.resolve("data/backups"));
        move(outside);
        try (Repository repo = openOrCreate()) {
            Restored restored =
                    repo.restore(snapshot).to(DirectoryRestore.into(source)).run();

            assertThat(restored.completeness()).isEqualTo(Completeness.INCOMPLETE);
            assertThat(restored.problems())
                    .extracting(problem -> problem.kind() + " " + problem.path())
                    .containsExactly("FAILED data", "FAILED linked");
        }
    }

    @Test
    void restore_intoTheRepositorysOwnDirectory_changesNothing() throws Exception {
        try (Repository repo = openOrCreate()) {
            Snapshot snapshot = backup(repo);

            Restored restored = repo.restore(snapshot)
                    .to(DirectoryRestore.into(source.resolve("data/backups/repository")))
                    .deleteExtra()
                    .run();

            assertThat(skipped(restored.problems())).containsExactly(".");
            assertThat(restored.changes()).isEmpty();
        }
    }

    private void move(Path repository) throws Exception {
        Path place = source.resolve("data/backups/repository");
        Shell.run("rm", "-rf", place.toString());
        Files.move(repository, place);
    }

    /** What is above it on the other side of the mount is not known by its inode. */
    @Test
    @RequiresRoot
    void restore_ofAFileInThePlaceOfADirectoryAroundABindMount_fails() throws Exception {
        Path outside = dir.resolve("outside");
        Path mount = Files.createDirectories(dir.resolve("mount"));
        Shell.run("rm", "-r", source.resolve("data").toString());
        Files.writeString(source.resolve("data"), "a file");
        Snapshot snapshot;
        try (Repository repo = at(outside).create()) {
            snapshot = backup(repo);
        }
        Files.delete(source.resolve("data"));
        Files.createDirectories(source.resolve("data/backups"));
        Files.writeString(source.resolve("data/other"), "other");
        move(outside);
        Shell.run("mount", "--bind", source.resolve("data/backups").toString(), mount.toString());
        try (Repository repo = at(mount.resolve("repository")).open()) {
            Restored restored =
                    repo.restore(snapshot).to(DirectoryRestore.into(source)).run();

            assertThat(restored.problems())
                    .extracting(problem -> problem.kind() + " " + problem.path())
                    .containsExactly("FAILED data");
            assertThat(source.resolve("data/other")).exists();
            assertThat(source).isDirectoryNotContaining(path -> path.toString().contains("lifeboat-restore"));
        } finally {
            Shell.run("umount", mount.toString());
        }
    }

    /** The repository was moved to another disk, and a link left in its place. */
    @Test
    void restore_overALinkToTheRepository_leavesTheLink() throws Exception {
        Path other = dir.resolve("other");
        Snapshot snapshot;
        try (Repository repo = openOrCreate()) {
            snapshot = backup(repo);
        }
        Files.move(source.resolve("data/backups"), other);
        Files.createSymbolicLink(source.resolve("data/backups"), other);
        Files.createDirectories(source.resolve("extra"));
        Files.createSymbolicLink(source.resolve("extra/link"), source.resolve("data/backups"));
        try (Repository repo = at(source.resolve("extra/link/repository")).open()) {
            Restored restored = repo.restore(snapshot)
                    .to(DirectoryRestore.into(source))
                    .deleteExtra()
                    .run();

            assertThat(restored.problems())
                    .extracting(problem -> problem.kind() + " " + problem.path())
                    .containsExactly("FAILED data/backups", "SKIPPED extra");
            assertThat(source.resolve("data/backups")).isSymbolicLink();
            assertThat(source.resolve("extra/link")).isSymbolicLink();
            assertThat(repo.verify().readData().run().isClean()).isTrue();
        }
    }

    @Test
    void directoryThatCannotBeLookedUp_isNotLeftOut_andHoldsUpNothing() throws Exception {
        Path loop = Files.createSymbolicLink(dir.resolve("loop"), dir.resolve("loop"));
        Path sure = dir.resolve("repository");
        try (Repository repo = Repository.at(new ForwardingStorageTarget(FileStorage.at(sure)) {
                    @Override
                    public List<Path> directories() {
                        return List.of(loop.resolve("replica"));
                    }
                })
                .encryption(Encryption.none())
                .create()) {
            assertThat(backup(repo).problems()).isEmpty();
        }
    }

    /** A server that is stopped answers nothing; what it serves may be among what is to be deleted. */
    @Test
    @RequiresRoot
    void directoryThatDoesNotAnswer_holdsUpNothing_butNothingIsDeletedThen() throws Exception {
        Path image = dir.resolve("image");
        Path mount = Files.createDirectories(dir.resolve("mount"));
        Shell.sh(
                "truncate -s 32M " + image + " && mkntfs -F -q " + image + " >&2 && lowntfs-3g " + image + " " + mount);
        Files.createDirectories(mount.resolve("replica"));
        String server = Shell.sh("pgrep -f '^lowntfs-3g " + image + "'").strip();
        try (Repository repo = Repository.at(new ForwardingStorageTarget(FileStorage.at(dir.resolve("repository"))) {
                    @Override
                    public List<Path> directories() {
                        return List.of(mount.resolve("replica/of/it"));
                    }
                })
                .encryption(Encryption.none())
                .create()) {
            Snapshot snapshot = backup(repo);
            Files.writeString(source.resolve("extra"), "extra");
            Shell.run("kill", "-STOP", server);

            Restored restored = repo.restore(snapshot)
                    .to(DirectoryRestore.into(source))
                    .deleteExtra()
                    .run();

            assertThat(restored.problems())
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.detail()).contains("does not answer"));
            assertThat(source.resolve("extra")).exists();
        } finally {
            Shell.run("kill", "-CONT", server);
            Shell.run("umount", mount.toString());
        }
    }

    @Test
    void sourceOfMoreThanItsDirectory_skipsIt() throws Exception {
        try (Repository repo = openOrCreate()) {
            Snapshot own = repo.backup(DirectorySource.of(source.resolve("data/backups/repository"))
                            .asPart())
                    .run();

            assertThat(own.completeness()).isEqualTo(Completeness.COMPLETE);
            assertThat(skipped(own.problems())).containsExactly(".");
        }
    }
}
