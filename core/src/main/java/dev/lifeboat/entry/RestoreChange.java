package dev.lifeboat.entry;

/**
 * One change that a restore makes to its target.
 *
 * @param path path of the entry
 * @param action kind of change
 */
public record RestoreChange(EntryPath path, Action action) {
    /** The kind of a change. */
    public enum Action {
        /** The entry does not exist at the target and is created. */
        CREATE,
        /** The target has other content or another type at this path. */
        REPLACE,
        /** Only owner, mode, time or extended attributes differ. */
        UPDATE_METADATA,
        /** The entry is not in the snapshot and is deleted. */
        DELETE
    }

    @Override
    public String toString() {
        return action + " " + path;
    }
}
