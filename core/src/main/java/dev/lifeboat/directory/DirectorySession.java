package dev.lifeboat.directory;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreChange.Action;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.Inode;
import dev.lifeboat.internal.posix.Metadata;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A restore into a directory. Offers arrive in canonical order; the session holds an open descriptor for each directory
 * on the path to the current entry. A directory gets its own metadata after everything in it is done, since every
 * change of a child changes its time. Names that are not in the snapshot are recorded then and removed at the commit.
 *
 * <p>Fields are guarded by this; content is written outside the lock.
 */
final class DirectorySession implements RestoreTarget.Session {
    private static final String TEMP_PREFIX = ".lifeboat-restore-";

    private final RestoreRequest request;
    private final RestoreRequest.Listener listener;
    private final Metadata metadata;
    private final Comparison comparison;
    private final FileWriter writer;
    private final Deque<OpenDirectory> levels = new ArrayDeque<>();
    private final Map<EntryPath, Pending> pending = new HashMap<>();
    private final Set<Long> claimed = new HashSet<>();
    /** Files whose content was not received; nothing may be linked to what stands in their place. */
    private final Set<EntryPath> missing = new HashSet<>();

    private final Map<EntryPath, List<Deferred>> deferredLinks = new HashMap<>();
    private final ExtraEntries extras;
    private final RepositoryDirectories repository;
    private boolean incomplete;
    private final @Nullable Dir root;
    private final String tempPrefix = TEMP_PREFIX + Long.toHexString(System.nanoTime()) + "-";
    private long temps;

    private record Pending(OpenDirectory level, Action action) {}

    /** A hard link whose target is not written yet. */
    private record Deferred(Entry link, OpenDirectory level) {}

    private DirectorySession(
            @Nullable Dir root, RestoreRequest request, RepositoryDirectories repository, boolean owners) {
        this.root = root;
        this.request = request;
        this.listener = request.listener();
        this.metadata = new Metadata(listener, owners);
        this.comparison = new Comparison(owners);
        this.writer = new FileWriter(metadata, repository);
        this.repository = repository;
        this.extras = new ExtraEntries(root, request);
        levels.push(OpenDirectory.there(EntryPath.root(), root, null));
    }

    static DirectorySession begin(Path path, RestoreRequest request, boolean owners) throws IOException {
        RepositoryDirectories repository = RepositoryDirectories.of(request.repositoryDirectories());
        if (request.dryRun() && Files.notExists(path)) {
            return new DirectorySession(null, request, repository, owners);
        }
        if (!request.dryRun()) {
            Files.createDirectories(path);
        }
        Dir root = Dir.open(path);
        boolean begun = false;
        try {
            DirectorySession session = new DirectorySession(root, request, repository, owners);
            session.checkRoot(root);
            begun = true;
            return session;
        } finally {
            if (!begun) {
                root.close();
            }
        }
    }

    private void checkRoot(Dir dir) throws PosixException {
        if (repository.contains(dir.stat())) {
            levels.clear();
            levels.push(OpenDirectory.refused(EntryPath.root()));
            problem(EntryPath.root(), Problem.Kind.SKIPPED, RepositoryDirectories.NOT_WRITTEN);
        }
    }

    @Override
    public synchronized boolean offer(Entry entry) throws IOException {
        if (entry.path().isRoot()) {
            levels.getLast().entry = entry;
            return false;
        }
        try {
            OpenDirectory level = enter(entry.path().parent());
            if (level.refused) {
                missing.add(entry.path());
                return false;
            }
            level.offer(entry.path().name());
            return take(entry, level);
        } catch (PosixException | NameTakenException e) {
            failed(entry.path(), e);
            return false;
        }
    }

    /** Reports an entry that cannot be created as a problem; a full disk ends the restore. */
    private void failed(EntryPath path, IOException e) throws PosixException {
        if (e instanceof PosixException call && call.isDiskFull()) {
            throw call;
        }
        problem(path, Problem.Kind.FAILED, String.valueOf(e.getMessage()));
    }

    private void problem(EntryPath path, Problem.Kind kind, String detail) {
        listener.problem(new Problem(path, kind, detail));
    }

