package dev.lifeboat.entry;

/**
 * Something about one entry that could not be kept or brought back as it was. Never the end of an operation: what would be is
 * an exception.
 *
 * @param path the entry
 * @param kind how bad it is
 * @param detail what happened and why, for people; no content of the entry
 */
public record Problem(EntryPath path, Kind kind, String detail) {
    /** How bad a problem is. */
    public enum Kind {
        /** By rule not part of a snapshot, such as a socket. */
        SKIPPED,
        /** Was removed after its directory was listed and before it could be read. */
        VANISHED,
        /** Should be there but is not: it could not be read, stored or restored. */
        FAILED,
        /** Is there, but it changed while it was read, so it may be a mix of two states. */
        CHANGED,
        /** Is there, with some of its metadata missing. */
        DEGRADED
    }

    @Override
    public String toString() {
        return kind + " " + path + ": " + detail;
    }
}
