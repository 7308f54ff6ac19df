package dev.lifeboat.internal.tree;

import dev.lifeboat.format.DamagedException;
import java.nio.charset.StandardCharsets;

/**
 * Encodes fingerprints. One that consists of hex numbers joined by hyphens is stored as numbers, since they differ
 * little from one file to the next. Others are stored as text.
 */
final class Fingerprint {
    static final int MAX_PARTS = 4;
    private static final int MAX_DIGITS = 15;

    private Fingerprint() {}

    /** Writes a fingerprint. Returns whether it was written as numbers. */
    static boolean write(Column out, String fingerprint, long[] last) {
        long[] parts = new long[MAX_PARTS];
        int count = parse(fingerprint, parts);
        if (count < 0) {
            byte[] text = fingerprint.getBytes(StandardCharsets.UTF_8);
            out.varint(text.length);
            out.bytes(text);
            return false;
        }
        out.varint(count);
        for (int i = 0; i < count; i++) {
            out.zigzag(parts[i] - last[i]);
            last[i] = parts[i];
        }
        return true;
    }

    /** Returns the number of parts; -1 if numbers would not reproduce the text exactly. */
    private static int parse(String text, long[] parts) {
        int count = 0;
        int digits = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i == text.length() ? '-' : text.charAt(i);
            if (c == '-') {
                if (digits == 0 || ++count == MAX_PARTS && i < text.length()) {
                    return -1;
                }
                digits = 0;
            } else {
                int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
                boolean leadingZero = digits == 1 && parts[count] == 0;
                if (digit < 0 || leadingZero || ++digits > MAX_DIGITS) {
                    return -1;
                }
                parts[count] = parts[count] << 4 | digit;
            }
        }
        return count;
    }

    static String read(ColumnReader in, boolean numeric, long[] last) throws DamagedException {
        int count = in.size();
        if (!numeric) {
            return new String(in.bytes(count), StandardCharsets.UTF_8);
        }
        if (count < 1 || count > MAX_PARTS) {
            throw new DamagedException("a fingerprint has " + count + " parts");
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < count; i++) {
            last[i] += in.zigzag();
            out.append(i == 0 ? "" : "-").append(Long.toHexString(last[i]));
        }
        return out.toString();
    }
}
