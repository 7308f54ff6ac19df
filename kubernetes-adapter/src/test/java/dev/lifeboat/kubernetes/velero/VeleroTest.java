package dev.lifeboat.kubernetes.velero;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lifeboat.BackupException;
import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.storage.StorageTarget;
import dev.lifeboat.storage.fs.FileStorage;
import dev.lifeboat.testkit.MemoryStorage;
import dev.lifeboat.testkit.ScratchDir;
import dev.lifeboat.testkit.Shell;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Backups that a real Velero wrote, read; and ours, in the same layout. What is compared with is read by GNU tar. */
class VeleroTest {
    @RegisterExtension
    final ScratchDir dir = new ScratchDir();

    private final MemoryStorage store = new MemoryStorage();
    private final Repository repo = Repository.at(store)
            .encryption(Encryption.passphrase(() -> "secret"))
            .openOrCreate();

    private Path bucket;
    private Velero velero;

    @BeforeEach
    void open() throws IOException {
        Path sample = Path.of("src/test/resources/velero/backups");
        bucket = dir.resolve("bucket");
        try (Stream<Path> files = Files.walk(sample)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = bucket.resolve("backups")
                        .resolve(sample.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        velero = Velero.at(FileStorage.at(bucket));
    }

    @AfterEach
    void verify() {
        velero.close();
        assertThat(repo.verify().readData().run().findings()).isEmpty();
        repo.close();
    }

    @Test
    void backups_areListed_withWhatVeleroSaysOfThem() {
        List<VeleroBackup> backups = velero.backups();
        assertThat(backups)
                .extracting(VeleroBackup::name)
                .containsExactly("b1", "b2-missing", "b3-partial", "b4-empty");
        assertThat(backups)
                .extracting(VeleroBackup::phase)
                .containsExactly("Completed", "PartiallyFailed", "PartiallyFailed", "Completed");
        VeleroBackup b1 = backups.get(0);
        assertThat(b1.namespaces()).containsExactly("vshop");
        assertThat(b1.items()).isEqualTo(52);
        assertThat(b1.formatVersion()).isEqualTo("1.1.0");
        assertThat(b1.started()).contains(Instant.parse("2026-11-27T10:16:43Z"));
        assertThat(b1.isExpired(Instant.parse("2026-12-01T00:00:00Z"))).isFalse();
        assertThat(b1.isExpired(Instant.parse("2027-01-01T00:00:00Z"))).isTrue();
        assertThat(backups.get(2).errors()).isEqualTo(2);
    }

    @Test
    void backup_isImported_asASnapshotOfANamespace() throws Exception {
        Snapshot snapshot = repo.backup(velero.backup("b1")).run();
        Set<String> objects = objects(snapshot);
        // The Ingress is in the tar twice, as one of two groups.
        assertThat(objects).hasSize(51);
        assertThat(objects)
                .contains(
                        "configmaps/namespaces/vshop/settings.json",
                        "customresourcedefinitions.apiextensions.k8s.io/cluster/vouchers.vshop.example.org.json",
                        "ingresses.networking.k8s.io/namespaces/vshop/web.json")
                .doesNotContain("ingresses.extensions/namespaces/vshop/web.json");
        assertThat(snapshot.problems())
                .extracting(Problem::path)
                .extracting(EntryPath::toString)
                .containsExactlyInAnyOrder("volumes/vshop.cache", "volumes/vshop.uploads");
        try (SnapshotTree tree = repo.browse(snapshot);
                InputStream in =
                        tree.open(EntryPath.of("kubernetes/resources/configmaps/namespaces/vshop/settings.json"))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).contains("Grüße, 你好, ");
        }
    }

    private Set<String> objects(Snapshot snapshot) throws IOException {
        TreeSet<String> objects = new TreeSet<>();
        String prefix = "kubernetes/resources/";
        try (SnapshotTree tree = repo.browse(snapshot)) {
            tree.find("**", entry -> {
                if (entry.isFile() && entry.path().toString().startsWith(prefix)) {
                    objects.add(entry.path().toString().substring(prefix.length()));
                }
            });
        }
        return objects;
    }

    @Test
    void partialBackup_saysWhatIsMissing() throws Exception {
        Snapshot snapshot = repo.backup(velero.backup("b3-partial")).run();
        assertThat(objects(snapshot)).hasSize(9).noneMatch(name -> name.startsWith("pods/"));
        assertThat(snapshot.problems()).extracting(Problem::kind).containsOnly(Problem.Kind.FAILED);
        assertThat(snapshot.problems())
                .extracting(Problem::detail)
                .anyMatch(text -> text.contains("exit code 3") || text.contains("exitCode 3") || text.contains("hook"));
        assertThat(repo.backup(velero.backup("b2-missing")).run().problems()).isNotEmpty();
        assertThat(repo.backup(velero.backup("b4-empty")).run().problems()).isEmpty();
    }

    @Test
    void unencryptedRepository_isRefused() {
        try (Repository plain =
                Repository.at(new MemoryStorage()).encryption(Encryption.none()).openOrCreate()) {
            assertThatThrownBy(() -> plain.backup(velero.backup("b1")).run())
                    .isInstanceOf(BackupException.SourceFailed.class)
                    .hasMessageContaining("not encrypted");
            assertThat(plain.snapshots()).isEmpty();
        }
    }

    /** Each member of the tar that Velero wrote, and that we write of the same objects, byte for byte. */
    @Test
    void export_isInTheLayoutOfVelero_toTheByte() throws Exception {
        Snapshot snapshot = repo.backup(velero.backup("b1")).run();
        repo.restore(snapshot).to(velero.newBackup("ours", Duration.ofDays(30))).run();
        Map<String, byte[]> theirs = members("b1");
        Map<String, byte[]> ours = members("ours");
        theirs.keySet().removeIf(name -> name.startsWith("resources/ingresses.extensions/"));
        assertThat(ours.keySet()).isEqualTo(theirs.keySet());
        theirs.forEach((name, bytes) -> assertThat(ours.get(name)).as(name).isEqualTo(bytes));
        // Names, modes and owners as GNU tar sees them, the version first.
        List<String> list = tar("ours", "-tv");
        assertThat(list.get(0)).endsWith("metadata/version");
        assertThat(list).allMatch(line -> line.startsWith("-rwxr-xr-x 0/0 "));
        assertThat(keys("ours")).isEqualTo(keys("b1"));
        VeleroBackup description = velero.backups().stream()
                .filter(backup -> backup.name().equals("ours"))
                .findFirst()
                .orElseThrow();
        assertThat(description.phase()).isEqualTo("Completed");
        assertThat(description.items()).isEqualTo(51);
        assertThat(description.namespaces()).containsExactly("vshop");
        assertThat(objects(repo.backup(velero.backup("ours")).run())).isEqualTo(objects(snapshot));
    }

    private Set<String> keys(String backup) throws IOException {
        TreeSet<String> keys = new TreeSet<>();
        try (Stream<Path> files = Files.list(bucket.resolve("backups").resolve(backup))) {
            files.forEach(file -> keys.add(file.getFileName().toString().replace(backup, "B")));
        }
        return keys;
    }

    private Map<String, byte[]> members(String backup) throws Exception {
        Path to = dir.resolve("members-" + backup);
        Files.createDirectories(to);
        tar(backup, "-x", "-C", to.toString());
        Map<String, byte[]> members = new TreeMap<>();
        try (Stream<Path> files = Files.walk(to)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                members.put(to.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        return members;
    }

    private List<String> tar(String backup, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("tar", "--numeric-owner", "-zf"));
        command.add(bucket.resolve("backups")
                .resolve(backup)
                .resolve(backup + ".tar.gz")
                .toString());
        command.addAll(List.of(arguments));
        return Shell.run(command.toArray(String[]::new)).lines().toList();
    }

    @Test
    void existingBackup_isNotReplaced() throws Exception {
        Snapshot snapshot = repo.backup(velero.backup("b4-empty")).run();
        Map<String, byte[]> before = files();
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(velero.newBackup("b1", Duration.ofDays(1)))
                        .run())
                .hasMessageContaining("choose another name");
        // A snapshot without objects is nothing that Velero could restore.
        assertThatThrownBy(() -> repo.restore(snapshot)
                        .to(velero.newBackup("none", Duration.ofDays(1)))
                        .run())
                .hasMessageContaining("no objects");
        assertThat(files().keySet()).isEqualTo(before.keySet());
    }

    private Map<String, byte[]> files() throws IOException {
        Map<String, byte[]> all = new HashMap<>();
        try (Stream<Path> files = Files.walk(bucket)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(file.toString(), Files.readAllBytes(file));
            }
        }
        return all;
    }

