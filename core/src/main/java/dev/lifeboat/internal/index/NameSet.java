package dev.lifeboat.internal.index;

import dev.lifeboat.internal.pack.ChunkName;
import java.nio.ByteBuffer;

/** Names of chunks, in an array: 43 to 64 bytes each. Thread-safe. */
public final class NameSet {
    private long[] table = new long[4 << 8];
    private int size;
    private boolean hasZero;

    /** Starts empty. */
    public NameSet() {}

    /** Adds a name; false if it is there already. */
    public synchronized boolean add(ChunkName name) {
        ByteBuffer bytes = ByteBuffer.wrap(name.bytes());
        if (size * 4L >= table.length / 4 * 3L) {
            grow();
        }
        return add(bytes.getLong(0), bytes.getLong(8), bytes.getLong(16), bytes.getLong(24));
    }

    /** How many there are. */
    public synchronized int size() {
        return hasZero ? size + 1 : size;
    }

    /** Whether a name is there. */
    public synchronized boolean contains(ChunkName name) {
        ByteBuffer bytes = ByteBuffer.wrap(name.bytes());
        return find(bytes.getLong(0), bytes.getLong(8), bytes.getLong(16), bytes.getLong(24)) < 0;
    }

    private boolean add(long a, long b, long c, long d) {
        if ((a | b | c | d) == 0) {
            // All zeros marks a free place.
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

    /** A free place for a name; negative if it is there. */
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
