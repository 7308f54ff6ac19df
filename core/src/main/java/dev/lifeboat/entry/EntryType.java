package dev.lifeboat.entry;

/** Kind of an entry. Only a {@link #FILE} has content. */
public enum EntryType {
    FILE,
    DIRECTORY,
    SYMLINK,
    /** A further name of a {@link #FILE} that came earlier in canonical order. */
    HARD_LINK,
    FIFO,
    CHARACTER_DEVICE,
    BLOCK_DEVICE
}
