package dev.lifeboat.directory;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.InodeId;
import dev.lifeboat.internal.posix.OpenFile;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Predicate;

/** A walk through a directory, in canonical order, on one thread. Holds a descriptor for each level. */
final class DirectoryWalk {
    /**
     * The granularity of file times, which advance in ticks (of 1 to 10 ms, linux CONFIG_HZ). A file that changed less
     * than this before it was read may change again without a new time of change. Where times advance in whole seconds,
     * {@link #COARSE} applies.
     */
    private static final Duration TICK = Duration.ofMillis(50);

    private static final Duration COARSE = Duration.ofSeconds(2);

    private static final DeviceNumber WHITEOUT = new DeviceNumber(0, 0);

    private final EntrySink sink;
    private final Predicate<? super EntryPath> excluded;
    /** How directories on other file systems are reported; empty if they are walked through. */
    private final Optional<Problem.Kind> boundary;
    /** Whether the source consists of more than this directory. */
    private final boolean part;
    /** Files changed since then have no fingerprint; empty for the time at which each is looked at. */
    private final Optional<Instant> fixedUntil;

    private RepositoryDirectories repository = RepositoryDirectories.none();
    private final Map<InodeId, EntryPath> linked = new HashMap<>();
    private final Deque<Level> levels = new ArrayDeque<>();

    /**
     * A directory that is being read.
     *
     * @param timesTell whether the metadata of its files is unchanged if their times of change are
     */
    private record Level(Dir dir, EntryPath path, Iterator<ByteString> names, DeviceNumber device, boolean timesTell) {}

    DirectoryWalk(
            EntrySink sink,
            Predicate<? super EntryPath> excluded,
            Optional<Problem.Kind> boundary,
            boolean part,
            Optional<Instant> fixedUntil) {
        this.sink = sink;
        this.excluded = excluded;
        this.boundary = boundary;
        this.part = part;
        this.fixedUntil = fixedUntil;
    }

    void walk(Dir root) throws IOException {
        Stat stat = root.stat();
        sink.offer(Entry.directory(EntryPath.root(), attributes(stat, root.xattrs())));
        repository = RepositoryDirectories.of(sink.repositoryDirectories());
        if (repository.contains(stat)) {
            report(
                    EntryPath.root(),
                    part ? Problem.Kind.SKIPPED : Problem.Kind.FAILED,
                    RepositoryDirectories.NOT_READ_AT_ALL);
            return;
        }
        levels.push(new Level(
                root, EntryPath.root(), root.names().iterator(), stat.device(), root.setsTimeOfEveryChange()));
        try {
            while (!levels.isEmpty()) {
                Io.checkInterrupt();
                Level level = levels.peek();
                if (level.names().hasNext()) {
                    visit(level, level.names().next(), stat.device());
                } else {
                    Level done = levels.pop();
                    if (!levels.isEmpty()) {
                        done.dir().close();
                    }
                }
            }
            checkNotRemoved(root);
        } finally {
            levels.forEach(level -> level.dir().close());
        }
    }

    /** Checks that a directory was not removed while it was read; it would otherwise look like one with fewer files. */
    private static void checkNotRemoved(Dir root) throws IOException {
        if (root.stat().links() == 0) {
            throw new IOException(root.label() + " was removed while it was read");
        }
    }

    private void visit(Level level, ByteString name, DeviceNumber rootDevice) throws IOException {
        EntryPath path = level.path().resolve(name);
        if (excluded.test(path)) {
            return;
        }
        Stat stat;
        try {
            Optional<Stat> found = level.dir().find(name);
            if (found.isEmpty()) {
                report(path, Problem.Kind.VANISHED, "was removed before it could be read");
                return;
            }
            stat = found.get();
        } catch (PosixException e) {
            reportFailure(path, e);
            return;
        }
        Optional<Entry> entry = unchanged(level, path, stat);
        try {
            if (entry.isEmpty()) {
                entry = entry(level.dir(), name, path, stat);
            }
        } catch (PosixException e) {
            // Another name of the file then becomes the first one.
            linked.values().remove(path);
            reportFailure(path, e);
            return;
        }
        if (entry.isEmpty()) {
            report(path, Problem.Kind.SKIPPED, "is a socket, which only the process that listens on it can create");
            return;
        }
        boolean wanted = sink.offer(entry.get());
        if (entry.get().isFile()) {
            if (wanted && !send(level.dir(), name, entry.get())) {
                linked.remove(stat.id());
            }
        } else if (stat.isDirectory()) {
            if (repository.contains(stat)) {
                report(path, Problem.Kind.SKIPPED, RepositoryDirectories.NOT_READ);
            } else if (boundary.isEmpty() || stat.device().equals(rootDevice)) {
                descend(level, name, path, stat.device());
            } else {
                report(path, boundary.get(), "another file system is mounted here; its content is not captured");
            }
        }
    }

    private void descend(Level level, ByteString name, EntryPath path, DeviceNumber device) throws IOException {
        Dir child = null;
        try {
            child = level.dir().openDir(name);
            List<ByteString> names = child.names();
            boolean timesTell = device.equals(level.device()) ? level.timesTell() : child.setsTimeOfEveryChange();
            levels.push(new Level(child, path, names.iterator(), device, timesTell));
        } catch (PosixException e) {
            if (child != null) {
                child.close();
            }
            reportFailure(path, e);
        }
    }

    /** Returns the entry that the sink knows of a file that has not changed since; empty if it has to be read. */
    private Optional<Entry> unchanged(Level level, EntryPath path, Stat stat) throws IOException {
        if (stat.type() != Stat.FILE
                || stat.links() != 1
                || !level.timesTell()
                || !stat.device().equals(level.device())) {
            return Optional.empty();
        }
        Optional<String> fingerprint = fingerprint(stat);
        return fingerprint.isEmpty()
                ? Optional.empty()
                : sink.unchanged(path, fingerprint.get()).filter(entry -> hasAttributes(entry, stat));
    }

