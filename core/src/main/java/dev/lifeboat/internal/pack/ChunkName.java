package dev.lifeboat.internal.pack;

import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.internal.io.Digests;
import java.util.Arrays;

/** The name of a chunk: 32 bytes derived from its content. Immutable. */
public final class ChunkName {
    /** The length of a name, in bytes. */
    public static final int BYTES = RepositoryKeys.NAME_BYTES;

    private final byte[] bytes;

    private ChunkName(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns a name that wraps the array. The array must not be changed afterwards. */
    public static ChunkName of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a name has " + bytes.length + " bytes");
        }
        return new ChunkName(bytes);
    }

    /** Returns a name copied from an array. */
    public static ChunkName at(byte[] array, int offset) {
        return new ChunkName(Arrays.copyOfRange(array, offset, offset + BYTES));
    }

    /**
     * Parses what {@link #toString} returned.
     *
     * @throws IllegalArgumentException if it is not a name
     */
    public static ChunkName parse(String hex) {
        return of(java.util.HexFormat.of().parseHex(hex));
    }

    /** Returns the bytes of the name, not copied. They must not be changed. */
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
