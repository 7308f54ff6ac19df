package dev.lifeboat.directory;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.internal.posix.Dir;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A directory of this machine, with all that Linux keeps of it: type, mode with setuid, setgid and sticky, numeric owner, time of
 * modification to the nanosecond, hard links, extended attributes and POSIX ACLs, holes, pipes, device nodes; names of any bytes
 * and paths of any length. Sockets are reported and left out. Run it as root: others do not see everything, and what they cannot
 * read is reported.
 *
 * <p>Not kept: times of access, change and birth; inode flags (chattr); project quotas.
 *
 * <p>Immutable. Each call that changes something returns a copy.
 */
@CheckReturnValue
public final class DirectorySource implements SnapshotSource {
    private final Path root;
    private final Optional<String> name;
    private final Predicate<? super EntryPath> excluded;
    private final boolean oneFileSystem;

    private DirectorySource(
            Path root, Optional<String> name, Predicate<? super EntryPath> excluded, boolean oneFileSystem) {
        this.root = root;
        this.name = name;
        this.excluded = excluded;
        this.oneFileSystem = oneFileSystem;
    }

    /** A directory, which need not be there yet. Its series is {@code dir:} and its absolute path. */
    public static DirectorySource of(Path root) {
        return new DirectorySource(root, Optional.empty(), path -> false, false);
    }

    /** Names the series. */
    public DirectorySource named(String newName) {
        return new DirectorySource(root, Optional.of(newName), excluded, oneFileSystem);
    }

    /**
     * Leaves out what the predicate is true for, and all that is below it; silently, since it was asked for. Called once, it
     * replaces no earlier call but adds to it.
     */
    public DirectorySource excluding(Predicate<? super EntryPath> more) {
        return new DirectorySource(root, name, path -> excluded.test(path) || more.test(path), oneFileSystem);
    }

    /** Keeps directories on which something else is mounted as empty ones. */
    public DirectorySource oneFileSystem() {
        return new DirectorySource(root, name, excluded, true);
    }

    @Override
    public String name() {
        return name.orElseGet(() -> "dir:" + root.toAbsolutePath().normalize());
    }

    /**
     * {@inheritDoc}
     *
     * @throws IOException if the directory itself is not there or cannot be read
     * @throws UnsupportedOperationException if this is not Linux on x86-64 or AArch64
     */
    @Override
    public void sendTo(EntrySink sink) throws IOException {
        try (Dir dir = Dir.open(root)) {
            new DirectoryWalk(sink, excluded, oneFileSystem).walk(dir);
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
