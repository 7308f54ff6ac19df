package dev.lifeboat.internal.index;

import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Directory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Chunks by name: 48 bytes each and 4 bytes a slot of a hash table with a load factor between three eighths and three
 * quarters. A chunk may have several entries, one for each pack that holds it. Not thread-safe.
 */
final class ChunkTable {
    private static final int SEGMENT_BITS = 13;
    private static final int SEGMENT = 1 << SEGMENT_BITS;
    private static final int SLOTS = 1 << 20;
    private static final int PACK = ChunkName.BYTES;
    private static final int OFFSET = PACK + 4;
    private static final int STORED_LENGTH = OFFSET + 4;
    private static final int PLAIN_LENGTH = STORED_LENGTH + 4;
    private static final int ENTRY = PLAIN_LENGTH + 4;

    private final TableMemory memory;
    private final List<ByteBuffer> segments = new ArrayList<>();
    /** One more than the number of an entry; 0 if free. */
    private ByteBuffer[] slots = new ByteBuffer[0];

    private int slotCount;
    private int size;

    ChunkTable(TableMemory memory) {
        this.memory = memory;
        newSlots(1 << 10);
    }

    private void newSlots(int count) {
        int length = Math.min(count, SLOTS);
        ByteBuffer[] larger = new ByteBuffer[count / length];
        for (int i = 0; i < larger.length; i++) {
            larger[i] = memory.allocate(length * 4);
        }
        slots = larger;
        slotCount = count;
    }

    /** Returns the entry in a slot; -1 if it is free. */
    private int entry(int slot) {
        return slots[slot / SLOTS].getInt(slot % SLOTS * 4) - 1;
    }

    int size() {
        return size;
    }

    /** Adds all chunks of a pack. */
    void addAll(Directory directory, int pack) {
        int firstOfPack = size;
        for (int i = 0; i < directory.count(); i++) {
            ChunkName name = directory.name(i);
            if (find(name, candidate -> candidate >= firstOfPack) >= 0) {
                // One entry is enough, and many of one name would make lookups slow.
                continue;
            }
            int at = add(name);
            segment(size - 1)
                    .putInt(at + PACK, pack)
                    .putInt(at + OFFSET, directory.offset(i))
                    .putInt(at + STORED_LENGTH, directory.storedLength(i))
                    .putInt(at + PLAIN_LENGTH, directory.plainLength(i));
        }
    }

    /** Adds an entry and returns its offset in its segment. */
    private int add(ChunkName name) {
        if (size >> SEGMENT_BITS == segments.size()) {
            segments.add(memory.allocate(SEGMENT * ENTRY));
        }
        segment(size).put(at(size), name.bytes());
        if (size >= slotCount / 4 * 3) {
            newSlots(slotCount * 2);
            for (int i = 0; i < size; i++) {
                link(i);
            }
        }
        link(size);
        return at(size++);
    }

    private ByteBuffer segment(int entry) {
        return segments.get(entry >> SEGMENT_BITS);
    }

    private static int at(int entry) {
        return (entry & SEGMENT - 1) * ENTRY;
    }

    private void link(int entry) {
        int slot = slot(segment(entry).getLong(at(entry)));
        while (entry(slot) >= 0) {
            slot = slot + 1 & slotCount - 1;
        }
        slots[slot / SLOTS].putInt(slot % SLOTS * 4, entry + 1);
    }

    /**
     * Returns the first slot for a name. Names are evenly distributed, but without a key anyone who creates content can
     * choose them, so the hash does not depend on the first bits only.
     */
    private int slot(long first) {
        long mixed = first * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & slotCount - 1;
    }

    /** Returns the first entry of a name that passes the test; -1 if there is none. */
    int find(ChunkName name, IntPredicate test) {
        ByteBuffer bytes = ByteBuffer.wrap(name.bytes());
        long a = bytes.getLong(0);
        for (int slot = slot(a), entry; (entry = entry(slot)) >= 0; slot = slot + 1 & slotCount - 1) {
            ByteBuffer segment = segment(entry);
            int at = at(entry);
            if (segment.getLong(at) == a
                    && segment.getLong(at + 8) == bytes.getLong(8)
                    && segment.getLong(at + 16) == bytes.getLong(16)
                    && segment.getLong(at + 24) == bytes.getLong(24)
                    && test.test(entry)) {
                return entry;
            }
        }
        return -1;
    }

    /** Returns the first entry with the name of an entry, possibly the entry itself. */
    int first(int entry) {
        return find(name(entry), candidate -> true);
    }

    ChunkName name(int entry) {
        byte[] bytes = new byte[ChunkName.BYTES];
        segment(entry).get(at(entry), bytes);
        return ChunkName.of(bytes);
    }

    private int number(int entry, int which) {
        return segment(entry).getInt(at(entry) + which);
    }

    int pack(int entry) {
        return number(entry, PACK);
    }

    int offset(int entry) {
        return number(entry, OFFSET);
    }

    int storedLength(int entry) {
        return number(entry, STORED_LENGTH);
    }

    int plainLength(int entry) {
        return number(entry, PLAIN_LENGTH);
    }
}
