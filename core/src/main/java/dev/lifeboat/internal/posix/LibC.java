package dev.lifeboat.internal.posix;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The calls of the C library that Java lacks, for 64-bit Linux with glibc from 2.28 or a musl with statx. Directly
 * mapped. The error number is read with {@link Native#getLastError}. {@code long} stands for {@code size_t},
 * {@code ssize_t} and {@code off_t}.
 */
final class LibC {
    static final int AT_FDCWD = -100;
    static final int AT_SYMLINK_NOFOLLOW = 0x100;
    static final int AT_REMOVEDIR = 0x200;
    static final int AT_EMPTY_PATH = 0x1000;
    static final int AT_NO_AUTOMOUNT = 0x800;
    /** Type, mode, nlink, uid, gid, atime, mtime, ctime, ino, size, blocks. */
    static final int STATX_BASIC_STATS = 0x7ff;

    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0x40;
    static final int O_EXCL = 0x80;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;
    static final int O_PATH = 0x200000;
    static final int O_NOATIME = 0x40000;
    /** Without O_DIRECTORY, which it includes and which differs between architectures. */
    static final int O_TMPFILE = 0x400000;
    /** linux/fs.h: {@code _IOW(0x94, 9, int)}. */
    static final long FICLONE = 0x40049409L;
    /** linux/fs.h: {@code _IOW(0x94, 13, struct file_clone_range)}. */
    static final long FICLONERANGE = 0x4020940dL;

    static final int F_DUPFD_CLOEXEC = 1030;
    static final int SEEK_SET = 0;
    static final int SEEK_DATA = 3;
    static final int SEEK_HOLE = 4;

    static {
        Native.register(LibC.class, "c");
    }

    private LibC() {}

    static native int openat(int dirfd, byte[] path, int flags, int mode);

    static native int close(int fd);

    static native long read(int fd, ByteBuffer buffer, long count);

    static native long pread(int fd, ByteBuffer buffer, long count, long offset);

    static native int fcntl(int fd, int command, int argument);

    static native long write(int fd, ByteBuffer buffer, long count);

    static native long pwrite(int fd, ByteBuffer buffer, long count, long offset);

    static native long lseek(int fd, long offset, int whence);

    static native int ftruncate(int fd, long length);

    static native int statx(int dirfd, byte[] path, int flags, int mask, ByteBuffer result);

    /** Takes addresses, which JNA passes on without any conversion: a walk calls this for every name. */
    static native int statx(int dirfd, long path, int flags, int mask, long result);

    static native long readlinkat(int dirfd, byte[] path, ByteBuffer buffer, long size);

    static native int syncfs(int fd);

    static native int fstatfs(int fd, ByteBuffer result);

    static native int ioctl(int fd, long request, int argument);

    static native int ioctl(int fd, long request, ByteBuffer argument);

    static native int mkdirat(int dirfd, byte[] path, int mode);

    static native int unlinkat(int dirfd, byte[] path, int flags);

    static native int symlinkat(byte[] target, int dirfd, byte[] path);

    static native int linkat(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags);

    static native int renameat(int oldDir, byte[] oldPath, int newDir, byte[] newPath);

    static native int fchownat(int dirfd, byte[] path, int uid, int gid, int flags);

    static native int chmod(byte[] path, int mode);

    static native int fchmod(int fd, int mode);

    static native int utimensat(int dirfd, byte[] path, ByteBuffer times, int flags);

    static native int futimens(int fd, ByteBuffer times);

    static native long llistxattr(byte[] path, @Nullable ByteBuffer list, long size);

    static native long lgetxattr(byte[] path, byte[] name, @Nullable ByteBuffer value, long size);

    static native long listxattr(byte[] path, @Nullable ByteBuffer list, long size);

    static native long flistxattr(int fd, @Nullable ByteBuffer list, long size);

    static native long fgetxattr(int fd, byte[] name, @Nullable ByteBuffer value, long size);

    static native long getxattr(byte[] path, byte[] name, @Nullable ByteBuffer value, long size);

    static native int setxattr(byte[] path, byte[] name, byte[] value, long size, int flags);

    static native int removexattr(byte[] path, byte[] name);

    /** For getdents64, which glibc wraps only from 2.30. */
    static native long syscall(long number, int fd, ByteBuffer buffer, long count);

    /** For mknodat, which glibc exports only from 2.33. */
    static native long syscall(long number, int dirfd, byte[] path, int mode, long device);
}
