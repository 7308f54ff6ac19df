package dev.lifeboat.format.chunked;

import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.pack.ChunkHeader;
import java.util.BitSet;

/** Which chunks stay, of each one copy, and in which packs. A bit a chunk, and a number a pack. Used by one thread. */
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

    /** Bytes of a pack that are needed, and only there; headers included. */
    long bytes(int pack) {
        return bytes[pack];
    }

    /**
     * The last entry that stays and is to be read together with one: what lies between costs less than another request.
     *
     * @param most bytes to read
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

    /** Where in its pack an entry ends. */
    int end(int entry) {
        Place place = index.entry(entry);
        return place.offset() + ChunkHeader.BYTES + place.storedLength();
    }

    /** The first entry from one on that stays; -1 if there is none in its pack. */
    int next(int pack, int from) {
        int next = kept.nextSetBit(Math.max(from, index.firstOf(pack)));
        return next < index.endOf(pack) ? next : -1;
    }
}
