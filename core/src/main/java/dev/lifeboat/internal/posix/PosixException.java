package dev.lifeboat.internal.posix;

import java.io.IOException;

/** A system call failed. */
public final class PosixException extends IOException {
    private static final long serialVersionUID = 1;

    private final int errno;

    PosixException(String call, String object, int errno) {
        super("cannot " + call + " " + object + ": " + Errno.text(errno));
        this.errno = errno;
    }

    /** The error number, see {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** Whether there is nothing of that name. */
    public boolean isMissing() {
        return errno == Errno.ENOENT || errno == Errno.ENOTDIR || errno == Errno.ESTALE;
    }

    /** Whether no further write can succeed. */
    public boolean isDiskFull() {
        return errno == Errno.ENOSPC || errno == Errno.EDQUOT;
    }
}
