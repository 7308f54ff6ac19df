package dev.lifeboat.directory;

import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.InodeId;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The directories in which a repository keeps its objects, which a backup does not read and a restore does not change.
 * They are known by their inodes, so also through bind mounts and links. Those that do not exist yet are not known.
 */
final class RepositoryDirectories {
    static final String NOT_READ = "the repository keeps its objects here; they are not captured, since each backup"
            + " would then hold the last one";
    static final String NOT_READ_AT_ALL = NOT_READ + "; back up another directory, or leave this one out";
    static final String NOT_WRITTEN =
            "the repository keeps its objects here; nothing in it is restored, changed or deleted";
    static final String IN_THE_WAY =
            "a directory is in its place, in which the repository keeps its objects; move the repository, or restore"
                    + " to another directory";
    static final String NOT_DELETED =
            "holds objects of the repository, which were not deleted, nor were the directories that they are in";

    private final Set<InodeId> directories = new HashSet<>();
    private final Set<InodeId> above = new HashSet<>();

    private RepositoryDirectories() {}

    static RepositoryDirectories none() {
        return new RepositoryDirectories();
    }

    static RepositoryDirectories of(List<Path> paths) throws IOException {
        RepositoryDirectories result = new RepositoryDirectories();
        for (Path path : paths) {
            Optional<Stat> stat = Dir.find(path);
            if (stat.isPresent()) {
                result.directories.add(stat.get().id());
                result.addAbove(path.toRealPath());
            }
        }
        return result;
    }

    private void addAbove(Path path) throws PosixException {
        for (@Nullable Path parent = path.getParent(); parent != null; parent = parent.getParent()) {
            Dir.find(parent).ifPresent(stat -> above.add(stat.id()));
        }
    }

    /** Returns whether it is such a directory. */
    boolean contains(Stat stat) {
        return stat.isDirectory() && directories.contains(stat.id());
    }

    /** Returns whether it is such a directory, or is known to hold one. */
    boolean isIn(Stat stat) {
        return contains(stat) || stat.isDirectory() && above.contains(stat.id());
    }
}
