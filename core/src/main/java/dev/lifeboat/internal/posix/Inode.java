package dev.lifeboat.internal.posix;

import dev.lifeboat.entry.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.SortedMap;

/**
 * An open inode of any type, held by a descriptor, so that it cannot be replaced by another one. The base of
 * {@link Dir} and {@link OpenFile}. Needs {@code /proc}. Not thread-safe except for {@link #close}.
 */
public sealed class Inode implements AutoCloseable permits Dir, OpenFile {
    private static final byte[] EMPTY = {0};

    final int fd;
    final String label;
    final byte[] procPath;
    private boolean closed;

    Inode(int fd, String label) {
        this.fd = fd;
        this.label = label;
        this.procPath = Posix.cString("/proc/self/fd/" + fd);
    }

    /** Returns the name of this inode in messages. */
    public String label() {
        return label;
    }

    /** Returns the metadata. */
    public Stat stat() throws PosixException {
        ByteBuffer buffer = Posix.statBuffer();
        check(LibC.statx(fd, EMPTY, LibC.AT_EMPTY_PATH | LibC.AT_NO_AUTOMOUNT, LibC.STATX_BASIC_STATS, buffer), "stat");
        return Stat.read(buffer);
    }

    /** Sets the owner. The kernel then clears setuid, setgid and capabilities. */
    public void chown(long uid, long gid) throws PosixException {
        check(LibC.fchownat(fd, EMPTY, (int) uid, (int) gid, LibC.AT_EMPTY_PATH), "set the owner of");
    }

    /** Sets permission bits. Not for symbolic links, which have none. */
    public void chmod(int mode) throws PosixException {
        check(LibC.chmod(procPath, mode), "set the mode of");
    }

    /** Sets the modification time and keeps the access time. */
    public void setModified(Instant time) throws PosixException {
        check(LibC.utimensat(LibC.AT_FDCWD, procPath, onlyModified(time), 0), "set the time of");
    }

    /** Returns two struct timespec: UTIME_OMIT of sys/stat.h for the access time, and the modification time. */
    static ByteBuffer onlyModified(Instant time) {
        long omit = 0x3ffffffe;
        ByteBuffer times = Posix.scratch().order(ByteOrder.nativeOrder());
        times.putLong(0, 0).putLong(8, omit);
        return times.putLong(16, time.getEpochSecond()).putLong(24, time.getNano());
    }

    /** Reads the extended attributes. */
    public SortedMap<ByteString, ByteString> xattrs() throws PosixException {
        return Xattrs.ofPath(procPath, true).read(() -> label);
    }

    /** Sets one extended attribute. */
    public void setXattr(ByteString name, ByteString value) throws PosixException {
        check(
                LibC.setxattr(procPath, Posix.cString(name), value.toByteArray(), value.length(), 0),
                "set attribute " + name + " of");
    }

    /** Removes one extended attribute. */
    public void removeXattr(ByteString name) throws PosixException {
        check(LibC.removexattr(procPath, Posix.cString(name)), "remove attribute " + name + " of");
    }

    void check(long result, String call) throws PosixException {
        if (result < 0) {
            throw Posix.failed(call, label);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            LibC.close(fd);
        }
    }
}
