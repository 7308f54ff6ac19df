package dev.lifeboat.snapshot;

import org.jspecify.annotations.Nullable;

/**
 * Identifies a snapshot in its repository: 32 lower-case hex digits. The digits have no public meaning; later releases
 * may choose them differently.
 */
public record SnapshotId(String value) implements Comparable<SnapshotId> {
    public SnapshotId {
        if (!value.matches("[0-9a-f]{32}")) {
            throw new IllegalArgumentException("invalid snapshot id '" + value + "'");
        }
    }

    @Override
    public int compareTo(SnapshotId other) {
        return value.compareTo(other.value);
    }

    /** Returns the prefix that the ids of a series share, and few other ids have. */
    String series() {
        return value.substring(0, 8);
    }

    /** Returns the last eight digits, which are random, as a short form for people. */
    @Override
    public String toString() {
        return value.substring(24);
    }

    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof SnapshotId other && value.equals(other.value);
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }
}
