package dev.lifeboat.directory;

import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A directory of this machine to restore into, with everything that {@link DirectorySource} keeps. Only root can set owners:
 * run as root, or leave them out with {@link #withoutOwners}. What cannot be set is reported.
 *
 * <p>A file that is there with the size and the time of modification (to the nanosecond) of the snapshot is taken to have its
 * content. Every file is written under another name beside its place and then moved there, so nothing half written is seen, and neither a
 * symbolic link nor a hard link in its place is written through. Nothing is synced to the disk at the end.
 *
 * <p>Immutable.
 */
public final class DirectoryRestore implements RestoreTarget {
    private final Path root;
    private final boolean owners;

    private DirectoryRestore(Path root, boolean owners) {
        this.root = root;
        this.owners = owners;
    }

    /** A directory, which is created if it is not there. If it is a symbolic link, what it leads to is meant. */
    public static DirectoryRestore into(Path root) {
        return new DirectoryRestore(root, true);
    }

    /** Sets no owners: what is created belongs to the user of this process, what is there keeps its owner. */
    public DirectoryRestore withoutOwners() {
        return new DirectoryRestore(root, false);
    }

    @Override
    public String location() {
        return root.toAbsolutePath().normalize().toString();
    }

    /**
     * {@inheritDoc}
     *
     * @throws UnsupportedOperationException if this is not Linux on x86-64 or AArch64
     */
    @Override
    public Session begin(RestoreRequest request) throws IOException {
        return DirectorySession.begin(root, request, owners);
    }

    @Override
    public String toString() {
        return location();
    }
}
