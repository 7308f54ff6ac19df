package dev.lifeboat.kubernetes.velero;

import java.io.IOException;

/** Thrown when a backup of Velero cannot be read or written. {@link #kind} returns the reason. */
public final class VeleroException extends IOException {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** Reasons of failures. */
    public enum Kind {
        /** There is no such backup. */
        NOT_FOUND,
        /** There is a backup of that name. */
        EXISTS,
        /** The backup is being made, or its outcome is not known yet. */
        UNFINISHED,
        /** The backup has failed as a whole. */
        FAILED,
        /** The backup is of a later version of the format. */
        NEWER_FORMAT,
        /** An object of the backup is not what its place promises. */
        DAMAGED,
        /** The place is not one for backups of Velero. */
        WRONG_PLACE
    }

    /** Creates an exception without a cause. */
    public VeleroException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** Creates an exception with a cause. */
    public VeleroException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Returns the reason. */
    public Kind kind() {
        return kind;
    }
}
