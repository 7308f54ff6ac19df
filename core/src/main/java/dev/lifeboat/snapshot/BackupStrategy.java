package dev.lifeboat.snapshot;

/** Selects the earlier snapshot that a new one builds on. With every strategy, each snapshot restores completely. */
public enum BackupStrategy {
    /** Builds on no snapshot: everything is read, and stored as far as the repository lacks it. */
    FULL {
        @Override
        public boolean buildsOn(Snapshot earlier) {
            return false;
        }
    },
    /** Builds on the latest snapshot of the series: only what has changed since is read. The first snapshot is full. */
    INCREMENTAL {
        @Override
        public boolean buildsOn(Snapshot earlier) {
            return true;
        }
    },
    /**
     * Builds on the latest full snapshot of the series: what has changed since that one is read. The first snapshot is
     * full.
     */
    DIFFERENTIAL {
        @Override
        public boolean buildsOn(Snapshot earlier) {
            return earlier.strategy() == FULL;
        }
    };

    /**
     * Returns whether {@code earlier} is a candidate for the parent of a new snapshot; the newest candidate becomes the
     * parent.
     */
    public abstract boolean buildsOn(Snapshot earlier);
}
