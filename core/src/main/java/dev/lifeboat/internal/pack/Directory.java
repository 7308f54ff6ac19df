package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The list of the chunks of one pack and their places, in the form stored at the end of a pack and in index objects.
 * See docs/FORMAT.md, section 9. Kept in arrays, since an index has millions of chunks. Not thread-safe while it is
 * filled.
 */
public final class Directory {
    private static final int ENTRY_BYTES = 1 + ChunkName.BYTES + 12;
    private static final int MAX_CHUNKS = 1 << 20;

    private final PackInfo pack;
    private byte[] names = new byte[64 * ChunkName.BYTES];
    private int[] numbers = new int[64 * 4];
    private int count;

    Directory(PackInfo pack) {
        this.pack = pack;
    }

    /** Returns the pack. */
    public PackInfo pack() {
        return pack;
    }

    /** Returns the number of chunks. */
    public int count() {
        return count;
    }

    void add(ChunkKind kind, ChunkName name, int offset, int storedLength, int plainLength) {
        if (names.length == count * ChunkName.BYTES) {
            names = Arrays.copyOf(names, names.length * 2);
            numbers = Arrays.copyOf(numbers, numbers.length * 2);
        }
        System.arraycopy(name.bytes(), 0, names, count * ChunkName.BYTES, ChunkName.BYTES);
        numbers[count * 4] = kind.code();
        numbers[count * 4 + 1] = offset;
        numbers[count * 4 + 2] = storedLength;
        numbers[count * 4 + 3] = plainLength;
        count++;
    }

    /** Returns the name of a chunk. */
    public ChunkName name(int i) {
        return ChunkName.at(names, i * ChunkName.BYTES);
    }

    /** Returns the code of the kind of a chunk. */
    public int kindCode(int i) {
        return numbers[i * 4];
    }

    /** Returns the offset of the header of a chunk in the pack. */
    public int offset(int i) {
        return numbers[i * 4 + 1];
    }

    /** Returns the number of bytes after the header. */
    public int storedLength(int i) {
        return numbers[i * 4 + 2];
    }

    /** Returns the number of bytes before compression. */
    public int plainLength(int i) {
        return numbers[i * 4 + 3];
    }

    /** Returns the length of a pack with this directory. */
    public long packLength() {
        long end = PackFile.headLength(pack);
        for (int i = 0; i < count; i++) {
            end = Math.max(end, offset(i) + (long) ChunkHeader.BYTES + storedLength(i));
        }
        return end + byteCount() + PackFile.TAIL_BYTES;
    }

    /** Returns the length of the result of {@link #toBytes}. */
    public int byteCount() {
        return pack.bytes() + 4 + count * ENTRY_BYTES;
    }

    /** Encodes this directory. */
    public byte[] toBytes() {
        ByteBuffer out = ByteBuffer.allocate(byteCount());
        pack.write(out);
        out.putInt(count);
        for (int i = 0; i < count; i++) {
            out.put((byte) kindCode(i)).put(names, i * ChunkName.BYTES, ChunkName.BYTES);
            out.putInt(offset(i)).putInt(storedLength(i)).putInt(plainLength(i));
        }
        return out.array();
    }

    /** Reads a directory that takes up all remaining bytes. */
    public static Directory read(ByteBuffer in) throws IOException {
        Directory directory = new Directory(PackInfo.read(in));
        int chunks = in.remaining() < 4 ? -1 : in.getInt();
        if (chunks < 0 || chunks > MAX_CHUNKS || (long) chunks * ENTRY_BYTES != in.remaining()) {
            throw new DamagedException("the directory of a pack does not have the length that it declares");
        }
        byte[] name = new byte[ChunkName.BYTES];
        for (int i = 0; i < chunks; i++) {
            ChunkKind kind = ChunkKind.of(in.get());
            in.get(name);
            int offset = in.getInt();
            int stored = in.getInt();
            int plain = in.getInt();
            if (offset < 0
                    || stored < 0
                    || plain < 0
                    || plain > Naming.MAX_CHUNK_BYTES
                    || stored > 2 * Naming.MAX_CHUNK_BYTES
                    || offset > Integer.MAX_VALUE - ChunkHeader.BYTES - stored) {
                throw new DamagedException(
                        "the directory of a pack lists a chunk whose offset or length is out of range");
            }
            directory.add(kind, ChunkName.of(name.clone()), offset, stored, plain);
        }
        return directory;
    }
}
