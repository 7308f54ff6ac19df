package dev.lifeboat.internal.posix;

import java.io.IOException;
import java.util.List;
import java.util.Set;

/** A system call failed. */
public final class PosixException extends IOException {
    private static final long serialVersionUID = 1;

    /** Calls that store neither content nor directories. If one reports no space, only its own object is affected. */
    private static final List<String> LOCAL =
            List.of("set ", "remove ", "link ", "create device", "create pipe", "create symbolic link");

    /** ENOTTY of ioctl, ENOSYS of older kernels; EISDIR of those that do not know O_TMPFILE. */
    private static final Set<Integer> UNSUPPORTED =
            Set.of(Errno.EOPNOTSUPP, 25, 38, Errno.EXDEV, Errno.EINVAL, Errno.EISDIR);

    private final int errno;
    private final String call;

    PosixException(String call, String object, int errno) {
        super("cannot " + call + " " + object + ": " + Errno.text(errno));
        this.errno = errno;
        this.call = call;
    }

    /** Returns the error number, see {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** Returns whether the name does not exist. */
    public boolean isMissing() {
        return errno == Errno.ENOENT || errno == Errno.ENOTDIR || errno == Errno.ESTALE;
    }

    /** Returns whether the file system, or the kernel, has no such operation. */
    public boolean isUnsupported() {
        return UNSUPPORTED.contains(errno);
    }

    /**
     * Returns whether no further write can succeed. The disk is full if it accepts no content and no directories. An
     * attribute that is too large for the file system gives the same error number.
     */
    public boolean isDiskFull() {
        return (errno == Errno.ENOSPC || errno == Errno.EDQUOT)
                && (call.equals("set the length of") || LOCAL.stream().noneMatch(call::startsWith));
    }
}
