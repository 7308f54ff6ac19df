package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.SparseMap;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Writes headers of tar members: ustar (POSIX.1-2017, pax, "ustar Interchange Format"), with a pax extended header for
 * everything that ustar cannot hold. Extended attributes are {@code SCHILY.xattr} records and sparse files are
 * GNU.sparse 1.0, both as GNU tar writes them.
 */
public final class TarHeaders {
    /** The block size of tar, in bytes. */
    public static final int BLOCK = 512;

    private static final long MAX_OCTAL_7 = 07777777L;
    private static final long MAX_OCTAL_11 = 077777777777L;
    private static final Map<EntryType, Character> TYPE_FLAGS = Map.of(
            EntryType.FILE, '0',
            EntryType.HARD_LINK, '1',
            EntryType.SYMLINK, '2',
            EntryType.CHARACTER_DEVICE, '3',
            EntryType.BLOCK_DEVICE, '4',
            EntryType.DIRECTORY, '5',
            EntryType.FIFO, '6');

    private TarHeaders() {}

    /** Returns the number of bytes of padding in the last block. */
    public static int padding(long size) {
        return (int) (-size & (BLOCK - 1));
    }

    /** Returns the two zero blocks at the end of an archive. */
    public static byte[] endOfArchive() {
        return new byte[2 * BLOCK];
    }

    /** Returns the header of an entry without holes that is followed by {@code size} bytes. */
    public static byte[] of(Entry entry, long size) {
        byte[] name = name(entry);
        return header(entry, name, new PaxRecords(), size);
    }

    /**
     * Returns the header of a sparse file. Its data begins with a map of {@code mapBytes} bytes, which count as data.
     */
    public static byte[] ofSparse(Entry entry, SparseMap map, int mapBytes) {
        PaxRecords pax = new PaxRecords();
        pax.add(PaxRecords.SPARSE + "major", "1");
        pax.add(PaxRecords.SPARSE + "minor", "0");
        pax.add(PaxRecords.SPARSE + "name", name(entry));
        pax.add(PaxRecords.SPARSE + "realsize", Long.toString(map.size()));
        byte[] stand = "GNUSparseFile.0/".getBytes(StandardCharsets.US_ASCII);
        byte[] last = entry.path().name().toByteArray();
        byte[] name = Arrays.copyOf(stand, stand.length + Math.min(last.length, 80));
        System.arraycopy(last, 0, name, stand.length, name.length - stand.length);
        return header(entry, name, pax, mapBytes + map.dataBytes());
    }

