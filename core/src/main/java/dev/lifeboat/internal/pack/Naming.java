package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import java.nio.ByteBuffer;

/**
 * Names chunks by their content. See docs/FORMAT.md, section 9. A content chunk consists of pieces, the parts of it
 * that are files of their own, and is named by the names of its pieces. So a file that is one piece keeps its name,
 * regardless of what it is combined with. Not thread-safe.
 */
public final class Naming {
    private static final int PIECE = 1;
    private static final int DATA = 2;
    private static final int NODE = 3;
    private static final int PAGE = 4;
    private static final int DIRECTORY = 16;
    private static final int INDEX = 17;

    /** The maximum length of a chunk before compression. A larger length is refused before anything is allocated. */
    public static final int MAX_CHUNK_BYTES = 16 << 20;

    private final RepositoryKeys.Namer namer;

    /** Derives names with the keys of a repository. */
    public Naming(RepositoryKeys keys) {
        namer = keys.namer();
    }

    /** Returns the name of a piece of content. */
    public byte[] piece(byte[] bytes, int offset, int length) {
        return namer.name(PIECE, bytes, offset, length);
    }

    /** Returns the name of content made of pieces, given the concatenated names of the pieces. */
    public ChunkName data(byte[] pieceNames, int count) {
        return ChunkName.of(namer.name(DATA, pieceNames, 0, count * ChunkName.BYTES));
    }

    /** Returns the name of a node or page. */
    public ChunkName tree(ChunkKind kind, byte[] bytes, int offset, int length) {
        return ChunkName.of(namer.name(kind == ChunkKind.NODE ? NODE : PAGE, bytes, offset, length));
    }

    byte[] directory(byte[] bytes, int offset, int length) {
        return namer.name(DIRECTORY, bytes, offset, length);
    }

    /** Returns the digest at the end of an index object. */
    public byte[] index(byte[] bytes, int offset, int length) {
        return namer.name(INDEX, bytes, offset, length);
    }

    /** Returns the name of a chunk, given its bytes before compression. */
    ChunkName of(ChunkKind kind, byte[] plain) throws DamagedException {
        if (kind != ChunkKind.DATA) {
            return tree(kind, plain, 0, plain.length);
        }
        int[] lengths = pieces(plain, plain.length);
        byte[] names = new byte[lengths.length * ChunkName.BYTES];
        int at = 0;
        for (int i = 0; i < lengths.length; i++) {
            System.arraycopy(piece(plain, at, lengths[i]), 0, names, i * ChunkName.BYTES, ChunkName.BYTES);
            at += lengths[i];
        }
        return data(names, lengths.length);
    }

    /** Returns the length of the table of pieces at the end of a content chunk. */
    public static int tableBytes(int pieces) {
        return 4 * (pieces + 1);
    }

    /** Writes the table of pieces. */
    public static void putTable(byte[] chunk, int at, int[] lengths, int count) {
        ByteBuffer out = ByteBuffer.wrap(chunk, at, tableBytes(count));
        for (int i = 0; i < count; i++) {
            out.putInt(lengths[i]);
        }
        out.putInt(count);
    }

    /** Reads the lengths of the pieces of a content chunk. */
    public static int[] pieces(byte[] chunk, int length) throws DamagedException {
        int count = length < 4 ? -1 : ByteBuffer.wrap(chunk).getInt(length - 4);
        if (count < 0 || count > (length - 4) / 4) {
            throw new DamagedException("the table of pieces of a chunk does not fit into the chunk");
        }
        ByteBuffer table = ByteBuffer.wrap(chunk, length - tableBytes(count), 4 * count);
        int[] lengths = new int[count];
        long total = 0;
        for (int i = 0; i < count; i++) {
            lengths[i] = table.getInt();
            if (lengths[i] < 0) {
                throw new DamagedException("a piece of a chunk has a negative length");
            }
            total += lengths[i];
        }
        if (total != length - tableBytes(count)) {
            throw new DamagedException("the lengths of the pieces of a chunk do not add up to its length");
        }
        return lengths;
    }
}
