package dev.lifeboat.format;

import org.jspecify.annotations.Nullable;

/**
 * Where the archive of one snapshot begins. Only the format that wrote it can read {@code reference}.
 *
 * @param format name and version of the format, such as {@code tar/1}
 * @param reference 1 to 1,024 characters, printable ASCII
 */
public record ArchiveRoot(String format, String reference) {
    public ArchiveRoot {
        if (!format.matches("[a-z0-9.-]{1,32}/[0-9]{1,4}")) {
            throw new IllegalArgumentException("invalid format id '" + format + "'");
        }
        if (!reference.matches("[\\x20-\\x7e]{1,1024}")) {
            throw new IllegalArgumentException("invalid archive reference of " + reference.length() + " characters");
        }
    }

    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof ArchiveRoot other && format.equals(other.format) && reference.equals(other.reference);
    }

    @Override
    public int hashCode() {
        return 31 * format.hashCode() + reference.hashCode();
    }
}
