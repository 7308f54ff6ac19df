package dev.lifeboat.entry;

/** The type of an entry. Only a {@link #FILE} has content. */
public enum EntryType {
    FILE,
    DIRECTORY,
    SYMLINK,
    /** Another name of a {@link #FILE} that precedes it in canonical order. */
    HARD_LINK,
    FIFO,
    CHARACTER_DEVICE,
    BLOCK_DEVICE
}
