package dev.lifeboat;

/** Which earlier snapshot a new one builds upon. Whichever it is, every snapshot restores the whole. */
public enum BackupStrategy {
    /** Upon none: everything is read and stored. */
    FULL {
        @Override
        boolean buildsUpon(Snapshot earlier) {
            return false;
        }
    },
    /** Upon the latest of the series: only what has changed since is read. The first one is full. */
    INCREMENTAL {
        @Override
        boolean buildsUpon(Snapshot earlier) {
            return true;
        }
    },
    /** Upon the latest full one of the series: what has changed since that is read. The first one is full. */
    DIFFERENTIAL {
        @Override
        boolean buildsUpon(Snapshot earlier) {
            return earlier.strategy() == FULL;
        }
    };

    /** Whether a new snapshot may have that one as its parent; it has the newest of them. */
    abstract boolean buildsUpon(Snapshot earlier);
}
