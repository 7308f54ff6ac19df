package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.format.DamagedException;
import java.nio.charset.StandardCharsets;

/** Numbers in headers of a tar that is read. */
final class TarNumbers {
    private TarNumbers() {}

    /** Octal digits, or GNU's base 256 where the first bit is set. */
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

    /** As {@link #number}; GNU tar writes times before 1970 as negative numbers in base 256. */
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
