package dev.lifeboat.internal.tar;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads a tar as a stream: ustar, pax, and the extensions of GNU tar (long names, numbers in base 256, sparse files).
 * Names keep their bytes. Invalid input is a {@link DamagedException}. Lengths are checked before anything is
 * allocated. Not thread-safe.
 */
public final class TarReader {
    /** The maximum length of an extended header, such as a path or all extended attributes. Longer ones are refused. */
    private static final int MAX_HEADER_BYTES = 8 << 20;

    private final InputStream in;
    private final byte[] block = new byte[TarHeaders.BLOCK];
    private final Map<String, byte[]> global = new HashMap<>();
    private final boolean lenient;
    private long left;
    private int padding;
    private long lossyMembers;
    private long strippedNames;
    private boolean endMissing;

    /** Reads from a stream, which is not closed. */
    public TarReader(InputStream in) {
        this(in, false);
    }

    private TarReader(InputStream in, boolean lenient) {
        this.in = in;
        this.lenient = lenient;
    }

    /**
     * Reads a tar that another program wrote, as GNU tar does: slashes at the beginning of names are stripped, and
     * the end of the stream after a whole member ends the archive.
     */
    public static TarReader lenient(InputStream in) {
        return new TarReader(in, true);
    }

    /** Returns how many members had ACLs, SELinux labels or attributes in forms that are not read. */
    public long lossyMembers() {
        return lossyMembers;
    }

    /** Returns how many names and link targets began with a slash, which was stripped. */
    public long strippedNames() {
        return strippedNames;
    }

    /** Returns whether the archive ended without its end-of-archive mark. */
    public boolean isEndMissing() {
        return endMissing;
    }

    /**
     * Moves to the next member and skips what is left of the current one.
     *
     * @return empty at the end of the archive
     * @throws DamagedException if the stream ends without an end-of-archive mark, is not a tar, or holds a name that
     *     leads out of the archive
     */
    public Optional<TarMember> next() throws IOException {
        skipRest();
        Map<String, byte[]> pax = new HashMap<>(global);
        byte @Nullable [] longName = null;
        byte @Nullable [] longLink = null;
        while (true) {
            Io.checkInterrupt();
            if (!readHeader()) {
                return Optional.empty();
            }
            char flag = (char) (block[156] & 0xff);
            long size = number(124, 12);
            if (flag == 'x' || flag == 'g' || flag == 'L' || flag == 'K') {
                byte[] data = readData(size);
                switch (flag) {
                    case 'x' -> pax.putAll(PaxRecords.parse(data));
                    case 'g' -> {
                        global.putAll(PaxRecords.parse(data));
                        pax.putAll(global);
                    }
                    case 'L' -> longName = cString(data, 0, data.length);
                    default -> longLink = cString(data, 0, data.length);
                }
            } else if (flag == 'V' || flag == 'M' || flag == 'N') {
                begin(size);
                skipRest();
            } else {
                return Optional.of(member(flag, size, pax, longName, longLink));
            }
        }
    }

    private TarMember member(
            char flag, long headerSize, Map<String, byte[]> pax, byte @Nullable [] longName, byte @Nullable [] longLink)
            throws IOException {
        byte[] name = first(pax.get(PaxRecords.SPARSE + "name"), pax.get("path"), longName, ustarName());
        byte[] link = first(pax.get("linkpath"), longLink, null, cString(block, 157, 100));
        EntryType type = type(flag, name);
        long stored = pax.containsKey("size") ? decimal(pax, "size") : headerSize;
        if (type != EntryType.FILE && type != EntryType.HARD_LINK) {
            stored = flag == 'D' ? stored : 0;
        }
        EntryPath path = path(name);
        strippedNames += lenient && name.length > 0 && name[0] == '/' ? 1 : 0;
        if (path.isRoot() && type != EntryType.DIRECTORY) {
            throw new DamagedException("a " + type + " in the tar has no name");
        }
        Attributes attributes = attributes(pax);
        begin(type == EntryType.HARD_LINK ? 0 : stored);
        InputStream content = new MemberStream();
        long size = stored;
        if (flag == 'S' || pax.containsKey(PaxRecords.SPARSE + "major") || pax.containsKey(PaxRecords.SPARSE + "map")) {
            SparseMap map = flag == 'S' ? oldGnuMap() : paxMap(pax);
            if (map.dataBytes() > left) {
                throw new DamagedException("the sparse map of '" + path + "' lists more data than the member holds");
            }
            size = map.size();
            content = new SparseInputStream(map, content);
        } else if (pax.containsKey(PaxRecords.SPARSE + "size")) {
            throw new DamagedException(
                    "'" + path + "' is sparse in the GNU 0.0 form, which is not supported; write it with "
                            + "--sparse-version=1.0");
        }
        if (type == EntryType.HARD_LINK && path(link).isRoot()) {
            throw new DamagedException("refused: '" + path + "' is a hard link to the root");
        }
        boolean linked = type == EntryType.SYMLINK || type == EntryType.HARD_LINK;
        Optional<DeviceNumber> device = type == EntryType.CHARACTER_DEVICE || type == EntryType.BLOCK_DEVICE
                ? Optional.of(new DeviceNumber(device(pax, "major", 329), device(pax, "minor", 337)))
                : Optional.empty();
        Optional<ByteString> target = !linked
                ? Optional.empty()
                : Optional.of(
                        ByteString.of(type == EntryType.HARD_LINK ? path(link).toByteArray() : link));
        return new TarMember(path, type, attributes, target, device, size, content);
    }

