package dev.lifeboat.snapshot;

import dev.lifeboat.entry.Problem;
import dev.lifeboat.format.ArchiveRoot;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One point in time of one source, as recorded in the repository. Immutable.
 *
 * @param id names it
 * @param source names the series it belongs to
 * @param time when reading began, by the clock of the host that backed up
 * @param strategy what it came out as: {@link BackupStrategy#FULL} if it builds upon none, whatever was asked for
 * @param parent what it builds upon
 * @param tags names and values given at backup
 * @param archive where its content is
 * @param stats what was counted
 * @param problems what could not be kept: the first 1,000; none are shown to who may only write, since they name paths
 */
public record Snapshot(
        SnapshotId id,
        String source,
        Instant time,
        BackupStrategy strategy,
        Optional<SnapshotId> parent,
        SortedMap<String, String> tags,
        ArchiveRoot archive,
        Stats stats,
        List<Problem> problems) {
    public Snapshot {
        tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
        problems = List.copyOf(problems);
    }

    /**
     * What a backup counted.
     *
     * @param entries in the snapshot
     * @param unchanged of them, taken over from the parent without reading
     * @param contentBytes length of all files in the snapshot
     * @param bytesRead from the source
     * @param bytesStored in the store, after compression
     * @param problems how many of each kind
     * @param quiesced how long the source was quiesced; empty if it was not
     * @param duration of the backup
     */
    public record Stats(
            long entries,
            long unchanged,
            long contentBytes,
            long bytesRead,
            long bytesStored,
            ProblemCounts problems,
            Optional<Duration> quiesced,
            Duration duration) {}

    /** Returns whether the snapshot has all that it should have. */
    public Completeness completeness() {
        return stats.problems().completeness();
    }

    @Override
    public String toString() {
        return id + " " + source + " " + time + " " + strategy;
    }
}
