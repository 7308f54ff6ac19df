package dev.lifeboat;

import java.util.List;
import java.util.Optional;

/** Which earlier snapshot a new one builds upon. Whichever it is, every snapshot restores the whole. */
public enum BackupStrategy {
    /** Upon none: everything is read and stored. */
    FULL {
        @Override
        Optional<Snapshot> parent(List<Snapshot> newestFirst) {
            return Optional.empty();
        }
    },
    /** Upon the latest of the series: only what has changed since is read. The first one is full. */
    INCREMENTAL {
        @Override
        Optional<Snapshot> parent(List<Snapshot> newestFirst) {
            return newestFirst.stream().findFirst();
        }
    },
    /** Upon the latest full one of the series: what has changed since that is read. The first one is full. */
    DIFFERENTIAL {
        @Override
        Optional<Snapshot> parent(List<Snapshot> newestFirst) {
            return newestFirst.stream().filter(s -> s.strategy() == FULL).findFirst();
        }
    };

    abstract Optional<Snapshot> parent(List<Snapshot> newestFirst);
}
