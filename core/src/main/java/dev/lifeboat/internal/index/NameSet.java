package dev.lifeboat.internal.index;

import dev.lifeboat.internal.pack.ChunkName;
import java.nio.ByteBuffer;

/** A set of chunk names in an array: 43 to 64 bytes each. Thread-safe. */
public final class NameSet {
    private long[] table = new long[4 << 8];
    private int size;
    private boolean hasZero;

    /** Creates an empty set. */
    public NameSet() {}

    /** Adds a name. Returns false if it is already in the set. */
    public synchronized boolean add(ChunkName name) {
        ByteBuffer bytes = ByteBuffer.wrap(name.bytes());
        if (size * 4L >= table.length / 4 * 3L) {
            grow();
        }
        return add(bytes.getLong(0), bytes.getLong(8), bytes.getLong(16), bytes.getLong(24));
    }

    /** Returns the number of names. */
    public synchronized int size() {
        return hasZero ? size + 1 : size;
    }

    /** Returns whether a name is in the set. */
    public synchronized boolean contains(ChunkName name) {
        ByteBuffer bytes = ByteBuffer.wrap(name.bytes());
        return find(bytes.getLong(0), bytes.getLong(8), bytes.getLong(16), bytes.getLong(24)) < 0;
    }

    private boolean add(long a, long b, long c, long d) {
        if ((a | b | c | d) == 0) {
            // All zeros marks a free slot.
            boolean isNew = !hasZero;
            hasZero = true;
            return isNew;
        }
        int at = find(a, b, c, d);
        if (at < 0) {
            return false;
        }
        table[at * 4] = a;
        table[at * 4 + 1] = b;
        table[at * 4 + 2] = c;
        table[at * 4 + 3] = d;
        size++;
        return true;
    }

    /** Returns a free slot for a name; negative if the name is in the set. */
    private int find(long a, long b, long c, long d) {
        if ((a | b | c | d) == 0) {
            return hasZero ? -1 : 0;
        }
        int mask = table.length / 4 - 1;
        int at = (int) (a * 0x9E3779B97F4A7C15L >>> 32) & mask;
        while ((table[at * 4] | table[at * 4 + 1] | table[at * 4 + 2] | table[at * 4 + 3]) != 0) {
            if (table[at * 4] == a && table[at * 4 + 1] == b && table[at * 4 + 2] == c && table[at * 4 + 3] == d) {
                return -1;
            }
            at = at + 1 & mask;
        }
        return at;
    }

    private void grow() {
        long[] old = table;
        table = new long[old.length * 2];
        size = 0;
        for (int i = 0; i < old.length; i += 4) {
            if ((old[i] | old[i + 1] | old[i + 2] | old[i + 3]) != 0) {
                add(old[i], old[i + 1], old[i + 2], old[i + 3]);
            }
        }
    }
}
