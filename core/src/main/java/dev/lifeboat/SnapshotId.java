package dev.lifeboat;

/** Identifies a snapshot in its repository: 32 lower-case hex digits, at random. */
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

    /** The first eight digits, for people. */
    @Override
    public String toString() {
        return value.substring(0, 8);
    }
}
