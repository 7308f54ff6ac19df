package dev.lifeboat.directory;

import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A directory on this machine as restore target, with all metadata that {@link DirectorySource} captures. Only root can
 * set owners: run as root, or exclude owners with {@link #withoutOwners}. Metadata that cannot be set is reported.
 *
 * <p>A file whose size and time of modification (to the nanosecond) equal those in the snapshot is assumed to have the
 * same content. Each file is written under a temporary name in its directory and then renamed. So a half-written file
 * is never visible, and the restore never writes through a symbolic link or a hard link in its place. The restore does
 * not sync files to disk.
 *
 * <p>Where the file system takes names for one that differ in case only, the first of them is restored, and the others
 * are reported.
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

    /** Returns a target for a directory, which is created if it does not exist. A symbolic link is followed. */
    public static DirectoryRestore into(Path root) {
        return new DirectoryRestore(root, true);
    }

    /**
     * Returns a copy that sets no owners: new entries belong to the user of this process, existing entries keep their
     * owner.
     */
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
     * @throws IllegalStateException if the native library of JNA cannot be loaded
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
