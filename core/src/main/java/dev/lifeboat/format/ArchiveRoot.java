package dev.lifeboat.format;

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
}
