package dev.lifeboat.snapshot;

/** Which earlier snapshot a new one builds upon. Whichever it is, every snapshot restores the whole. */
public enum BackupStrategy {
    /** Upon none: everything is read and stored. */
    FULL {
        @Override
        public boolean buildsOn(Snapshot earlier) {
            return false;
        }
    },
    /** Upon the latest of the series: only what has changed since is read. The first one is full. */
    INCREMENTAL {
        @Override
        public boolean buildsOn(Snapshot earlier) {
            return true;
        }
    },
    /** Upon the latest full one of the series: what has changed since that is read. The first one is full. */
    DIFFERENTIAL {
        @Override
        public boolean buildsOn(Snapshot earlier) {
            return earlier.strategy() == FULL;
        }
    };

    /** Whether a new snapshot may have that one as its parent; it has the newest of them. */
    public abstract boolean buildsOn(Snapshot earlier);
}
