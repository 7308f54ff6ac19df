package dev.lifeboat.internal.index;

import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;

/**
 * Ids of packs, numbered in the order in which they were added, in arrays: about 24 bytes each. Not thread-safe while
 * it is filled.
 */
public final class PackIds {
    private long[] ids = new long[32];
    private int[] slots = newSlots(64);
    private int size;

    /** Creates an empty set. */
    public PackIds() {}

    /** Returns a set of ids in text form. */
    public static PackIds of(Collection<String> ids) {
        PackIds all = new PackIds();
        ids.forEach(all::add);
        return all;
    }

    private static int[] newSlots(int length) {
        int[] slots = new int[length];
        Arrays.fill(slots, -1);
        return slots;
    }

    static long high(String id) {
        return HexFormat.fromHexDigitsToLong(id, 0, 16);
    }

    static long low(String id) {
        return HexFormat.fromHexDigitsToLong(id, 16, 32);
    }

    /** Adds an id if it is not in the set. Returns its number. */
    public int add(String id) {
        long high = high(id);
        long low = low(id);
        int known = find(high, low);
        if (known >= 0) {
            return known;
        }
        if (size * 2 == ids.length) {
            ids = Arrays.copyOf(ids, ids.length * 2);
        }
        ids[size * 2] = high;
        ids[size * 2 + 1] = low;
        if (size >= slots.length / 4 * 3) {
            slots = newSlots(slots.length * 2);
            for (int i = 0; i < size; i++) {
                link(i);
            }
        }
        link(size);
        return size++;
    }

    private void link(int number) {
        int slot = slot(ids[number * 2], ids[number * 2 + 1]);
        while (slots[slot] >= 0) {
            slot = slot + 1 & slots.length - 1;
        }
        slots[slot] = number;
    }

    /** Returns the first slot for an id. Ids of packs of one session share a prefix, so the hash mixes both halves. */
    private int slot(long high, long low) {
        long mixed = (high ^ low) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & slots.length - 1;
    }

    /** Returns the number of an id; -1 if it is not in the set. */
    public int find(String id) {
        return find(high(id), low(id));
    }

    int find(long high, long low) {
        for (int slot = slot(high, low); slots[slot] >= 0; slot = slot + 1 & slots.length - 1) {
            int number = slots[slot];
            if (ids[number * 2] == high && ids[number * 2 + 1] == low) {
                return number;
            }
        }
        return -1;
    }

    /** Returns whether an id is in the set. */
    public boolean contains(String id) {
        return find(id) >= 0;
    }

    /** Returns whether an id is in the set, given its first and its last 8 bytes. */
    public boolean contains(long high, long low) {
        return find(high, low) >= 0;
    }

    long high(int number) {
        return ids[number * 2];
    }

    long low(int number) {
        return ids[number * 2 + 1];
    }

    /** Returns an id by its number. */
    public String id(int number) {
        return HexFormat.of().toHexDigits(high(number)) + HexFormat.of().toHexDigits(low(number));
    }

    /** Returns the number of ids. */
    public int size() {
        return size;
    }
}
