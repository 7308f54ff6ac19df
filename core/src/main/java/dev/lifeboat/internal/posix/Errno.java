package dev.lifeboat.internal.posix;

import java.util.Map;

/** The error numbers of Linux that this library uses, the same on x86-64 and AArch64 (asm-generic/errno.h). */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int ENXIO = 6;
    public static final int E2BIG = 7;
    public static final int EACCES = 13;
    public static final int EEXIST = 17;
    public static final int EXDEV = 18;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENOSPC = 28;
    public static final int ERANGE = 34;
    public static final int ENOTEMPTY = 39;
    public static final int ELOOP = 40;
    public static final int ENODATA = 61;
    public static final int EOPNOTSUPP = 95;
    public static final int ESTALE = 116;
    public static final int EDQUOT = 122;

    private static final Map<Integer, String> TEXT = Map.ofEntries(
            Map.entry(EPERM, "operation not permitted"),
            Map.entry(ENOENT, "no such file or directory"),
            Map.entry(5, "input/output error"),
            Map.entry(E2BIG, "they are over 1 MiB"),
            Map.entry(9, "bad file descriptor"),
            Map.entry(12, "out of memory"),
            Map.entry(EACCES, "permission denied"),
            Map.entry(16, "device or resource busy"),
            Map.entry(EEXIST, "exists already"),
            Map.entry(EXDEV, "is on another file system"),
            Map.entry(ENOTDIR, "not a directory"),
            Map.entry(EISDIR, "is a directory"),
            Map.entry(EINVAL, "invalid argument"),
            Map.entry(24, "too many open files; raise the limit (ulimit -n)"),
            Map.entry(27, "file too large"),
            Map.entry(ENOSPC, "no space left on device"),
            Map.entry(30, "read-only file system"),
            Map.entry(31, "too many links"),
            Map.entry(36, "file name too long"),
            Map.entry(38, "not supported by this kernel"),
            Map.entry(ENOTEMPTY, "directory not empty"),
            Map.entry(ELOOP, "is a symbolic link"),
            Map.entry(EOPNOTSUPP, "not supported by the file system"),
            Map.entry(ESTALE, "stale file handle"),
            Map.entry(EDQUOT, "disk quota exceeded"));

    private Errno() {}

    static String text(int errno) {
        return TEXT.getOrDefault(errno, "error") + " (errno " + errno + ")";
    }
}
