package dev.lifeboat.internal.index;

import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Directory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Chunks by name, in arrays: 52 bytes each and, for finding them, 4 bytes a slot of a hash table that is filled to between three eighths and three
 * quarters. A chunk may be there several times, once for each pack that it lies in. Not thread-safe.
 */
final class ChunkTable {
    private static final int SEGMENT_BITS = 13;
    private static final int SEGMENT = 1 << SEGMENT_BITS;
    private static final int NUMBERS = 5;

    private long[][] names = new long[16][];
    private int[][] numbers = new int[16][];
    private int[] slots = newSlots(1 << 10);
    private int size;

    private static int[] newSlots(int length) {
        int[] slots = new int[length];
        Arrays.fill(slots, -1);
        return slots;
    }

    int size() {
        return size;
    }

    /** Adds all chunks of a pack. */
    void addAll(Directory directory, int pack) {
        ByteBuffer bytes = ByteBuffer.wrap(directory.names());
        for (int i = 0; i < directory.count(); i++) {
            int at = i * ChunkName.BYTES;
            if (find(directory.name(i), p -> p == pack) >= 0) {
                // Once is enough; and many of one name would make finding them slow.
                continue;
            }
            int entry = add(bytes.getLong(at), bytes.getLong(at + 8), bytes.getLong(at + 16), bytes.getLong(at + 24));
            int[] segment = numbers[entry >> SEGMENT_BITS];
            int base = (entry & SEGMENT - 1) * NUMBERS;
            segment[base] = pack;
            segment[base + 1] = directory.offset(i);
            segment[base + 2] = directory.storedLength(i);
            segment[base + 3] = directory.plainLength(i);
            segment[base + 4] = directory.kindCode(i);
        }
    }

    private int add(long a, long b, long c, long d) {
        int segment = size >> SEGMENT_BITS;
        if (segment == names.length) {
            names = Arrays.copyOf(names, segment * 2);
            numbers = Arrays.copyOf(numbers, segment * 2);
        }
        if (names[segment] == null) {
            names[segment] = new long[SEGMENT * 4];
            numbers[segment] = new int[SEGMENT * NUMBERS];
        }
        long[] longs = names[segment];
        int base = (size & SEGMENT - 1) * 4;
        longs[base] = a;
        longs[base + 1] = b;
        longs[base + 2] = c;
        longs[base + 3] = d;
        if (size >= slots.length / 4 * 3) {
            int[] larger = newSlots(slots.length * 2);
            slots = larger;
            for (int i = 0; i < size; i++) {
                link(i);
            }
        }
        link(size);
        return size++;
    }

    private void link(int entry) {
        int slot = slot(names[entry >> SEGMENT_BITS][(entry & SEGMENT - 1) * 4]);
        while (slots[slot] >= 0) {
            slot = slot + 1 & slots.length - 1;
        }
        slots[slot] = entry;
    }

    /** Names are evenly spread already, but without a key whoever makes content can choose them: so not only the first bits. */
    private int slot(long first) {
        long mixed = first * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & slots.length - 1;
    }

    /** Finds the first entry of a name in a pack that will do; -1 if there is none. */
    int find(ChunkName name, IntPredicate pack) {
        ByteBuffer bytes = ByteBuffer.wrap(name.bytes());
        long a = bytes.getLong(0);
        for (int slot = slot(a); slots[slot] >= 0; slot = slot + 1 & slots.length - 1) {
            int entry = slots[slot];
            long[] longs = names[entry >> SEGMENT_BITS];
            int base = (entry & SEGMENT - 1) * 4;
            if (longs[base] == a
                    && longs[base + 1] == bytes.getLong(8)
                    && longs[base + 2] == bytes.getLong(16)
                    && longs[base + 3] == bytes.getLong(24)
                    && pack.test(pack(entry))) {
                return entry;
            }
        }
        return -1;
    }

    /** Finds the first entry of the name of an entry, itself maybe. */
    int first(int entry) {
        return find(name(entry), pack -> true);
    }

    ChunkName name(int entry) {
        ByteBuffer out = ByteBuffer.allocate(ChunkName.BYTES);
        long[] longs = names[entry >> SEGMENT_BITS];
        int base = (entry & SEGMENT - 1) * 4;
        out.putLong(longs[base])
                .putLong(longs[base + 1])
                .putLong(longs[base + 2])
                .putLong(longs[base + 3]);
        return ChunkName.of(out.array());
    }

    private int number(int entry, int which) {
        return numbers[entry >> SEGMENT_BITS][(entry & SEGMENT - 1) * NUMBERS + which];
    }

    int pack(int entry) {
        return number(entry, 0);
    }

    int offset(int entry) {
        return number(entry, 1);
    }

    int storedLength(int entry) {
        return number(entry, 2);
    }

    int plainLength(int entry) {
        return number(entry, 3);
    }

    int kindCode(int entry) {
        return number(entry, 4);
    }
}
