package dev.lifeboat.internal.index;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.pack.PackInfo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Packs by number, each with the first of its consecutive chunk entries and with its keys as stored. Only packs in use
 * are kept as objects. Not thread-safe.
 */
final class PackTable {
    private static final int SEGMENT = 1 << 18;
    private static final int KEPT = 1024;

    private final TableMemory memory;
    private final PackIds ids = new PackIds();
    private final List<ByteBuffer> segments = new ArrayList<>();
    /** Where the keys of a pack are: the number of the segment and the offset. */
    private long[] places = new long[16];

    private int[] firstEntries = new int[16];
    private int used = SEGMENT;

    private final Map<Integer, PackInfo> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, PackInfo> eldest) {
            return size() > KEPT;
        }
    };

    PackTable(TableMemory memory) {
        this.memory = memory;
    }

    PackIds ids() {
        return ids;
    }

    int size() {
        return ids.size();
    }

    /** Adds a pack whose chunks are the next entries. */
    int add(PackInfo pack, int firstEntry) {
        int number = ids.add(pack.id());
        if (number == places.length) {
            places = Arrays.copyOf(places, number * 2);
            firstEntries = Arrays.copyOf(firstEntries, number * 2);
        }
        byte[] bytes = pack.toBytes();
        if (SEGMENT - used < bytes.length) {
            segments.add(memory.allocate(SEGMENT));
            used = 0;
        }
        segments.get(segments.size() - 1).put(used, bytes);
        places[number] = (long) (segments.size() - 1) << 32 | used;
        used += bytes.length;
        firstEntries[number] = firstEntry;
        return number;
    }

    int firstEntry(int number) {
        return firstEntries[number];
    }

    PackInfo info(int number) {
        PackInfo pack = kept.get(number);
        if (pack == null) {
            ByteBuffer segment = segments.get((int) (places[number] >>> 32));
            int at = (int) places[number];
            try {
                pack = PackInfo.read(segment.slice(at, SEGMENT - at));
            } catch (DamagedException e) {
                throw new IllegalStateException("cannot read a pack from the in-memory table", e);
            }
            kept.put(number, pack);
        }
        return pack;
    }
}
