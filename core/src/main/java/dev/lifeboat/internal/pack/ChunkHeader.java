package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What comes before each chunk in a pack, so that packs can be read without any index or key; docs/FORMAT.md, section 9.
 *
 * @param compressed whether by zstd
 * @param key which of the keys of the pack seals it
 * @param slot number of the chunk among those that key seals, unsigned
 * @param plainLength bytes before compression
 * @param storedLength bytes that follow
 */
public record ChunkHeader(
        ChunkKind kind, boolean compressed, int key, ChunkName name, int slot, int plainLength, int storedLength) {
    /** Length of a header. */
    public static final int BYTES = 56;

    private static final int MAGIC = 'L' << 16 | 'B' << 8 | 'C';
    private static final int VERSION = 1;
    private static final int CHECKED_BYTES = BYTES - 4;

    ChunkHeader withKey(int number) {
        return new ChunkHeader(kind, compressed, number, name, slot, plainLength, storedLength);
    }

    /** Writes it in front of the stored bytes, which must be there already, for their checksum. */
    void write(byte[] pack, int at) {
        ByteBuffer out = ByteBuffer.wrap(pack, at, BYTES);
        out.putInt(MAGIC << 8 | VERSION);
        out.put((byte) kind.code())
                .put((byte) (compressed ? 1 : 0))
                .put((byte) key)
                .put((byte) 0);
        out.put(name.bytes()).putInt(slot).putInt(plainLength).putInt(storedLength);
        out.putInt(checksum(pack, at, storedLength));
    }

    private static int checksum(byte[] pack, int at, int storedLength) {
        CRC32C crc = new CRC32C();
        crc.update(pack, at, CHECKED_BYTES);
        crc.update(pack, at + BYTES, storedLength);
        return (int) crc.getValue();
    }

    /** Length of what a header that begins here would have behind it; negative if none begins here. */
    static int claimedLength(byte[] pack, int at) {
        ByteBuffer in = ByteBuffer.wrap(pack);
        if (in.getInt(at) != (MAGIC << 8 | VERSION)) {
            return -1;
        }
        int stored = in.getInt(at + CHECKED_BYTES - 4);
        return stored <= pack.length - at - BYTES ? stored : -1;
    }

    /** Reads one, with its chunk behind it, if there is a whole one. */
    static Optional<ChunkHeader> find(byte[] pack, int at) {
        try {
            return Optional.of(read(pack, at, pack.length));
        } catch (DamagedException e) {
            return Optional.empty();
        }
    }

    /** What is bound to the sealed bytes: all that says what they are, but not where they lie, so that they can move. */
    byte[] associated(byte[] repository) {
        ByteBuffer out = ByteBuffer.allocate(repository.length + 2 + ChunkName.BYTES + 8);
        out.put(repository).put((byte) kind.code()).put((byte) (compressed ? 1 : 0));
        out.put(name.bytes()).putInt(slot).putInt(plainLength);
        return out.array();
    }

    /**
     * Reads one, with its chunk behind it.
     *
     * @param limit where the readable bytes end
     * @throws DamagedException if this is no whole chunk; then the message says how that shows
     */
    static ChunkHeader read(byte[] pack, int at, int limit) throws DamagedException {
        if (limit - at < BYTES) {
            throw new DamagedException("it ends within the header of a chunk");
        }
        ByteBuffer in = ByteBuffer.wrap(pack, at, BYTES);
        int magic = in.getInt();
        // The version of chunks is that of their format; another one is a flipped bit.
        if (magic != (MAGIC << 8 | VERSION)) {
            throw new DamagedException("where a chunk should begin is something else");
        }
        int kind = in.get();
        int codec = in.get();
        int key = in.get() & 0xff;
        in.get();
        byte[] name = new byte[ChunkName.BYTES];
        in.get(name);
        int slot = in.getInt();
        int plain = in.getInt();
        int stored = in.getInt();
        if (plain < 0 || plain > Naming.MAX_CHUNK_BYTES || stored < 0 || stored > limit - at - BYTES) {
            throw new DamagedException("a chunk is longer than can be");
        }
        if (checksum(pack, at, stored) != in.getInt()) {
            throw new DamagedException("the checksum of a chunk does not match");
        }
        if (codec != 0 && codec != 1) {
            throw new DamagedException("a chunk is compressed in a way that is not known: " + codec);
        }
        return new ChunkHeader(ChunkKind.of(kind), codec == 1, key, ChunkName.of(name), slot, plain, stored);
    }
}
