package dev.lifeboat.internal.posix;

import com.sun.jna.Native;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.SparseMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.SortedMap;

/** A regular file open for reading or writing. */
public final class OpenFile extends Inode {
    OpenFile(int fd, String label) {
        super(fd, label);
    }

    /**
     * Reads into a direct buffer from the buffer's position on.
     *
     * @return bytes read, 0 at the end
     */
    public int read(ByteBuffer direct) throws PosixException {
        ByteBuffer rest = direct.slice();
        long n;
        do {
            n = LibC.read(fd, rest, rest.capacity());
        } while (n < 0 && Native.getLastError() == Errno.EINTR);
        check(n, "read");
        direct.position(direct.position() + (int) n);
        return (int) n;
    }

    /**
     * Reads into a direct buffer from the buffer's position on, and leaves the position in the file where it is.
     * Several threads may do so at once.
     *
     * @return bytes read, 0 at the end
     */
    public int read(ByteBuffer direct, long at) throws PosixException {
        ByteBuffer rest = direct.slice();
        long n;
        do {
            n = LibC.pread(fd, rest, rest.capacity(), at);
        } while (n < 0 && Native.getLastError() == Errno.EINTR);
        check(n, "read");
        direct.position(direct.position() + (int) n);
        return (int) n;
    }

    /** Opens the same file once more; the two share their position. */
    public OpenFile duplicate() throws PosixException {
        int copy = LibC.fcntl(fd, LibC.F_DUPFD_CLOEXEC, 0);
        check(copy, "open again");
        return new OpenFile(copy, label);
    }

    /** Writes a direct buffer from its position to its limit. */
    public void write(ByteBuffer direct) throws PosixException {
        while (direct.hasRemaining()) {
            ByteBuffer rest = direct.slice();
            long n = LibC.write(fd, rest, rest.capacity());
            if (n < 0 && Native.getLastError() == Errno.EINTR) {
                continue;
            }
            check(n, "write");
            direct.position(direct.position() + (int) n);
        }
    }

    /**
     * Writes a direct buffer from its position to its limit, and leaves the position in the file where it is. Several
     * threads may do so at once.
     */
    public void write(ByteBuffer direct, long at) throws PosixException {
        long to = at;
        while (direct.hasRemaining()) {
            ByteBuffer rest = direct.slice();
            long n = LibC.pwrite(fd, rest, rest.capacity(), to);
            if (n < 0 && Native.getLastError() == Errno.EINTR) {
                continue;
            }
            check(n, "write");
            direct.position(direct.position() + (int) n);
            to += n;
        }
    }

    /**
     * Has a range of this file share the blocks of a range of another file of the same file system. Offsets, and the
     * length unless it ends where the other file ends, are multiples of the block size of the file system.
     *
     * @return false if the file system has no such copies
     */
    public boolean share(OpenFile from, long offset, long length, long to) throws PosixException {
        // struct file_clone_range: source 8, source offset 8, length 8, destination offset 8; linux/fs.h.
        ByteBuffer range = Posix.scratch().order(ByteOrder.nativeOrder());
        range.putLong(0, from.fd).putLong(8, offset).putLong(16, length).putLong(24, to);
        if (LibC.ioctl(fd, LibC.FICLONERANGE, range) == 0) {
            return true;
        }
        PosixException failure = Posix.failed("share blocks of " + from.label() + " with", label);
        if (failure.isUnsupported()) {
            return false;
        }
        throw failure;
    }

    /** Moves to an offset. Writing past the end leaves a hole. */
    public void seek(long offset) throws PosixException {
        check(LibC.lseek(fd, offset, LibC.SEEK_SET), "seek in");
    }

    /** Sets the length. Growing leaves a hole. */
    public void truncate(long length) throws PosixException {
        check(LibC.ftruncate(fd, length), "set the length of");
    }

    /**
     * Finds the regions that hold data. Changes the position. Returns one region for the whole file if the file system
     * cannot report holes.
     */
    public SparseMap sparseMap(long size) throws PosixException {
        SparseMap.Builder map = SparseMap.ofSize(size);
        for (long at = 0; at < size; ) {
            long data = LibC.lseek(fd, at, LibC.SEEK_DATA);
            if (data < 0) {
                int errno = Native.getLastError();
                if (errno == Errno.ENXIO) {
                    break;
                }
                if (errno == Errno.EINVAL) {
                    return SparseMap.ofSize(size).data(0, size).build();
                }
                throw Posix.failed("find the holes of", label);
            }
            if (data >= size) {
                break;
            }
            long hole = LibC.lseek(fd, data, LibC.SEEK_HOLE);
            check(hole, "find the holes of");
            long end = Math.min(hole, size);
            map.data(data, end - data);
            at = end;
        }
        seek(0);
        return map.build();
    }

    // Of the descriptor, which an inode of any type does not allow, instead of its path below /proc: the kernel takes
    // a third of the time.

    @Override
    public void chmod(int mode) throws PosixException {
        check(LibC.fchmod(fd, mode), "set the mode of");
    }

    @Override
    public void setModified(Instant time) throws PosixException {
        check(LibC.futimens(fd, onlyModified(time)), "set the time of");
    }

    @Override
    public SortedMap<ByteString, ByteString> xattrs() throws PosixException {
        return Xattrs.ofFile(fd).read(() -> label);
    }
}
