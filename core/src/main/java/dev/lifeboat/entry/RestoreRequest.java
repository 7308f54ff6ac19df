package dev.lifeboat.entry;

/**
 * How a restore is to be done.
 *
 * @param dryRun whether only to tell what would change
 * @param partial whether less than a whole snapshot is sent, so that what is not sent may be in it all the same
 * @param deleteExtra whether to remove from the target what the snapshot does not have
 * @param listener hears of changes and problems, on the threads that make them
 */
public record RestoreRequest(boolean dryRun, boolean partial, boolean deleteExtra, Listener listener) {
    /** Writes what differs, deletes nothing, tells nobody. */
    public static RestoreRequest plain() {
        return new RestoreRequest(false, false, false, new Listener() {
            @Override
            public void changed(RestoreChange change) {}

            @Override
            public void problem(Problem problem) {}
        });
    }

    /** Hears of a restore. Must be thread-safe and quick. */
    public interface Listener {
        /** Something was changed, or would be if this were no dry run. */
        void changed(RestoreChange change);

        /** Something could not be brought back. */
        void problem(Problem problem);
    }
}
