package dev.lifeboat.entry;

/**
 * One thing that a restore changes at its target.
 *
 * @param path of the entry
 * @param action what is done
 */
public record RestoreChange(EntryPath path, Action action) {
    /** What is done to an entry. */
    public enum Action {
        /** There was nothing of that name. */
        CREATE,
        /** Something else was there: other content or another type. */
        REPLACE,
        /** Only owner, mode, time or extended attributes differ. */
        UPDATE_METADATA,
        /** The snapshot does not have it. */
        DELETE
    }

    @Override
    public String toString() {
        return action + " " + path;
    }
}
