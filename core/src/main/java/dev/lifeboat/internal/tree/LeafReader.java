package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.pack.Naming;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads a page of entries without trusting it. An impossible value is reported as damage, and no length allocates more
 * than the page holds.
 */
final class LeafReader {
    private final Node node;
    private final ColumnReader[] columns;
    private final List<Attributes> attributeSets = new ArrayList<>();
    private final long[] lastFingerprint = new long[Fingerprint.MAX_PARTS];
    private byte[] lastPath = new byte[0];
    private long pathBytes;
    private long lastSeconds;
    private int lastChunk = -1;
    private long nextOffset;

    private LeafReader(Node node, byte[] page) throws DamagedException {
        this.node = node;
        this.columns = ColumnReader.split(page, Leaf.COLUMNS);
    }

    static List<TreeEntry> read(Node node, byte[] page) throws DamagedException {
        try {
            return new LeafReader(node, page).entries();
        } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
            throw new DamagedException("a page of entries is damaged: " + e.getMessage(), e);
        }
    }

    private List<TreeEntry> entries() throws DamagedException {
        ColumnReader table = columns[Leaf.ATTRIBUTE_TABLE];
        while (table.remaining() > 0) {
            attributeSets.add(attributeSet(table));
        }
        List<TreeEntry> entries = new ArrayList<>();
        EntryPath last = null;
        while (columns[Leaf.FORMS].remaining() > 0) {
            TreeEntry entry = entry();
            EntryPath path = entry.entry().path();
            if (last != null && last.compareTo(path) >= 0) {
                throw new DamagedException("in a page of entries '" + path + "' comes after '" + last + "'");
            }
            last = path;
            entries.add(entry);
        }
        return entries;
    }

    private static Attributes attributeSet(ColumnReader in) throws DamagedException {
        int mode = in.size();
        long uid = in.length();
        long gid = in.length();
        int count = in.size();
        SortedMap<ByteString, ByteString> xattrs = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            ByteString name = ByteString.of(in.bytes(in.size()));
            xattrs.put(name, ByteString.of(in.bytes(in.size())));
        }
        return new Attributes(mode, uid, gid, Instant.EPOCH, xattrs);
    }

    private TreeEntry entry() throws DamagedException {
        int form = columns[Leaf.FORMS].next() & 0xff;
        int typeCode = form & 7;
        if (typeCode >= Leaf.TYPES.size()) {
            throw new DamagedException("unknown type of an entry: " + typeCode);
        }
        EntryType type = Leaf.TYPES.get(typeCode);
        lastPath = PathColumn.read(columns[Leaf.PATHS], lastPath);
        pathBytes += lastPath.length;
        if (pathBytes > 2L * TreeWriter.MAX_PATH_BYTES) {
            throw new DamagedException("the paths of a page exceed the maximum length");
        }
        Attributes attributes = attributes();
        Optional<ByteString> link = type == EntryType.SYMLINK || type == EntryType.HARD_LINK
                ? Optional.of(ByteString.of(columns[Leaf.LINKS].bytes(columns[Leaf.LINKS].size())))
                : Optional.empty();
        Optional<DeviceNumber> device = type == EntryType.CHARACTER_DEVICE || type == EntryType.BLOCK_DEVICE
                ? Optional.of(new DeviceNumber(columns[Leaf.LINKS].length(), columns[Leaf.LINKS].length()))
                : Optional.empty();
        Optional<String> fingerprint = (form & Leaf.FINGERPRINT) != 0
                ? Optional.of(Fingerprint.read(columns[Leaf.FINGERPRINTS], (form & Leaf.NUMERIC) != 0, lastFingerprint))
                : Optional.empty();
        boolean isFile = type == EntryType.FILE;
        OptionalLong size = isFile ? OptionalLong.of(columns[Leaf.SIZES].length()) : OptionalLong.empty();
        Entry entry = new Entry(PathColumn.path(lastPath), type, size, attributes, link, device, fingerprint);
        Optional<FileContent> content = isFile ? Optional.of(content(form, size.getAsLong())) : Optional.empty();
        return new TreeEntry(entry, content);
    }

    private Attributes attributes() throws DamagedException {
        int number = columns[Leaf.ATTRIBUTES].size();
        if (number >= attributeSets.size()) {
            throw new DamagedException("an entry has attributes " + number + " of " + attributeSets.size());
        }
        Attributes set = attributeSets.get(number);
        lastSeconds = Math.addExact(lastSeconds, columns[Leaf.TIMES].zigzag());
        int nanos = columns[Leaf.TIMES].size();
        Instant time = Instant.ofEpochSecond(lastSeconds, nanos);
        return new Attributes(set.mode(), set.uid(), set.gid(), time, set.xattrs());
    }

    private FileContent content(int form, long size) throws DamagedException {
        Optional<SparseMap> holes = (form & Leaf.SPARSE) != 0 ? Optional.of(holes(size)) : Optional.empty();
        long length = holes.map(SparseMap::dataBytes).orElse(size);
        byte @Nullable [] piece = null;
        List<Slice> slices;
        int depth = 0;
        switch (form >> Leaf.CONTENT_SHIFT) {
            case Leaf.NONE -> slices = List.of();
            case Leaf.LIST -> {
                depth = columns[Leaf.SLICES].size();
                slices = slices(columns[Leaf.SLICES], depth, node);
            }
            case Leaf.PIECE -> {
                lastChunk = columns[Leaf.SLICES].size();
                nextOffset = columns[Leaf.SLICES].size();
                slices = piece(length);
                piece = columns[Leaf.PIECES].bytes(FileContent.PIECE_BYTES);
            }
            default -> {
                slices = piece(length);
                piece = columns[Leaf.PIECES].bytes(FileContent.PIECE_BYTES);
            }
        }
        FileContent content = new FileContent(slices, depth, piece, holes);
        if (content.bytes() != length) {
            throw new DamagedException(
                    "the slices of an entry have " + content.bytes() + " bytes, its content has " + length);
        }
        return content;
    }

    private List<Slice> piece(long length) throws DamagedException {
        if (length == 0) {
            throw new DamagedException("a piece is empty");
        }
        Slice slice = new Slice(node.data(lastChunk), offset(nextOffset, length), length);
        nextOffset += length;
        return List.of(slice);
    }

    private static int offset(long offset, long length) throws DamagedException {
        if (offset < 0 || length < 0 || offset > Naming.MAX_CHUNK_BYTES || length > Naming.MAX_CHUNK_BYTES - offset) {
            throw new DamagedException("a slice exceeds the maximum length of a chunk");
        }
        return (int) offset;
    }

    /** Reads slices of chunks, or of nodes if {@code depth} is positive. */
    static List<Slice> slices(ColumnReader in, int depth, Node node) throws DamagedException {
        if (depth > SliceLists.MAX_DEPTH) {
            throw new DamagedException("slices are " + depth + " levels deep");
        }
        int count = in.size();
        List<Slice> slices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = in.size();
            long offset = in.length();
            long length = in.length();
            if (length == 0) {
                throw new DamagedException("a slice is empty");
            }
            slices.add(
                    depth > 0
                            ? new Slice(node.node(number), 0, length)
                            : new Slice(node.data(number), offset(offset, length), length));
        }
        return slices;
    }

    private SparseMap holes(long size) throws DamagedException {
        ColumnReader in = columns[Leaf.HOLES];
        int regions = in.size();
        SparseMap.Builder map = SparseMap.ofSize(size);
        long end = 0;
        for (int i = 0; i < regions; i++) {
            long offset = Math.addExact(end, in.length());
            long length = in.length();
            map.data(offset, length);
            end = offset + length;
        }
        return map.build();
    }
}
