package dev.lifeboat;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when an operation on a repository fails. The message names operation, object, place and cause, and a way out
 * if there is one. After any failure every snapshot that is listed is complete, and a source that was quiesced is
 * resumed, unless the message states otherwise.
 */
public abstract sealed class BackupException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private BackupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * Returns whether the same operation may succeed later without a change of its description: the store failed or was
     * unreachable, or a prune ended the backup.
     */
    public boolean isRetryable() {
        return this instanceof StorageFailed || this instanceof SessionEnded;
    }

    /** The source could not be read, quiesced or resumed. */
    public static final class SourceFailed extends BackupException {
        private static final long serialVersionUID = 1;

        SourceFailed(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * The target of a restore failed. A container, volumes and networks that the restore has created are removed; files
     * that it has written into a directory, or into a volume that was there, stay.
     */
    public static final class TargetFailed extends BackupException {
        private static final long serialVersionUID = 1;

        TargetFailed(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The store refused, was full, or could not be reached. */
    public static final class StorageFailed extends BackupException {
        private static final long serialVersionUID = 1;

        StorageFailed(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Stored data is damaged. */
    public static final class Corrupt extends BackupException {
        private static final long serialVersionUID = 1;

        Corrupt(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * The passphrase or key does not open the repository, or may only write; or the repository is encrypted and was
     * expected not to be, or the reverse.
     */
    public static final class WrongKey extends BackupException {
        private static final long serialVersionUID = 1;

        WrongKey(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** There is no such repository or snapshot. */
    public static final class NotFound extends BackupException {
        private static final long serialVersionUID = 1;

        NotFound(String message) {
            super(message, null);
        }
    }

    /** The place for a new repository is not empty. */
    public static final class AlreadyExists extends BackupException {
        private static final long serialVersionUID = 1;

        AlreadyExists(String message) {
            super(message, null);
        }
    }

    /** A prune ended this backup before it could commit, since it was too old. Run it again. */
    public static final class SessionEnded extends BackupException {
        private static final long serialVersionUID = 1;

        SessionEnded(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * The data has a format, or a version of one, that this library does not know. The message names those it knows.
     */
    public static final class UnsupportedFormat extends BackupException {
        private static final long serialVersionUID = 1;

        UnsupportedFormat(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The thread was interrupted or the job cancelled; the interrupt flag is set again. */
    public static final class Cancelled extends BackupException {
        private static final long serialVersionUID = 1;

        Cancelled(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
