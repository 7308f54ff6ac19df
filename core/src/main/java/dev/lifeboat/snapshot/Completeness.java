package dev.lifeboat.snapshot;

/** Whether a snapshot or a restore has all that it should have: the verdict that a program branches on. */
public enum Completeness {
    /** Everything that was to be kept was kept as it is. Entries that are left out by rule, such as sockets, do not count. */
    COMPLETE,
    /** Every entry is there; some lost metadata, changed while they were read, or were removed before they could be read. */
    COMPLETE_WITH_LOSSES,
    /** At least one entry that should be there is not. */
    INCOMPLETE
}
