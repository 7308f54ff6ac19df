package dev.lifeboat.internal.posix;

import dev.lifeboat.entry.DeviceNumber;
import org.jspecify.annotations.Nullable;

/** What tells an inode from all others of this machine. */
public record InodeId(DeviceNumber device, long inode) {
    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof InodeId other && inode == other.inode && device.equals(other.device);
    }

    @Override
    public int hashCode() {
        return 31 * device.hashCode() + Long.hashCode(inode);
    }
}