    private Attributes attributes(Map<String, byte[]> pax) throws IOException {
        SortedMap<ByteString, ByteString> xattrs = new TreeMap<>();
        for (Map.Entry<String, byte[]> record : pax.entrySet()) {
            if (record.getKey().startsWith(PaxRecords.XATTR)) {
                xattrs.put(PaxRecords.xattrName(record.getKey()), ByteString.of(record.getValue()));
            }
        }
        if (isLossy(pax, !xattrs.isEmpty())) {
            lossyMembers++;
        }
        long uid = pax.containsKey("uid") ? decimal(pax, "uid") : number(108, 8);
        long gid = pax.containsKey("gid") ? decimal(pax, "gid") : number(116, 8);
        try {
            // Some writers put the file type into the mode; Engine 20.10 does.
            Instant modified = pax.containsKey("mtime")
                    ? PaxRecords.parseTime(text(pax, "mtime"))
                    : Instant.ofEpochSecond(TarNumbers.signed(block, 136, 12));
            return new Attributes((int) (number(100, 8) & 07777), uid, gid, modified, xattrs);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new DamagedException("a tar header is damaged: " + e.getMessage(), e);
        }
    }

    /** Whether a header has attributes in forms that are not read; bsdtar writes its own besides one that is. */
    private static boolean isLossy(Map<String, byte[]> pax, boolean hasXattrs) {
        return pax.keySet().stream()
                .anyMatch(key -> key.startsWith("SCHILY.acl.")
                        || key.equals("RHT.security.selinux")
                        || key.startsWith("LIBARCHIVE.xattr.") && !hasXattrs);
    }

    private static EntryType type(char flag, byte[] name) throws DamagedException {
        return switch (flag) {
            case 0, '0', '7' -> name.length > 0 && name[name.length - 1] == '/' ? EntryType.DIRECTORY : EntryType.FILE;
            case 'S' -> EntryType.FILE;
            case '1' -> EntryType.HARD_LINK;
            case '2' -> EntryType.SYMLINK;
            case '3' -> EntryType.CHARACTER_DEVICE;
            case '4' -> EntryType.BLOCK_DEVICE;
            case '5', 'D' -> EntryType.DIRECTORY;
            case '6' -> EntryType.FIFO;
            default ->
                throw new DamagedException("unknown type '" + flag + "' of '" + ByteString.of(name) + "' in the tar");
        };
    }

    /** Removes leading {@code ./} and trailing slashes. Refuses names that lead out of the archive. */
    private EntryPath path(byte[] name) throws DamagedException {
        int from = 0;
        if (lenient && name.length > 1 && name[0] == '/') {
            while (from < name.length && name[from] == '/') {
                from++;
            }
        }
        int to = name.length;
        while (to > 0 && name[to - 1] == '/') {
            to--;
        }
        while (from + 1 < to && name[from] == '.' && name[from + 1] == '/') {
            from += 2;
        }
        if (to - from == 1 && name[from] == '.' || lenient && to <= from && name.length > 0) {
            return EntryPath.root();
        }
        try {
            return EntryPath.of(Arrays.copyOfRange(name, from, Math.max(from, to)));
        } catch (IllegalArgumentException e) {
            throw new DamagedException("refused: " + e.getMessage(), e);
        }
    }

    private SparseMap paxMap(Map<String, byte[]> pax) throws IOException {
        if (!pax.containsKey(PaxRecords.SPARSE + "major")) {
            SparseMap.Builder map = SparseMap.ofSize(decimal(pax, PaxRecords.SPARSE + "size"));
            String[] numbers = text(pax, PaxRecords.SPARSE + "map").split(",", -1);
            for (int i = 0; i + 1 < numbers.length; i += 2) {
                region(map, TarNumbers.decimal(numbers[i]), TarNumbers.decimal(numbers[i + 1]));
            }
            return map.build();
        }
        SparseMap.Builder map = SparseMap.ofSize(decimal(pax, PaxRecords.SPARSE + "realsize"));
        SparseMapParser.parse(new MemberStream(), map);
        return map.build();
    }

    private SparseMap oldGnuMap() throws IOException {
        SparseMap.Builder map = SparseMap.ofSize(number(483, 12));
        byte[] header = block.clone();
        boolean more = header[482] != 0;
        for (int i = 0; i < 4; i++) {
            oldGnuRegion(map, header, 386 + 24 * i);
        }
        while (more) {
            readBlock();
            more = block[504] != 0;
            for (int i = 0; i < 21; i++) {
                oldGnuRegion(map, block, 24 * i);
            }
        }
        return map.build();
    }

