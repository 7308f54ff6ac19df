package example;

import dev.lifeboat.Encryption;
import dev.lifeboat.Repository;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import dev.lifeboat.storage.fs.FileStorage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;

/**
 * Lists a directory of a snapshot, or writes one file of it to standard output, without a restore.
 *
 * <p>Usage: {@code Browse <repository> <snapshot> <path>}. The snapshot is given by its id or a part of it.
 */
public final class Browse {
    private Browse() {}

    public static void main(String[] arguments) throws IOException {
        try (Repository repo = Repository.at(FileStorage.at(Path.of(arguments[0])))
                .encryption(Encryption.none())
                .open()) {
            show(repo, repo.snapshot(arguments[1]), EntryPath.parse(arguments[2]), System.out);
        }
    }

    static void show(Repository repo, Snapshot snapshot, EntryPath path, OutputStream out) throws IOException {
        try (SnapshotTree tree = repo.browse(snapshot)) {
            boolean isFile = tree.stat(path).map(Entry::type).filter(type -> type == EntryType.FILE).isPresent();
            if (isFile) {
                try (InputStream in = tree.open(path)) {
                    in.transferTo(out);
                }
            } else {
                for (Entry entry : tree.list(path)) {
                    out.write((entry.type() + " " + entry.path().name() + "\n").getBytes());
                }
            }
        }
    }
}
