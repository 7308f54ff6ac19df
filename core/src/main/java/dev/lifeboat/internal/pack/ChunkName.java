package dev.lifeboat.internal.pack;

import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.internal.io.Digests;
import java.util.Arrays;

/** Name of a chunk: 32 bytes that follow from its content. Immutable. */
public final class ChunkName {
    /** Bytes of a name. */
    public static final int BYTES = RepositoryKeys.NAME_BYTES;

    private final byte[] bytes;

    private ChunkName(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Takes the bytes over; nobody must change them. */
    public static ChunkName of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a name has " + bytes.length + " bytes");
        }
        return new ChunkName(bytes);
    }

    /** Copies bytes out of an array. */
    public static ChunkName at(byte[] array, int offset) {
        return new ChunkName(Arrays.copyOfRange(array, offset, offset + BYTES));
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws IllegalArgumentException if it is no name
     */
    public static ChunkName parse(String hex) {
        return of(java.util.HexFormat.of().parseHex(hex));
    }

    /** The bytes; nobody must change them. */
    public byte[] bytes() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChunkName that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return bytes[0] << 24 | (bytes[1] & 0xff) << 16 | (bytes[2] & 0xff) << 8 | bytes[3] & 0xff;
    }

    @Override
    public String toString() {
        return Digests.hex(bytes);
    }
}