    private static void oldGnuRegion(SparseMap.Builder map, byte[] from, int at) throws DamagedException {
        if (from[at] != 0) {
            region(map, TarNumbers.number(from, at, 12), TarNumbers.number(from, at + 12, 12));
        }
    }

    static void region(SparseMap.Builder map, long offset, long length) throws DamagedException {
        try {
            map.data(offset, length);
        } catch (IllegalArgumentException e) {
            throw new DamagedException("invalid sparse map in the tar: " + e.getMessage(), e);
        }
    }

    private boolean readHeader() throws IOException {
        int n = Io.readFully(in, block, 0, TarHeaders.BLOCK);
        if (n == 0 && lenient) {
            endMissing = true;
            return false;
        }
        if (n != TarHeaders.BLOCK) {
            throw endedEarly();
        }
        if (isZero(block)) {
            // POSIX requires two zero blocks. If the second stayed unread, it could be left behind in a pipe.
            int second = Io.readFully(in, block, 0, TarHeaders.BLOCK);
            if (second == 0 && lenient) {
                return false;
            }
            if (second != TarHeaders.BLOCK || !isZero(block)) {
                throw new DamagedException("the tar has a single zero block where its end should be");
            }
            return false;
        }
        if (number(148, 8) != TarHeaders.checksum(block)) {
            throw new DamagedException("a tar header is damaged: its checksum does not match");
        }
        return true;
    }

    private void readBlock() throws IOException {
        if (Io.readFully(in, block, 0, TarHeaders.BLOCK) != TarHeaders.BLOCK) {
            throw endedEarly();
        }
    }

    private static DamagedException endedEarly() {
        return new DamagedException("the tar ends early, without its end-of-archive mark");
    }

    private byte[] readData(long size) throws IOException {
        if (size > MAX_HEADER_BYTES) {
            throw new DamagedException(
                    "an extended tar header claims " + size + " bytes; refused over " + MAX_HEADER_BYTES);
        }
        begin(size);
        byte[] data = new MemberStream().readNBytes((int) size);
        skipRest();
        return data;
    }

    private void begin(long size) {
        left = size;
        padding = TarHeaders.padding(size);
    }

    private void skipRest() throws IOException {
        byte[] buffer = new byte[left > 0 ? Io.BUFFER_BYTES : 0];
        while (left > 0) {
            Io.checkInterrupt();
            if (new MemberStream().read(buffer, 0, buffer.length) < 0) {
                break;
            }
        }
        if (padding > 0) {
            if (Io.readFully(in, block, 0, padding) != padding) {
                throw new DamagedException("the tar ends early, in the padding of a member");
            }
            padding = 0;
        }
    }

    private byte[] ustarName() {
        byte[] name = cString(block, 0, 100);
        boolean posix = block[262] == 0 && block[257] == 'u';
        byte[] prefix = posix ? cString(block, 345, 155) : new byte[0];
        if (prefix.length == 0) {
            return name;
        }
        byte[] joined = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
        joined[prefix.length] = '/';
        System.arraycopy(name, 0, joined, prefix.length + 1, name.length);
        return joined;
    }

    private long device(Map<String, byte[]> pax, String which, int at) throws IOException {
        long value = pax.containsKey("SCHILY.dev" + which) ? decimal(pax, "SCHILY.dev" + which) : number(at, 8);
        if (value > 0xFFFF_FFFFL) {
            throw new DamagedException("device number out of range in the tar: " + value);
        }
        return value;
    }

    private long number(int at, int width) throws DamagedException {
        return TarNumbers.number(block, at, width);
    }

    private static long decimal(Map<String, byte[]> pax, String keyword) throws DamagedException {
        return TarNumbers.decimal(text(pax, keyword));
    }

    private static String text(Map<String, byte[]> pax, String keyword) throws DamagedException {
        byte[] value = pax.get(keyword);
        if (value == null) {
            throw new DamagedException("a pax header lacks " + keyword);
        }
        return new String(value, StandardCharsets.ISO_8859_1);
    }

    private static byte[] cString(byte[] from, int at, int most) {
        int end = at;
        while (end < at + most && from[end] != 0) {
            end++;
        }
        return Arrays.copyOfRange(from, at, end);
    }

    private static byte[] first(byte @Nullable [] one, byte @Nullable [] two, byte @Nullable [] three, byte[] last) {
        return one != null ? one : two != null ? two : three != null ? three : last;
    }

    private static boolean isZero(byte[] block) {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    /** The unread rest of the current member. */
    private final class MemberStream extends BulkInputStream {
        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            if (len == 0) {
                return 0;
            }
            if (left == 0) {
                return -1;
            }
            int n = in.read(b, off, (int) Math.min(len, left));
            if (n < 0) {
                throw new DamagedException("the tar ends early, " + left + " bytes before the end of a member");
            }
            left -= n;
            return n;
        }
    }
}
