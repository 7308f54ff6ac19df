package dev.lifeboat.snapshot;

/** Identifies a snapshot in its repository: 32 lower-case hex digits. Nothing is to be read from them; later releases may choose them in other ways. */
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

    /** What the ids of a series, and of few others, begin with. */
    String series() {
        return value.substring(0, 8);
    }

    /** The last eight digits, for people: those that were chosen at random. */
    @Override
    public String toString() {
        return value.substring(24);
    }
}
