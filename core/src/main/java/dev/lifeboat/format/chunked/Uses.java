package dev.lifeboat.format.chunked;

import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.pack.ChunkHeader;
import java.util.BitSet;

/** Which chunks stay, of each one copy, and in which packs. A bit a chunk, and a number a pack. Used by one thread. */
final class Uses {
    private final ChunkIndex index;
    private final BitSet kept = new BitSet();
    private final long[] bytes;

    Uses(ChunkIndex index) {
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

    /** The first entry from one on that stays; -1 if there is none in its pack. */
    int next(int pack, int from) {
        int next = kept.nextSetBit(Math.max(from, index.firstOf(pack)));
        return next < index.endOf(pack) ? next : -1;
    }
}
