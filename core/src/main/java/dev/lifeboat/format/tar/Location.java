package dev.lifeboat.format.tar;

/**
 * Where the content of a file lies.
 *
 * @param archive name of the archive: this one or an earlier one
 * @param offset of its first byte in the uncompressed tar
 * @param length of what is stored: of the content, or for a sparse file of its map and its regions
 * @param sparse whether it begins with a GNU.sparse 1.0 map
 * @param sha256 of the stored bytes
 */
record Location(String archive, long offset, long length, boolean sparse, String sha256) {
    Location {
        if (!archive.matches("[0-9a-f]{32}") || !sha256.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("invalid place of content: " + archive + ", " + sha256);
        }
    }
}
