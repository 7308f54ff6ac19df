package dev.lifeboat.directory;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreChange.Action;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the target of a restore has and the snapshot has not. It is deleted last. */
final class ExtraEntries {
    private final @Nullable Dir root;
    private final RestoreRequest request;
    private final List<Extra> extras = new ArrayList<>();

    /** Names to delete from a directory, and the metadata of the directory after that. */
    private record Extra(EntryPath path, @Nullable Entry entry, List<ByteString> names) {}

    /** Sets the metadata of a directory. */
    @FunctionalInterface
    interface MetadataStep {
        void apply(@Nullable Entry entry, Dir dir) throws PosixException;
    }

    /** Reports what failed. */
    @FunctionalInterface
    interface FailureStep {
        void failed(EntryPath path, IOException e) throws PosixException;
    }

    ExtraEntries(@Nullable Dir root, RestoreRequest request) {
        this.root = root;
        this.request = request;
    }

    /**
     * Notes the extra names of a directory. A directory on another file system is not part of the target, as it is not
     * part of a snapshot that is restricted to one file system.
     */
    void note(OpenDirectory level, Dir dir) throws PosixException {
        if (root != null && !dir.stat().device().equals(root.stat().device())) {
            skipped(level.path, "is on another file system, so extra entries in it were not deleted");
            return;
        }
        List<ByteString> extra = new ArrayList<>();
        List<ByteString> names = dir.names();
        for (ByteString name : names) {
            if (!level.offered.contains(name) && !isOffered(level, dir, name, names)) {
                extra.add(name);
            }
        }
        if (!extra.isEmpty()) {
            extras.add(new Extra(level.path, level.entry, extra));
        }
    }

    /** Returns whether a name is that of an entry that was offered, which the file system lists in another case. */
    private static boolean isOffered(OpenDirectory level, Dir dir, ByteString name, List<ByteString> sorted)
            throws PosixException {
        ByteString like = level.firstLike(name);
        if (like == null || Collections.binarySearch(sorted, like) >= 0) {
            return false;
        }
        Optional<Stat> there = dir.find(name);
        return there.isPresent()
                && dir.find(like).filter(there.get()::isSameInode).isPresent();
    }

    /** Deletes nothing, and reports that. */
    void keep() {
        keep("not everything could be restored");
    }

    private void keep(String why) {
        if (!extras.isEmpty()) {
            skipped(extras.get(0).path(), "extra entries were not deleted, since " + why);
        }
    }

    /** Deletes them, and sets the metadata of the directories that they were in. In a dry run only reports them. */
    void delete(MetadataStep metadata, FailureStep failures) throws IOException {
        // Looked up again: a replica or a cache may have been created since.
        RepositoryDirectories repository = RepositoryDirectories.of(request.repositoryDirectories());
        if (!repository.haveAllAnswered()) {
            keep("a directory of the repository does not answer, and may be among them");
            return;
        }
        for (Extra extra : extras) {
            try (Dir dir = root == null ? null : root.walkTo(extra.path())) {
                for (ByteString name : extra.names()) {
                    EntryPath path = extra.path().resolve(name);
                    try {
                        if (dir == null || delete(dir, name, repository)) {
                            request.listener().changed(new RestoreChange(path, Action.DELETE));
                        } else {
                            skipped(path, RepositoryDirectories.NOT_DELETED);
                        }
                    } catch (PosixException e) {
                        failures.failed(path, e);
                    }
                }
                if (dir != null) {
                    metadata.apply(extra.entry(), dir);
                }
            }
        }
    }

    private boolean delete(Dir dir, ByteString name, RepositoryDirectories repository) throws PosixException {
        return request.dryRun() ? !dir.holds(name, repository) : dir.removeTree(name, repository);
    }

    private void skipped(EntryPath path, String detail) {
        request.listener().problem(new Problem(path, Problem.Kind.SKIPPED, detail));
    }
}
