import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.micrometer.RepositoryMetrics;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.storage.fs.FileStorage;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the published modules are enough for: a backup, a restore, and an adapter without its optional modules. */
public final class Outside {
    private Outside() {}

    /** Takes an empty directory. */
    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        Files.writeString(Files.createDirectories(dir.resolve("files")).resolve("f"), "content");
        try (Repository repo = Repository.at(FileStorage.at(dir.resolve("repository")))
                .encryption(Encryption.passphrase(() -> "outside"))
                .onEnd(RepositoryMetrics.operations())
                .create()) {
            Snapshot snapshot = repo.backup(DirectorySource.of(dir.resolve("files"))).run();
            repo.restore(snapshot).to(DirectoryRestore.into(dir.resolve("restored"))).run();
            if (!repo.verify().readData().run().isClean()) {
                throw new AssertionError("the repository is damaged");
            }
        }
        if (!Files.readString(dir.resolve("restored/f")).equals("content")) {
            throw new AssertionError("the file is not restored");
        }
        // Reflection looks at all types of a class: those of a module that is not there would break it.
        Method[] methods = Docker.class.getMethods();
        System.out.println("outside: backed up, restored, verified; Docker has " + methods.length + " methods");
    }
}
