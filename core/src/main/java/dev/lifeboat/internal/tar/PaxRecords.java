package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.format.DamagedException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Records of a pax extended header (POSIX.1-2017, pax, "pax Extended Header"): {@code length keyword=value newline}.
 */
final class PaxRecords {
    static final String XATTR = "SCHILY.xattr.";
    static final String SPARSE = "GNU.sparse.";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void add(String keyword, byte[] value) {
        add(keyword.getBytes(StandardCharsets.UTF_8), value);
    }

    void add(String keyword, String value) {
        add(keyword, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Adds an extended attribute. The name keeps its bytes; {@code %} and {@code =} are escaped as GNU tar does. */
    void addXattr(ByteString name, ByteString value) {
        ByteArrayOutputStream keyword = new ByteArrayOutputStream();
        keyword.writeBytes(XATTR.getBytes(StandardCharsets.US_ASCII));
        for (byte b : name.toByteArray()) {
            if (b == '%' || b == '=') {
                keyword.writeBytes((b == '%' ? "%25" : "%3D").getBytes(StandardCharsets.US_ASCII));
            } else {
                keyword.write(b);
            }
        }
        add(keyword.toByteArray(), value.toByteArray());
    }

    private void add(byte[] keyword, byte[] value) {
        int rest = keyword.length + value.length + 3;
        int length = rest + 1;
        while (Integer.toString(length).length() + rest != length) {
            length = Integer.toString(length).length() + rest;
        }
        out.writeBytes((length + " ").getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(keyword);
        out.write('=');
        out.writeBytes(value);
        out.write('\n');
    }

    boolean isEmpty() {
        return out.size() == 0;
    }

    byte[] toByteArray() {
        return out.toByteArray();
    }

    /** Formats seconds with as many decimals as needed. Exact, also before 1970. */
    static String time(Instant time) {
        if (time.getNano() == 0) {
            return Long.toString(time.getEpochSecond());
        }
        long seconds = time.getEpochSecond();
        int nanos = time.getNano();
        String sign = "";
        if (seconds < 0) {
            sign = "-";
            seconds = -seconds - 1;
            nanos = 1_000_000_000 - nanos;
        }
        String digits = String.format("%09d", nanos);
        return sign + seconds + "." + digits.replaceAll("0+$", "");
    }

    static Instant parseTime(String text) throws DamagedException {
        try {
            boolean negative = text.startsWith("-");
            String digits = negative ? text.substring(1) : text;
            int dot = digits.indexOf('.');
            long seconds = Long.parseLong(dot < 0 ? digits : digits.substring(0, dot));
            String fraction = dot < 0 ? "" : digits.substring(dot + 1);
            int nanos = Integer.parseInt((fraction + "000000000").substring(0, 9));
            return negative ? Instant.ofEpochSecond(-seconds).minusNanos(nanos) : Instant.ofEpochSecond(seconds, nanos);
        } catch (RuntimeException e) {
            throw new DamagedException("invalid time in a pax header: '" + text + "'", e);
        }
    }

    /**
     * Reads records. Keywords are kept as ISO 8859-1 text, which preserves their bytes.
     *
     * @throws DamagedException if the lengths do not add up
     */
    static Map<String, byte[]> parse(byte[] data) throws DamagedException {
        Map<String, byte[]> records = new LinkedHashMap<>();
        for (int at = 0; at < data.length && data[at] != 0; ) {
            int space = indexOf(data, (byte) ' ', at, Math.min(data.length, at + 12));
            int length;
            try {
                length = Integer.parseInt(new String(data, at, Math.max(space - at, 0), StandardCharsets.US_ASCII));
            } catch (NumberFormatException e) {
                throw new DamagedException("invalid record length in a pax header", e);
            }
            int end = at + length;
            if (length <= space - at || end < 0 || end > data.length || data[end - 1] != '\n') {
                throw new DamagedException("invalid record length " + length + " in a pax header");
            }
            int equals = indexOf(data, (byte) '=', space + 1, end);
            if (equals < 0) {
                throw new DamagedException("record without '=' in a pax header");
            }
            records.put(
                    new String(data, space + 1, equals - space - 1, StandardCharsets.ISO_8859_1),
                    Arrays.copyOfRange(data, equals + 1, end - 1));
            at = end;
        }
        return records;
    }

    static ByteString xattrName(String keyword) {
        String name = keyword.substring(XATTR.length()).replace("%3D", "=").replace("%25", "%");
        return ByteString.of(name.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static int indexOf(byte[] data, byte wanted, int from, int to) {
        for (int i = from; i < to; i++) {
            if (data[i] == wanted) {
                return i;
            }
        }
        return -1;
    }
}
