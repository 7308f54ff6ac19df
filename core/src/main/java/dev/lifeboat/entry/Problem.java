package dev.lifeboat.entry;

/**
 * A loss that concerns one entry: something that could not be captured or restored unchanged. A problem does not end an
 * operation; an exception does.
 *
 * @param path path of the entry
 * @param kind severity
 * @param detail what happened and why, for people; contains no content of the entry
 */
public record Problem(EntryPath path, Kind kind, String detail) {
    /** The kind of a problem. */
    public enum Kind {
        /** The entry is excluded from snapshots by rule, such as a socket. */
        SKIPPED,
        /** The entry was removed after its directory was listed and before it could be read. */
        VANISHED,
        /** The entry is missing although it should be there: it could not be read, stored or restored. */
        FAILED,
        /** The entry is present, but it changed while it was read and may mix two states. */
        CHANGED,
        /** The entry is present, but some of its metadata is missing. */
        DEGRADED
    }

    @Override
    public String toString() {
        return kind + " " + path + ": " + detail;
    }
}
