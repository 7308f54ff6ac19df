package dev.lifeboat.directory;

import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.InodeId;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directories in which a repository keeps its objects, which a backup does not read and a restore does not change,
 * and the symbolic links on the way to them. They are known by their inodes, so also through bind mounts. Those that do
 * not exist yet are not known, nor are those that do not answer, such as a replica on a server that is away.
 */
final class RepositoryDirectories implements Dir.Kept {
    static final String NOT_READ = "the repository keeps its objects here; they are not captured, since each backup"
            + " would then hold the last one";
    static final String NOT_READ_AT_ALL = NOT_READ + "; back up another directory, or leave this one out";
    static final String NOT_WRITTEN =
            "the repository keeps its objects here; nothing in it is restored, changed or deleted";
    static final String IN_THE_WAY =
            "the repository keeps its objects in what is in its place, or below it; move the repository, or restore to"
                    + " another directory";
    static final String NOT_DELETED =
            "holds objects of the repository, which were not deleted, nor were the directories that they are in";

    private static final Logger log = LoggerFactory.getLogger(RepositoryDirectories.class);
    private static final int PATIENCE_SECONDS = 5;

    private final Set<InodeId> directories = new HashSet<>();
    private final Set<InodeId> above = new HashSet<>();
    private final Set<InodeId> links = new HashSet<>();
    private boolean allAnswered = true;

    private RepositoryDirectories() {}

    static RepositoryDirectories none() {
        return new RepositoryDirectories();
    }

    /** Looks them up. A server that is away may answer never, so that is waited for elsewhere, and not for long. */
    static RepositoryDirectories of(List<Path> paths) throws IOException {
        RepositoryDirectories result = new RepositoryDirectories();
        for (Path path : paths) {
            FutureTask<RepositoryDirectories> task = new FutureTask<>(() -> lookUp(path));
            Thread thread = new Thread(task, "lifeboat-lookup");
            thread.setDaemon(true);
            thread.start();
            try {
                result.add(task.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException unchecked) {
                    throw unchecked;
                }
                log.warn("a directory of the repository is not known, so it is not left out [cause={}]", e.toString());
            } catch (TimeoutException e) {
                result.allAnswered = false;
                log.warn("a directory of the repository does not answer, so it is not left out [path={}]", path);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted: look up " + path);
            }
        }
        return result;
    }

    private static RepositoryDirectories lookUp(Path path) throws IOException {
        RepositoryDirectories result = new RepositoryDirectories();
        Optional<Stat> stat = Dir.find(path);
        if (stat.isPresent()) {
            result.directories.add(stat.get().id());
            result.addAbove(path.toRealPath());
            result.addAbove(path.toAbsolutePath());
            result.addLinks(path.toAbsolutePath());
        }
        return result;
    }

    private void addAbove(Path path) throws PosixException {
        for (@Nullable Path parent = path.getParent(); parent != null; parent = parent.getParent()) {
            Dir.find(parent).ifPresent(stat -> above.add(stat.id()));
        }
    }

    /** Adds the links on a path, and on the paths that these lead to. */
    private void addLinks(Path path) throws IOException {
        for (@Nullable Path part = path; part != null; part = part.getParent()) {
            Optional<Stat> link = Dir.findLink(part);
            if (link.isPresent() && links.add(link.get().id())) {
                Path target = part.resolveSibling(Files.readSymbolicLink(part));
                addAbove(target);
                addLinks(target);
            }
        }
    }

    private void add(RepositoryDirectories more) {
        directories.addAll(more.directories);
        above.addAll(more.above);
        links.addAll(more.links);
    }

    /**
     * Returns whether each of them was found, is not there, or cannot be reached. One that has not answered yet may be
     * a directory like any other, on a disk that is busy.
     */
    boolean haveAllAnswered() {
        return allAnswered;
    }

    /** Returns whether it is such a directory. */
    boolean contains(Stat stat) {
        return stat.isDirectory() && directories.contains(stat.id());
    }

    /** Returns whether it is a link to one, or on the way to one. */
    boolean isLink(Stat stat) {
        return stat.type() == Stat.SYMLINK && links.contains(stat.id());
    }

    /** Returns whether it is such a directory, or is known to hold one. */
    boolean isIn(Stat stat) {
        return contains(stat) || stat.isDirectory() && above.contains(stat.id());
    }

    @Override
    public boolean keeps(Stat stat) {
        return contains(stat) || isLink(stat);
    }

    @Override
    public boolean keepsOnlyDirectories() {
        return links.isEmpty();
    }
}