    @Test
    void unreadableBackups_areRefused_byName() throws Exception {
        Path description = bucket.resolve("backups/b1/velero-backup.json");
        String json = Files.readString(description);
        assertRefused(VeleroException.Kind.NOT_FOUND, "nothere");
        for (String phase : List.of("New", "InProgress", "Finalizing", "WaitingForPluginOperations")) {
            Files.writeString(description, json.replace("\"Completed\"", '"' + phase + '"'));
            assertRefused(VeleroException.Kind.UNFINISHED, "b1");
        }
        for (String phase : List.of("Failed", "FailedValidation", "Deleting")) {
            Files.writeString(description, json.replace("\"Completed\"", '"' + phase + '"'));
            assertRefused(VeleroException.Kind.FAILED, "b1");
        }
        for (String version : List.of("1.2.0", "2.0.0", "3")) {
            Files.writeString(description, json.replace("\"1.1.0\"", '"' + version + '"'));
            assertRefused(VeleroException.Kind.NEWER_FORMAT, "b1");
        }
        Files.writeString(description, json.substring(0, 200));
        assertRefused(VeleroException.Kind.DAMAGED, "b1");
        Files.writeString(description, json);
        Path tar = bucket.resolve("backups/b1/b1.tar.gz");
        byte[] whole = Files.readAllBytes(tar);
        for (int length : new int[] {0, 5, whole.length / 2, whole.length - 4}) {
            Files.write(tar, java.util.Arrays.copyOf(whole, length));
            assertRefused(VeleroException.Kind.DAMAGED, "b1");
        }
        whole[whole.length / 3] ^= 0x40;
        Files.write(tar, whole);
        assertRefused(VeleroException.Kind.DAMAGED, "b1");
        Files.delete(tar);
        assertRefused(VeleroException.Kind.DAMAGED, "b1");
        assertThat(repo.snapshots()).isEmpty();
    }

    private void assertRefused(VeleroException.Kind kind, String backup) {
        assertThatThrownBy(() -> repo.backup(velero.backup(backup)).run())
                .isInstanceOf(BackupException.SourceFailed.class)
                .hasMessageContaining(backup)
                .cause()
                .isInstanceOfSatisfying(
                        VeleroException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    @Test
    void repositoryAsPlace_isRefused() throws Exception {
        Snapshot snapshot = repo.backup(velero.backup("b1")).run();
        StorageTarget place = FileStorage.at(dir.resolve("repository"));
        Repository.at(place).encryption(Encryption.none()).openOrCreate().close();
        try (Velero wrong = Velero.at(FileStorage.at(dir.resolve("repository")))) {
            assertThatThrownBy(() -> repo.restore(snapshot)
                            .to(wrong.newBackup("b", Duration.ofDays(1)))
                            .run())
                    .hasMessageContaining("another prefix");
        }
    }

    @Test
    void names_areChecked() {
        for (String name : List.of("", "-a", "A", "a/b", "..", "a..b", "a".repeat(254))) {
            assertThatThrownBy(() -> velero.backup(name)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> velero.newBackup("a", Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
    }
}
