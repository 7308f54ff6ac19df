package dev.lifeboat.internal.tree;

import java.util.Arrays;

/**
 * Values of one kind, collected over the entries of a page, since together they compress better. Numbers are LEB128.
 */
final class Column {
    private byte[] bytes = new byte[256];
    private int length;

    void put(byte b) {
        ensure(1);
        bytes[length++] = b;
    }

    void bytes(byte[] more) {
        bytes(more, 0, more.length);
    }

    void bytes(byte[] more, int offset, int count) {
        ensure(count);
        System.arraycopy(more, offset, bytes, length, count);
        length += count;
    }

    /** Appends a 64-bit number, unsigned. */
    void varint(long number) {
        ensure(10);
        long left = number;
        while ((left & ~0x7fL) != 0) {
            bytes[length++] = (byte) (left | 0x80);
            left >>>= 7;
        }
        bytes[length++] = (byte) left;
    }

    /** Appends a 64-bit number, signed. */
    void zigzag(long number) {
        varint(number << 1 ^ number >> 63);
    }

    private void ensure(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }

    /** Joins columns: their number, their lengths, their bytes. */
    static byte[] join(Column... columns) {
        Column out = new Column();
        out.varint(columns.length);
        for (Column column : columns) {
            out.varint(column.length);
        }
        for (Column column : columns) {
            out.bytes(column.bytes, 0, column.length);
        }
        return out.toByteArray();
    }
}
