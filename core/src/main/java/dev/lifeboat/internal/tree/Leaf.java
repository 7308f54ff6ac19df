package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.SparseMap;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A page of entries while it is written. See docs/FORMAT.md, section 11. Not thread-safe. */
final class Leaf {
    static final int COLUMNS = 11;
    static final int PATHS = 0;
    static final int FORMS = 1;
    static final int ATTRIBUTES = 2;
    static final int ATTRIBUTE_TABLE = 3;
    static final int TIMES = 4;
    static final int SIZES = 5;
    static final int LINKS = 6;
    static final int FINGERPRINTS = 7;
    static final int SLICES = 8;
    static final int HOLES = 9;
    static final int PIECES = 10;

    /** Bits of a form: three for the type, then these. */
    static final int FINGERPRINT = 8;

    static final int NUMERIC = 16;
    static final int SPARSE = 32;
    static final int CONTENT_SHIFT = 6;
    /** How the content is encoded: none; the piece that follows the last one; a piece; slices. */
    static final int NONE = 0;

    static final int NEXT_PIECE = 1;
    static final int PIECE = 2;
    static final int LIST = 3;

    /** The index is the stored code, so types are only ever added at the end. */
    static final List<EntryType> TYPES = List.of(
            EntryType.FILE,
            EntryType.DIRECTORY,
            EntryType.SYMLINK,
            EntryType.HARD_LINK,
            EntryType.FIFO,
            EntryType.CHARACTER_DEVICE,
            EntryType.BLOCK_DEVICE);

    private record AttributeSet(int mode, long uid, long gid, Map<ByteString, ByteString> xattrs) {
        // Written out: see StartUpTest.
        @Override
        public boolean equals(@Nullable Object object) {
            return object instanceof AttributeSet other
                    && mode == other.mode
                    && uid == other.uid
                    && gid == other.gid
                    && xattrs.equals(other.xattrs);
        }

        @Override
        public int hashCode() {
            return ((mode * 31 + Long.hashCode(uid)) * 31 + Long.hashCode(gid)) * 31 + xattrs.hashCode();
        }
    }

    private final Column[] columns = new Column[COLUMNS];
    private final Map<AttributeSet, Integer> attributeSets = new HashMap<>();
    private final Names nodes = new Names();
    private final Names data = new Names();
    private byte[] lastPath = new byte[0];
    private long pathBytes;
    private long lastSeconds;
    private final long[] lastFingerprint = new long[Fingerprint.MAX_PARTS];
    private int lastChunk = -1;
    private long nextOffset;
    private int count;

    Leaf() {
        for (int i = 0; i < COLUMNS; i++) {
            columns[i] = new Column();
        }
    }

    /** Returns the number of bytes of all paths when decoded. */
    long pathBytes() {
        return pathBytes;
    }

    int count() {
        return count;
    }

    /** Returns the number of bytes so far, without names of chunks. */
    int bytes() {
        int total = 0;
        for (Column column : columns) {
            total += column.length();
        }
        return total;
    }

    void add(TreeEntry stored) {
        Entry entry = stored.entry();
        lastPath = PathColumn.write(columns[PATHS], lastPath, entry.path());
        pathBytes += lastPath.length;
        int form = TYPES.indexOf(entry.type());
        attributes(entry.attributes());
        entry.link().ifPresent(link -> {
            columns[LINKS].varint(link.length());
            columns[LINKS].bytes(link.toByteArray());
        });
        if (entry.device().isPresent()) {
            DeviceNumber device = entry.device().get();
            columns[LINKS].varint(device.major());
            columns[LINKS].varint(device.minor());
        }
        if (entry.fingerprint().isPresent()) {
            form |= FINGERPRINT;
            if (Fingerprint.write(columns[FINGERPRINTS], entry.fingerprint().get(), lastFingerprint)) {
                form |= NUMERIC;
            }
        }
        if (stored.content().isPresent()) {
            columns[SIZES].varint(entry.size().orElseThrow());
            form |= content(stored.content().get());
        }
        columns[FORMS].put((byte) form);
        count++;
    }

    private void attributes(Attributes attributes) {
        AttributeSet set = new AttributeSet(attributes.mode(), attributes.uid(), attributes.gid(), attributes.xattrs());
        Integer number = attributeSets.get(set);
        if (number == null) {
            number = attributeSets.size();
            attributeSets.put(set, number);
            Column table = columns[ATTRIBUTE_TABLE];
            table.varint(set.mode());
            table.varint(set.uid());
            table.varint(set.gid());
            table.varint(set.xattrs().size());
            set.xattrs().forEach((name, value) -> {
                table.varint(name.length());
                table.bytes(name.toByteArray());
                table.varint(value.length());
                table.bytes(value.toByteArray());
            });
        }
        columns[ATTRIBUTES].varint(number);
        Instant time = attributes.modified();
        columns[TIMES].zigzag(time.getEpochSecond() - lastSeconds);
        columns[TIMES].varint(time.getNano());
        lastSeconds = time.getEpochSecond();
    }

    private int content(FileContent content) {
        int form = 0;
        if (content.holes().isPresent()) {
            form |= SPARSE;
            SparseMap map = content.holes().get();
            columns[HOLES].varint(map.regions());
            long end = 0;
            for (int i = 0; i < map.regions(); i++) {
                columns[HOLES].varint(map.offset(i) - end);
                columns[HOLES].varint(map.length(i));
                end = map.offset(i) + map.length(i);
            }
        }
        if (content.slices().isEmpty()) {
            return form;
        }
        if (content.piece() == null) {
            slices(content);
            return form | LIST << CONTENT_SHIFT;
        }
        columns[PIECES].bytes(content.piece());
        Slice slice = content.slices().get(0);
        int chunk = data.number(slice.chunk());
        boolean next = chunk == lastChunk && slice.offset() == nextOffset;
        if (!next) {
            columns[SLICES].varint(chunk);
            columns[SLICES].varint(slice.offset());
        }
        lastChunk = chunk;
        nextOffset = slice.offset() + slice.length();
        return form | (next ? NEXT_PIECE : PIECE) << CONTENT_SHIFT;
    }

    private void slices(FileContent content) {
        Column out = columns[SLICES];
        out.varint(content.depth());
        out.varint(content.slices().size());
        for (Slice slice : content.slices()) {
            out.varint((content.depth() > 0 ? nodes : data).number(slice.chunk()));
            out.varint(slice.offset());
            out.varint(slice.length());
        }
    }

    byte[] toBytes() {
        return Column.join(columns);
    }

    Node node(dev.lifeboat.internal.pack.ChunkName page) {
        return new Node(0, page, nodes.list(), data.list());
    }
}
