package dev.lifeboat.directory;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntrySource;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.posix.Dir;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A directory on this machine as source, with the metadata that Linux keeps: type, mode with setuid, setgid and sticky,
 * numeric owner, time of modification to the nanosecond, hard links, extended attributes and POSIX ACLs, holes, pipes
 * and device nodes. Names may hold any bytes, and paths may have any length. Sockets are reported and skipped. Run it
 * as root: other users cannot read everything, and what they cannot read is reported.
 *
 * <p>A file whose inode, time of change, time of modification, size, mode and owner are those in the parent snapshot is
 * not read. On ext4, XFS and Btrfs, where every change of metadata sets the time of change, neither are its extended
 * attributes. So take all snapshots of a series with the same rights: what one may not see, later ones do not look for.
 * A full backup reads everything.
 *
 * <p>Not captured: times of access, change and birth; inode flags (chattr); project quotas.
 *
 * <p>Immutable. Each method that changes an option returns a copy.
 */
@CheckReturnValue
public final class DirectorySource implements SnapshotSource {
    private final Path root;
    private final Optional<String> name;
    private final Predicate<? super EntryPath> excluded;
    private final Optional<Problem.Kind> boundary;
    private final boolean part;

    private DirectorySource(
            Path root,
            Optional<String> name,
            Predicate<? super EntryPath> excluded,
            Optional<Problem.Kind> boundary,
            boolean part) {
        this.root = root;
        this.name = name;
        this.excluded = excluded;
        this.boundary = boundary;
        this.part = part;
    }

    /**
     * Returns a source for a directory, which need not exist yet. The name of its series is {@code dir:} and its
     * absolute path.
     */
    public static DirectorySource of(Path root) {
        return new DirectorySource(root, Optional.empty(), path -> false, Optional.empty(), false);
    }

    @Override
    public DirectorySource named(String newName) {
        return new DirectorySource(root, Optional.of(newName), excluded, boundary, part);
    }

    /**
     * Returns a copy that excludes each path that the predicate matches, and everything below it. Excluded paths are
     * not reported. A further call adds to earlier ones.
     */
    public DirectorySource excluding(Predicate<? super EntryPath> more) {
        return new DirectorySource(root, name, path -> excluded.test(path) || more.test(path), boundary, part);
    }

    /**
     * Captures directories on which another file system is mounted as empty ones; each is reported as
     * {@link Problem.Kind#SKIPPED}.
     */
    public DirectorySource oneFileSystem() {
        return oneFileSystem(Problem.Kind.SKIPPED);
    }

    /**
     * Captures directories on which another file system is mounted as empty ones.
     *
     * @param reportedAs kind of the problem that reports each
     */
    public DirectorySource oneFileSystem(Problem.Kind reportedAs) {
        return new DirectorySource(root, name, excluded, Optional.of(reportedAs), part);
    }

    /**
     * Returns a copy for a source that consists of more than this directory. If the repository keeps its objects in the
     * directory itself, that is then {@link Problem.Kind#SKIPPED}, and not {@link Problem.Kind#FAILED}.
     */
    public DirectorySource asPart() {
        return new DirectorySource(root, name, excluded, boundary, true);
    }

    @Override
    public String name() {
        return name.orElseGet(() -> "dir:" + root.toAbsolutePath().normalize());
    }

    /**
     * {@inheritDoc}
     *
     * @throws IOException if the directory does not exist or cannot be read
     * @throws UnsupportedOperationException if this is not Linux on x86-64 or AArch64
     * @throws IllegalStateException if the native library of JNA cannot be loaded
     */
    @Override
    public void sendTo(EntrySink sink) throws IOException {
        try (Dir dir = Dir.open(root)) {
            new DirectoryWalk(sink, excluded, boundary, part, Optional.empty()).walk(dir);
        }
    }

    /**
     * Returns this directory for the first pass of a source that is quiesced afterwards: see
     * {@link SnapshotSource#preCopy}. A file has a fingerprint only if every later write to it will change the
     * fingerprint, writes through a memory mapping included: the first such write after a page is stored sets the time
     * of the file, further ones do not. So the file system is synced first, and files that were changed since then have
     * none, as have all files on a file system in memory.
     */
    public EntrySource whileInUse() {
        return sink -> {
            try (Dir dir = Dir.open(root)) {
                Instant begun = Instant.now();
                dir.syncFileSystem();
                new DirectoryWalk(sink, excluded, boundary, part, Optional.of(dir.isInMemory() ? Instant.MIN : begun))
                        .walk(dir);
            }
        };
    }

    @Override
    public String toString() {
        return name();
    }
}