    private FileWriter.NameCheck namesOf(OpenDirectory level) {
        return (dir, temp, name) -> {
            if (level.folding.isFolding(dir, temp)) {
                ByteString first = firstLike(level, name);
                if (first != null && !first.equals(name)) {
                    throw new NameTakenException(first, "");
                }
            }
        };
    }

    private synchronized @Nullable ByteString firstLike(OpenDirectory level, ByteString name) {
        return level.firstLike(name);
    }

    private boolean take(Entry entry, OpenDirectory level) throws IOException {
        ByteString name = entry.path().name();
        // In a directory that this restore has created, no file is there before. A directory may be: a layer offers
        // one twice.
        boolean isNew = level.created && entry.isFile();
        Optional<Stat> there = level.dir == null || isNew ? Optional.empty() : level.dir.find(name);
        if (there.isPresent() && isInTheWay(entry, level, there.get())) {
            missing.add(entry.path());
            if (entry.type() == EntryType.DIRECTORY) {
                levels.push(OpenDirectory.refused(entry.path()));
            }
            problem(entry.path(), Problem.Kind.FAILED, RepositoryDirectories.IN_THE_WAY);
            return false;
        }
        if (entry.type() == EntryType.DIRECTORY) {
            takeDirectory(entry, level, there);
            return false;
        }
        if (entry.isFile()) {
            return takeFile(entry, level, there);
        }
        if (entry.type() == EntryType.HARD_LINK) {
            takeHardLink(entry, level, there);
            return false;
        }
        Dir dir = level.dir;
        if (there.isPresent() && dir != null && Comparison.isSameSpecial(entry, dir, there.get())) {
            updateMetadata(entry, dir, there.get());
        } else {
            Action action = there.isPresent() ? Action.REPLACE : Action.CREATE;
            if (dir != null && !request.dryRun()) {
                writer.special(entry, dir, temp(), namesOf(level));
            }
            changed(entry.path(), action);
        }
        return false;
    }

    /** Returns whether to put an entry here would take away what leads to the repository. */
    private boolean isInTheWay(Entry entry, OpenDirectory level, Stat there) throws PosixException {
        if (entry.type() == EntryType.DIRECTORY) {
            return repository.isLink(there);
        }
        boolean same = level.dir != null
                && !entry.isFile()
                && entry.type() != EntryType.HARD_LINK
                && Comparison.isSameSpecial(entry, level.dir, there);
        return repository.isIn(there) || repository.isLink(there) && !same;
    }

    private void takeDirectory(Entry entry, OpenDirectory level, Optional<Stat> there) throws IOException {
        ByteString name = entry.path().name();
        boolean isThere = there.isPresent() && there.get().isDirectory();
        if (isThere && repository.contains(there.get())) {
            refuse(entry.path());
            return;
        }
        ByteString like = level.directory(name);
        if (isThere && like != null && level.dir != null && isSame(level.dir, there.get(), like)) {
            levels.push(OpenDirectory.refused(entry.path()));
            throw new NameTakenException(like, ", nor is what is in it");
        }
        if (!isThere) {
            if (!request.dryRun() && level.dir != null) {
                if (there.isPresent()) {
                    level.dir.unlink(name);
                }
                level.dir.makeDir(name);
            }
            changed(entry.path(), there.isPresent() ? Action.REPLACE : Action.CREATE);
        }
        Dir dir = level.dir == null || request.dryRun() && !isThere ? null : level.dir.openDir(name);
        if (dir != null && isThere && !comparison.isEqualButForTime(entry, there.get(), dir.xattrs())) {
            changed(entry.path(), Action.UPDATE_METADATA);
        }
        levels.push(
                isThere
                        ? OpenDirectory.there(entry.path(), dir, entry)
                        : OpenDirectory.created(entry.path(), dir, level, entry));
    }

    private void refuse(EntryPath path) {
        levels.push(OpenDirectory.refused(path));
        problem(path, Problem.Kind.SKIPPED, RepositoryDirectories.NOT_WRITTEN);
    }