    /** Returns a GNU.sparse 1.0 map, padded to whole blocks. */
    public static byte[] sparseMap(SparseMap map) {
        int regions = map.regions();
        boolean holeAtEnd = regions == 0 || map.offset(regions - 1) + map.length(regions - 1) < map.size();
        StringBuilder text = new StringBuilder();
        text.append(regions + (holeAtEnd ? 1 : 0)).append('\n');
        for (int i = 0; i < regions; i++) {
            text.append(map.offset(i)).append('\n').append(map.length(i)).append('\n');
        }
        if (holeAtEnd) {
            text.append(map.size()).append("\n0\n");
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
        return Arrays.copyOf(bytes, bytes.length + padding(bytes.length));
    }

    private static byte[] name(Entry entry) {
        byte[] path = entry.path().toByteArray();
        if (entry.type() != EntryType.DIRECTORY) {
            return path;
        }
        byte[] name = Arrays.copyOf(entry.path().isRoot() ? new byte[] {'.'} : path, Math.max(path.length, 1) + 1);
        name[name.length - 1] = '/';
        return name;
    }

    private static byte[] header(Entry entry, byte[] name, PaxRecords pax, long size) {
        Attributes attributes = entry.attributes();
        byte[] block = new byte[BLOCK];
        if (!putName(block, name)) {
            pax.add("path", name);
        }
        byte[] link = entry.link().map(ByteString::toByteArray).orElse(new byte[0]);
        if (link.length <= 100) {
            System.arraycopy(link, 0, block, 157, link.length);
        } else {
            pax.add("linkpath", link);
            System.arraycopy(link, 0, block, 157, 100);
        }
        octal(block, 100, 8, attributes.mode());
        number(block, 108, 8, attributes.uid(), MAX_OCTAL_7, "uid", pax);
        number(block, 116, 8, attributes.gid(), MAX_OCTAL_7, "gid", pax);
        number(block, 124, 12, size, MAX_OCTAL_11, "size", pax);
        long seconds = attributes.modified().getEpochSecond();
        if (seconds < 0 || seconds > MAX_OCTAL_11 || attributes.modified().getNano() != 0) {
            pax.add("mtime", PaxRecords.time(attributes.modified()));
        }
        octal(block, 136, 12, Math.max(0, Math.min(seconds, MAX_OCTAL_11)));
        if (entry.type() != EntryType.HARD_LINK) {
            attributes.xattrs().forEach(pax::addXattr);
        }
        DeviceNumber device = entry.device().orElse(new DeviceNumber(0, 0));
        number(block, 329, 8, device.major(), MAX_OCTAL_7, "SCHILY.devmajor", pax);
        number(block, 337, 8, device.minor(), MAX_OCTAL_7, "SCHILY.devminor", pax);
        finish(block, flag(entry.type()));
        if (pax.isEmpty()) {
            return block;
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(paxHeader(entry, pax.toByteArray()));
        out.writeBytes(block);
        return out.toByteArray();
    }

    private static char flag(EntryType type) {
        Character flag = TYPE_FLAGS.get(type);
        if (flag == null) {
            throw new IllegalStateException("no tar type for " + type);
        }
        return flag;
    }

    /** Returns the header of a member of GNU tar that holds a long name for the next one. */
    static byte[] longName(char type, int length) {
        byte[] block = new byte[BLOCK];
        byte[] name = "././@LongLink".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(name, 0, block, 0, name.length);
        octal(block, 100, 8, 0);
        octal(block, 108, 8, 0);
        octal(block, 116, 8, 0);
        octal(block, 124, 12, length);
        octal(block, 136, 12, 0);
        finish(block, type);
        return block;
    }

    private static byte[] paxHeader(Entry entry, byte[] records) {
        byte[] block = new byte[BLOCK];
        byte[] stand = "PaxHeaders/".getBytes(StandardCharsets.US_ASCII);
        byte[] last = entry.path().name().toByteArray();
        System.arraycopy(stand, 0, block, 0, stand.length);
        System.arraycopy(last, 0, block, stand.length, Math.min(last.length, 80));
        octal(block, 100, 8, 0644);
        octal(block, 108, 8, 0);
        octal(block, 116, 8, 0);
        octal(block, 124, 12, records.length);
        octal(block, 136, 12, Math.max(0, Math.min(entry.attributes().modified().getEpochSecond(), MAX_OCTAL_11)));
        octal(block, 329, 8, 0);
        octal(block, 337, 8, 0);
        finish(block, 'x');
        byte[] out = Arrays.copyOf(block, BLOCK + records.length + padding(records.length));
        System.arraycopy(records, 0, out, BLOCK, records.length);
        return out;
    }

    /** Writes name and prefix if they fit. Otherwise writes a truncated name and returns false. */
    private static boolean putName(byte[] block, byte[] name) {
        if (name.length <= 100) {
            System.arraycopy(name, 0, block, 0, name.length);
            return true;
        }
        for (int slash = Math.min(155, name.length - 2); slash > 0 && name.length - slash - 1 <= 100; slash--) {
            if (name[slash] == '/') {
                System.arraycopy(name, slash + 1, block, 0, name.length - slash - 1);
                System.arraycopy(name, 0, block, 345, slash);
                return true;
            }
        }
        System.arraycopy(name, 0, block, 0, 100);
        return false;
    }

    private static void number(byte[] block, int at, int width, long value, long max, String keyword, PaxRecords pax) {
        if (value > max) {
            pax.add(keyword, Long.toString(value));
        }
        octal(block, at, width, Math.min(value, max));
    }

    private static void octal(byte[] block, int at, int width, long value) {
        String digits = Long.toOctalString(value);
        for (int i = 0; i < width - 1; i++) {
            int digit = i - (width - 1 - digits.length());
            block[at + i] = (byte) (digit < 0 ? '0' : digits.charAt(digit));
        }
    }

    private static void finish(byte[] block, char type) {
        block[156] = (byte) type;
        byte[] magic = "ustar\00000".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(magic, 0, block, 257, magic.length);
        octal(block, 148, 7, checksum(block));
        block[155] = ' ';
    }

    /** Returns the sum of all bytes, with the checksum field itself taken as spaces. */
    static int checksum(byte[] block) {
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : block[i] & 0xff;
        }
        return sum;
    }
}
