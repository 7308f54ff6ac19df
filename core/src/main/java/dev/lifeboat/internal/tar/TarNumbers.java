package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.format.DamagedException;
import java.nio.charset.StandardCharsets;

/** Parses numbers in tar headers. */
final class TarNumbers {
    private TarNumbers() {}

    /** Parses octal digits, or GNU's base 256 if the first bit is set. */
    static long number(byte[] from, int at, int width) throws DamagedException {
        if ((from[at] & 0x80) != 0) {
            long value = from[at] & 0x3f;
            boolean negative = (from[at] & 0x40) != 0;
            for (int i = 1; i < width; i++) {
                if (!negative && value >>> 55 != 0) {
                    throw new DamagedException("a number in a tar header is too large");
                }
                value = value << 8 | from[at + i] & 0xff;
            }
            if (negative) {
                throw new DamagedException("a number in a tar header is negative");
            }
            return value;
        }
        String digits = new String(from, at, width, StandardCharsets.ISO_8859_1)
                .replace('\0', ' ')
                .trim();
        try {
            return digits.isEmpty() ? 0 : Long.parseUnsignedLong(digits, 8);
        } catch (NumberFormatException e) {
            throw new DamagedException("a number in a tar header is invalid: '" + ByteString.utf8(digits) + "'", e);
        }
    }

    /**
     * Parses as {@link #number} does, and also the negative base 256 numbers that GNU tar writes for times before 1970.
     */
    static long signed(byte[] from, int at, int width) throws DamagedException {
        if ((from[at] & 0xff) != 0xff) {
            return number(from, at, width);
        }
        long value = -1;
        for (int i = 1; i < width; i++) {
            value = value << 8 | from[at + i] & 0xff;
        }
        return value;
    }

    static long decimal(String digits) throws DamagedException {
        try {
            long value = Long.parseLong(digits);
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new DamagedException("a number in a pax header is invalid: '" + ByteString.utf8(digits) + "'", e);
        }
        throw new DamagedException("a number in a pax header is negative: " + digits);
    }
}
