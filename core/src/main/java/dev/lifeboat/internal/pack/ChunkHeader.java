package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The header in front of each chunk in a pack. It makes packs readable without any index or key. See docs/FORMAT.md,
 * section 9.
 *
 * @param compressed whether the chunk is compressed with zstd
 * @param key the number of the key of the pack that seals the chunk
 * @param slot the number of the chunk among those that this key seals, unsigned
 * @param plainLength bytes before compression
 * @param storedLength bytes that follow the header
 */
public record ChunkHeader(
        ChunkKind kind, boolean compressed, int key, ChunkName name, int slot, int plainLength, int storedLength) {
    /** The length of a header, in bytes. */
    public static final int BYTES = 56;

    private static final int MAGIC = 'L' << 16 | 'B' << 8 | 'C';
    private static final int VERSION = 1;
    private static final int CHECKED_BYTES = BYTES - 4;

    ChunkHeader withKey(int number) {
        return new ChunkHeader(kind, compressed, number, name, slot, plainLength, storedLength);
    }

    /**
     * Writes the header in front of the stored bytes. They must already be in place, since the checksum covers them.
     */
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

    /**
     * Returns the number of bytes that follow a header at this offset, as the header claims; negative if none begins
     * here.
     */
    static int claimedLength(byte[] pack, int at) {
        ByteBuffer in = ByteBuffer.wrap(pack);
        if (in.getInt(at) != (MAGIC << 8 | VERSION)) {
            return -1;
        }
        int stored = in.getInt(at + CHECKED_BYTES - 4);
        return stored <= pack.length - at - BYTES ? stored : -1;
    }

    /** Reads the header of the chunk at this offset; empty if there is no intact chunk. */
    static Optional<ChunkHeader> find(byte[] pack, int at) {
        try {
            return Optional.of(read(pack, at, pack.length));
        } catch (DamagedException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns the data bound to the sealed bytes: everything that identifies them, but not their place, so that they
     * can move.
     */
    byte[] associated(byte[] repository) {
        ByteBuffer out = ByteBuffer.allocate(repository.length + 2 + ChunkName.BYTES + 8);
        out.put(repository).put((byte) kind.code()).put((byte) (compressed ? 1 : 0));
        out.put(name.bytes()).putInt(slot).putInt(plainLength);
        return out.array();
    }

    /**
     * Reads the header of a chunk whose stored bytes follow it.
     *
     * @param limit where the readable bytes end
     * @throws DamagedException if there is no intact chunk; the message is the cause
     */
    static ChunkHeader read(byte[] pack, int at, int limit) throws DamagedException {
        if (limit - at < BYTES) {
            throw new DamagedException("it ends within the header of a chunk");
        }
        ByteBuffer in = ByteBuffer.wrap(pack, at, BYTES);
        int magic = in.getInt();
        // The version of chunks is that of the format. Another version here is a flipped bit.
        if (magic != (MAGIC << 8 | VERSION)) {
            throw new DamagedException("no chunk begins where one should");
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
            throw new DamagedException("the length of a chunk is out of range");
        }
        if (checksum(pack, at, stored) != in.getInt()) {
            throw new DamagedException("the checksum of a chunk does not match");
        }
        if (codec != 0 && codec != 1) {
            throw new DamagedException("unknown compression of a chunk: " + codec);
        }
        return new ChunkHeader(ChunkKind.of(kind), codec == 1, key, ChunkName.of(name), slot, plain, stored);
    }
}