    private boolean takeFile(Entry entry, OpenDirectory level, Optional<Stat> there) throws PosixException {
        boolean sameContent = there.isPresent()
                && there.get().isFile()
                && entry.size().isPresent()
                && entry.size().getAsLong() == there.get().size()
                && entry.attributes().modified().equals(there.get().modified());
        if (sameContent && level.dir != null) {
            boolean shared = there.get().links() > 1;
            if (!shared) {
                updateMetadata(entry, level.dir, there.get());
                return false;
            }
            // The inode has other names: it can be used by the first entry that claims it, if nothing about it has to
            // change.
            if (comparison.isEqual(
                            entry, there.get(), level.dir.xattrs(entry.path().name()))
                    && claimed.add(there.get().inode())) {
                return false;
            }
        }
        Action action = there.isPresent() ? Action.REPLACE : Action.CREATE;
        if (request.dryRun()) {
            changed(entry.path(), action);
            return false;
        }
        level.pending++;
        pending.put(entry.path(), new Pending(level, action));
        return true;
    }

    private void takeHardLink(Entry entry, OpenDirectory level, Optional<Stat> there) throws IOException {
        EntryPath target = entry.hardLinkTarget();
        if (pending.containsKey(target)) {
            // The directory stays open for the link, as for pending content.
            level.pending++;
            deferredLinks.computeIfAbsent(target, t -> new ArrayList<>()).add(new Deferred(entry, level));
            return;
        }
        try (Dir targetDir = root == null ? null : root.walkTo(target.parent())) {
            Optional<Stat> targetStat = targetDir == null ? Optional.empty() : targetDir.find(target.name());
            if (there.isPresent()
                    && targetStat.isPresent()
                    && !missing.contains(target)
                    && there.get().isSameInode(targetStat.get())) {
                return;
            }
            if (!request.dryRun() && level.dir != null) {
                if (targetDir == null || targetStat.isEmpty() || missing.contains(target)) {
                    problem(entry.path(), Problem.Kind.FAILED, "'" + target + "', which it links to, was not restored");
                    return;
                }
                writer.hardLink(entry, level.dir, targetDir, temp(), namesOf(level));
            }
            changed(entry.path(), there.isPresent() ? Action.REPLACE : Action.CREATE);
        }
    }

    private void updateMetadata(Entry entry, Dir dir, Stat there) throws PosixException {
        if (comparison.isEqual(entry, there, dir.xattrs(entry.path().name()))) {
            return;
        }
        if (!request.dryRun()) {
            try (Inode inode = dir.openInode(entry.path().name())) {
                metadata.apply(entry, inode);
            }
        }
        changed(entry.path(), Action.UPDATE_METADATA);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        Pending wanted;
        ByteString temp;
        synchronized (this) {
            wanted = pending.get(entry.path());
            if (wanted == null || wanted.level().dir == null) {
                throw new IllegalStateException(
                        "content of '" + entry.path() + "' was not requested, or was already sent");
            }
            temp = temp();
        }
        boolean written = false;
        try {
            writer.file(entry, wanted.level().dir, temp, in, namesOf(wanted.level()));
            written = true;
            changed(entry.path(), wanted.action());
        } catch (PosixException | NameTakenException e) {
            failed(entry.path(), e);
        } finally {
            done(entry.path(), wanted.level(), written);
        }
    }

    private synchronized void done(EntryPath path, OpenDirectory level, boolean written) throws IOException {
        pending.remove(path);
        if (!written) {
            missing.add(path);
        }
        linkTo(path);
        release(level);
    }

    /** Creates the links that waited for this file, in the directories that were kept open for them. */
    private void linkTo(EntryPath target) throws IOException {
        List<Deferred> links = deferredLinks.remove(target);
        if (links == null) {
            return;
        }
        for (Deferred deferred : links) {
            OpenDirectory level = deferred.level();
            try {
                if (level.dir != null) {
                    takeHardLink(
                            deferred.link(),
                            level,
                            level.dir.find(deferred.link().path().name()));
                }
            } catch (PosixException | NameTakenException e) {
                failed(deferred.link().path(), e);
            }
            release(level);
        }
    }