    /** Returns the entry; empty for a socket. */
    private Optional<Entry> entry(Dir dir, ByteString name, EntryPath path, Stat stat) throws IOException {
        if (stat.type() == Stat.SOCKET) {
            return Optional.empty();
        }
        Optional<String> fingerprint = fingerprint(stat);
        Optional<SortedMap<ByteString, ByteString>> xattrs = xattrs(dir, name, path);
        Attributes attributes = attributes(stat, xattrs.orElse(Collections.emptySortedMap()));
        // Overlayfs gives all its whiteouts (0:0) one inode; they are not names of one file.
        boolean whiteout =
                stat.type() == Stat.CHARACTER_DEVICE && stat.special().equals(WHITEOUT);
        if (!stat.isDirectory() && stat.links() > 1 && !whiteout) {
            EntryPath first = linked.putIfAbsent(stat.id(), path);
            if (first != null) {
                return Optional.of(Entry.hardLink(path, first, attributes));
            }
        }
        return Optional.of(
                switch (stat.type()) {
                    case Stat.FILE ->
                        Entry.file(path, stat.size(), attributes)
                                // Without one, the attributes that could not be read are missed, and reported, again.
                                .withFingerprint(xattrs.isPresent() ? fingerprint : Optional.empty());
                    case Stat.DIRECTORY -> Entry.directory(path, attributes);
                    case Stat.SYMLINK -> Entry.symlink(path, dir.readLink(name), attributes);
                    case Stat.FIFO -> Entry.fifo(path, attributes);
                    case Stat.CHARACTER_DEVICE ->
                        Entry.device(path, EntryType.CHARACTER_DEVICE, stat.special(), attributes);
                    case Stat.BLOCK_DEVICE -> Entry.device(path, EntryType.BLOCK_DEVICE, stat.special(), attributes);
                    default -> throw new IllegalStateException("file type 0" + Integer.toOctalString(stat.type()));
                });
    }

    /** One more look, at what costs nothing. */
    private static boolean hasAttributes(Entry entry, Stat stat) {
        Attributes attributes = entry.attributes();
        return entry.size().orElse(-1) == stat.size()
                && attributes.mode() == stat.mode()
                && attributes.uid() == stat.uid()
                && attributes.gid() == stat.gid()
                && attributes.modified().equals(stat.modified());
    }

    /** Reads the extended attributes. If they cannot be read, the entry is captured without them. */
    private Optional<SortedMap<ByteString, ByteString>> xattrs(Dir dir, ByteString name, EntryPath path)
            throws IOException {
        try {
            return Optional.of(dir.xattrs(name));
        } catch (PosixException e) {
            if (e.isMissing()) {
                throw e;
            }
            report(path, Problem.Kind.DEGRADED, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private static Attributes attributes(Stat stat, SortedMap<ByteString, ByteString> xattrs) {
        return new Attributes(stat.mode(), stat.uid(), stat.gid(), stat.modified(), xattrs);
    }

    private Optional<String> fingerprint(Stat stat) {
        Instant changed = stat.changed();
        Duration margin = changed.getNano() == 0 ? COARSE : TICK;
        if (!changed.plus(margin).isBefore(fixedUntil.orElseGet(Instant::now))) {
            return Optional.empty();
        }
        return Optional.of(Long.toHexString(stat.inode()) + "-" + Long.toHexString(changed.getEpochSecond()) + "-"
                + Integer.toHexString(changed.getNano()));
    }

    /** Returns whether the sink has received the content. */
    private boolean send(Dir dir, ByteString name, Entry offered) throws IOException {
        EntryPath path = offered.path();
        FileContent content = null;
        try (OpenFile file = dir.openFile(name)) {
            Stat before = file.stat();
            if (!before.isFile()) {
                report(path, Problem.Kind.FAILED, "was replaced by something that is not a file while it was read");
                return false;
            }
            // The extended attributes were read before: a newer fingerprint would not be theirs.
            Optional<String> fingerprint = fingerprint(before)
                    .filter(f -> offered.fingerprint().filter(f::equals).isPresent());
            Entry entry = Entry.file(
                            path,
                            before.size(),
                            attributes(before, offered.attributes().xattrs()))
                    .withFingerprint(fingerprint);
            content = new FileContent(dir, file, before);
            sink.content(entry, content.stream());
            Stat after = file.stat();
            if (after.size() != before.size()
                    || !after.modified().equals(before.modified())
                    || !after.changed().equals(before.changed())) {
                report(path, Problem.Kind.CHANGED, changeOf(before, after));
            }
            return true;
        } catch (PosixException e) {
            if (content != null && content.failure() != e) {
                throw e;
            }
            reportFailure(path, e);
            return false;
        }
    }

    private static String changeOf(Stat before, Stat after) {
        if (after.size() > before.size()) {
            return "grew from " + before.size() + " to " + after.size()
                    + " bytes while it was read; the snapshot has its first size";
        }
        if (after.size() < before.size()) {
            return "shrank from " + before.size() + " to " + after.size() + " bytes while it was read";
        }
        return "changed while it was read; quiesce the source to capture a single state";
    }

    private void reportFailure(EntryPath path, PosixException e) throws IOException {
        if (e.isMissing()) {
            report(path, Problem.Kind.VANISHED, "was removed while it was read");
        } else {
            report(path, Problem.Kind.FAILED, String.valueOf(e.getMessage()));
        }
    }

    private void report(EntryPath path, Problem.Kind kind, String detail) throws IOException {
        sink.report(new Problem(path, kind, detail));
    }
}
