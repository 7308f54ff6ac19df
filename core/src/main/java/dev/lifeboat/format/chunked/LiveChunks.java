package dev.lifeboat.format.chunked;

import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.pack.ChunkHeader;
import java.util.BitSet;

/**
 * The chunks to keep, one copy of each, and their packs. Takes a bit a chunk, and a number a pack. Used by one thread.
 */
final class LiveChunks {
    private static final int MAX_BETWEEN_BYTES = 512 << 10;

    private final ChunkIndex index;
    private final BitSet kept = new BitSet();
    private final long[] bytes;

    LiveChunks(ChunkIndex index) {
        this.index = index;
        this.bytes = new long[index.packCount()];
    }

    void keep(int entry) {
        kept.set(entry);
        Place place = index.entry(entry);
        bytes[place.packNumber()] += ChunkHeader.BYTES + place.storedLength();
    }

    /** Returns the number of bytes of a pack that are needed and in no other pack, including headers. */
    long bytes(int pack) {
        return bytes[pack];
    }

    /**
     * Returns the last entry to keep that is worth reading in one request with {@code entry}: the gaps between them
     * cost less than another request.
     *
     * @param most maximum bytes to read
     */
    int together(int pack, int entry, int most) {
        int start = index.entry(entry).offset();
        int last = entry;
        for (int next = entry; (next = next(pack, next + 1)) >= 0; last = next) {
            int between = index.entry(next).offset() - end(last);
            if (between < 0 || between > MAX_BETWEEN_BYTES || end(next) - start > most) {
                break;
            }
        }
        return last;
    }

    /** Returns the offset in its pack at which an entry ends. */
    int end(int entry) {
        Place place = index.entry(entry);
        return place.offset() + ChunkHeader.BYTES + place.storedLength();
    }

    /** Returns the first entry to keep at or after {@code from}; -1 if there is none in the pack. */
    int next(int pack, int from) {
        int next = kept.nextSetBit(Math.max(from, index.firstOf(pack)));
        return next < index.endOf(pack) ? next : -1;
    }
}
