package dev.lifeboat.snapshot;

/** Whether a snapshot or a restore has everything that it should have; the result that a program branches on. */
public enum Completeness {
    /** Everything was captured or restored unchanged. Entries excluded by rule, such as sockets, do not count. */
    COMPLETE,
    /**
     * Every entry is present. Some lost metadata, changed while they were read, or were removed before they could be
     * read.
     */
    COMPLETE_WITH_LOSSES,
    /** At least one entry that should be present is missing. */
    INCOMPLETE
}