    private void release(OpenDirectory level) throws IOException {
        level.pending--;
        if (level.left && level.pending == 0) {
            finish(level);
        }
    }

    /** Leaves directories that are not ancestors, and creates those that were not offered. */
    private OpenDirectory enter(EntryPath directory) throws IOException {
        while (!directory.startsWith(top().path)) {
            leave(levels.pop());
        }
        for (ByteString name : directory.relativeTo(top().path).segments()) {
            OpenDirectory parent = top();
            if (parent.refused) {
                return parent;
            }
            parent.offer(name);
            Dir dir = null;
            boolean created = false;
            if (parent.dir != null) {
                Optional<Stat> there = parent.dir.find(name);
                if (there.isPresent() && repository.contains(there.get())) {
                    refuse(parent.path.resolve(name));
                    return top();
                }
                if (there.isEmpty() && !request.dryRun()) {
                    parent.dir.makeDir(name);
                    created = true;
                    try (Inode made = parent.dir.openInode(name)) {
                        made.chmod(0755);
                    }
                }
                dir = there.isEmpty() && request.dryRun() ? null : parent.dir.openDir(name);
            }
            EntryPath path = parent.path.resolve(name);
            levels.push(
                    created ? OpenDirectory.created(path, dir, parent, null) : OpenDirectory.there(path, dir, null));
        }
        return top();
    }

    private OpenDirectory top() {
        return levels.getFirst();
    }

    private void leave(OpenDirectory level) throws IOException {
        level.left = true;
        if (level.pending == 0) {
            finish(level);
        }
    }

    private void finish(OpenDirectory level) throws PosixException {
        if (level.dir == null || level.finished) {
            return;
        }
        level.finished = true;
        Dir dir = level.dir;
        try {
            if (request.deleteExtra()) {
                extras.note(level, dir);
            }
            apply(level.entry, dir);
        } catch (PosixException e) {
            // Reported for the directory that failed, not for the entry that came next.
            failed(level.path, e);
        } finally {
            if (dir != root) {
                dir.close();
            }
        }
    }

    private static boolean isSame(Dir dir, Stat stat, ByteString name) throws PosixException {
        return dir.find(name).filter(stat::isSameInode).isPresent();
    }

    private void apply(@Nullable Entry entry, Dir dir) throws PosixException {
        if (entry != null && !request.dryRun() && !comparison.isEqual(entry, dir.stat(), dir.xattrs())) {
            metadata.apply(entry, dir);
        }
    }

    @Override
    public synchronized void report(Problem problem) {
        // One or more entries that were not even offered.
        incomplete |= problem.kind() == Problem.Kind.FAILED;
        listener.problem(problem);
    }

    @Override
    public synchronized void commit() throws IOException {
        // The sender has reported why wanted content was not sent.
        missing.addAll(pending.keySet());
        Set<OpenDirectory> waiting = new HashSet<>();
        pending.values().forEach(wanted -> {
            waiting.add(wanted.level());
            wanted.level().pending--;
        });
        pending.clear();
        for (EntryPath target : List.copyOf(deferredLinks.keySet())) {
            linkTo(target);
        }
        for (OpenDirectory level : waiting) {
            if (level.left) {
                finish(level);
            }
        }
        while (!levels.isEmpty()) {
            finish(levels.pop());
        }
        metadata.reportOwners();
        if (!incomplete) {
            extras.delete(this::apply, this::failed);
        } else {
            extras.keep();
        }
    }

    private void changed(EntryPath path, Action action) {
        listener.changed(new RestoreChange(path, action));
    }

    private synchronized ByteString temp() {
        return ByteString.utf8(tempPrefix + temps++);
    }

    @Override
    public synchronized void close() {
        for (OpenDirectory level : levels) {
            if (level.dir != null) {
                level.dir.close();
            }
        }
        levels.clear();
        for (Pending wanted : pending.values()) {
            if (wanted.level().dir != null) {
                wanted.level().dir.close();
            }
        }
        pending.clear();
        if (root != null) {
            root.close();
        }
    }
}
