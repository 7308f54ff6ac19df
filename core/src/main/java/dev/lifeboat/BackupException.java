package dev.lifeboat;

import org.jspecify.annotations.Nullable;

/**
 * Why an operation of a repository failed. Unchecked; the message names operation, object, place and cause, and the way out if there is
 * one. Whatever it was: no snapshot counts that is not whole, and a source brought to rest was brought back, unless the message says otherwise.
 */
public abstract sealed class BackupException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private BackupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The source could not be read, or could not be brought to rest or back. */
    public static final class SourceFailed extends BackupException {
        private static final long serialVersionUID = 1;

        SourceFailed(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** What is restored into refused. What was written until then stays. */
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

    /** What is stored is not what was written. */
    public static final class Corrupt extends BackupException {
        private static final long serialVersionUID = 1;

        Corrupt(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The passphrase or key opens nothing here, or may only write; or the repository is encrypted, or not, as was not expected. */
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

    /** There is a repository, or something else, where a new one should be. */
    public static final class AlreadyExists extends BackupException {
        private static final long serialVersionUID = 1;

        AlreadyExists(String message) {
            super(message, null);
        }
    }

    /** A prune took this backup for dead and ended it before it could commit. Run it again. */
    public static final class SessionEnded extends BackupException {
        private static final long serialVersionUID = 1;

        SessionEnded(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Written by a format or a version of one that this library does not know; says which it knows. */
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
