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
 * @param id identifies the snapshot
 * @param source name of the series
 * @param time when reading began, by the clock of the host that ran the backup
 * @param strategy the effective strategy: {@link BackupStrategy#FULL} if the snapshot builds on no other, regardless of
 *     the requested one
 * @param parent the snapshot that this one builds on
 * @param tags names and values, given at backup and changed since
 * @param archive location of the content
 * @param stats counts of the backup
 * @param problems what could not be captured: the first 1,000 problems. Empty if the repository is opened with
 *     write-only access, since problems name paths
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
     * The counts of a backup.
     *
     * @param entries entries in the snapshot
     * @param unchanged entries taken over from the parent without reading
     * @param contentBytes length of all files in the snapshot
     * @param bytesRead bytes read from the source
     * @param bytesStored bytes written to the store, after compression
     * @param problems number of problems of each kind
     * @param quiesced how long the source was quiesced; empty if it was not
     * @param duration duration of the backup
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

    /** Returns whether the snapshot has everything that it should have. */
    public Completeness completeness() {
        return stats.problems().completeness();
    }

    @Override
    public String toString() {
        return id + " " + source + " " + time + " " + strategy;
    }
}
