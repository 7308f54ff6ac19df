package dev.lifeboat.format.tar;

/**
 * The location of a file's content.
 *
 * @param archive name of the archive: the same one or an earlier one
 * @param offset offset of the first byte in the uncompressed tar
 * @param length length of the stored bytes: the content, or for a sparse file its map and its regions
 * @param sparse whether the stored bytes begin with a GNU.sparse 1.0 map
 * @param sha256 digest of the stored bytes
 */
record Location(String archive, long offset, long length, boolean sparse, String sha256) {
    Location {
        if (!archive.matches("[0-9a-f]{32}") || !sha256.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("invalid content location: " + archive + ", " + sha256);
        }
    }
}
