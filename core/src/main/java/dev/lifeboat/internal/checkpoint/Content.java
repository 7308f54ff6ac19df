package dev.lifeboat.internal.checkpoint;

import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.internal.io.BlockSums;
import java.util.Optional;

/**
 * Where a {@link ContentStore} has the content of a file.
 *
 * @param offset in the store
 * @param size in bytes
 * @param kind how it lies there
 * @param map its regions, which lie one after the other, of a file with holes that was copied
 * @param sums checksums of its blocks, of a longer file that was copied
 */
record Content(long offset, long size, Kind kind, Optional<SparseMap> map, Optional<BlockSums> sums) {
    static final Content EMPTY = new Content(0, 0, Kind.COPIED, Optional.empty(), Optional.empty());

    enum Kind {
        /** It was copied. */
        COPIED,
        /** It shares its blocks with the file, until one of the two is written to. */
        SHARED
    }
}
