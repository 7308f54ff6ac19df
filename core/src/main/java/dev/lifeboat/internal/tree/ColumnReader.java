package dev.lifeboat.internal.tree;

import dev.lifeboat.format.DamagedException;
import java.util.Arrays;

/** Reads what {@link Column} wrote, and never past its end. */
final class ColumnReader {
    private final byte[] bytes;
    private int at;
    private final int end;

    ColumnReader(byte[] bytes, int offset, int length) {
        this.bytes = bytes;
        this.at = offset;
        this.end = offset + length;
    }

    /** Splits joined columns. */
    static ColumnReader[] split(byte[] joined, int expected) throws DamagedException {
        ColumnReader in = new ColumnReader(joined, 0, joined.length);
        if (in.varint() != expected) {
            throw new DamagedException("a page does not have " + expected + " columns");
        }
        int[] lengths = new int[expected];
        long total = 0;
        for (int i = 0; i < expected; i++) {
            lengths[i] = in.size();
            total += lengths[i];
        }
        if (total != in.remaining()) {
            throw new DamagedException("the lengths of the columns of a page do not add up to its length");
        }
        ColumnReader[] columns = new ColumnReader[expected];
        int start = in.at;
        for (int i = 0; i < expected; i++) {
            columns[i] = new ColumnReader(joined, start, lengths[i]);
            start += lengths[i];
        }
        return columns;
    }

    int remaining() {
        return end - at;
    }

    byte next() throws DamagedException {
        if (at == end) {
            throw new DamagedException("a column of a page is cut off");
        }
        return bytes[at++];
    }

    long varint() throws DamagedException {
        long number = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte b = next();
            number |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return number;
            }
        }
        throw new DamagedException("a number in a page has more than 64 bits");
    }

    long zigzag() throws DamagedException {
        long number = varint();
        return number >>> 1 ^ -(number & 1);
    }

    /** Reads a number that counts elements or bytes of this page, so no larger than an array. */
    int size() throws DamagedException {
        long number = varint();
        if (number < 0 || number > Integer.MAX_VALUE) {
            throw new DamagedException("a length in a page is out of range: " + Long.toUnsignedString(number));
        }
        return (int) number;
    }

    /** Reads a length of content. */
    long length() throws DamagedException {
        long number = varint();
        if (number < 0) {
            throw new DamagedException("a length in a page is out of range: " + Long.toUnsignedString(number));
        }
        return number;
    }

    byte[] bytes(int count) throws DamagedException {
        if (count < 0 || count > remaining()) {
            throw new DamagedException("a column of a page is cut off");
        }
        at += count;
        return Arrays.copyOfRange(bytes, at - count, at);
    }
}
