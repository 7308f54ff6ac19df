package dev.lifeboat.internal.pack;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.format.RepositoryKeys.SealingKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.util.Arrays;

/** Fetches ranges of packs and opens the chunks in them. Returns only content that matches its name. Thread-safe. */
public final class ChunkReader {
    private final StorageTarget storage;
    private final RepositoryKeys keys;

    /** Reads packs of a store. */
    public ChunkReader(StorageTarget storage, RepositoryKeys keys) {
        this.storage = storage;
        this.keys = keys;
    }

    /**
     * Fetches a range of a pack. The result is shorter if the pack ends earlier.
     *
     * @throws java.io.FileNotFoundException if there is no such pack
     */
    public byte[] fetch(PackInfo pack, long offset, int length) throws IOException {
        return PackFile.read(storage, pack.key(), offset, offset + length);
    }

    /**
     * Opens one chunk.
     *
     * @param bytes a range of the pack
     * @param at the offset in the range at which the header begins
     * @throws DamagedException if it is not the chunk of this name
     */
    public byte[] open(PackInfo pack, byte[] bytes, int at, ChunkName name) throws IOException {
        try {
            ChunkHeader header = ChunkHeader.read(bytes, at, bytes.length);
            if (!header.name().equals(name)) {
                throw new DamagedException("found chunk " + header.name() + " in its place");
            }
            byte[] plain = plain(pack, header, bytes, at + ChunkHeader.BYTES);
            if (!new Naming(keys).of(header.kind(), plain).equals(name)) {
                throw new DamagedException("its content does not match its name");
            }
            return plain;
        } catch (DamagedException e) {
            throw new DamagedException(
                    "chunk " + name + " in " + pack.key() + " in " + storage.location() + " is damaged: "
                            + e.getMessage(),
                    e);
        }
    }

    private byte[] plain(PackInfo pack, ChunkHeader header, byte[] bytes, int at) throws IOException {
        SealingKey key = pack.key(keys, header.kind() == ChunkKind.NODE ? Right.WRITE : Right.READ, header.key());
        byte[] compressed = new byte[Math.max(header.storedLength() - key.overhead(), 0)];
        int length = key.open(
                header.slot(), header.associated(keys.repository()), bytes, at, header.storedLength(), compressed, 0);
        if (header.compressed()) {
            return Compressor.decompress(compressed, 0, length, header.plainLength());
        }
        if (length != header.plainLength()) {
            throw new DamagedException("it has " + length + " bytes, expected " + header.plainLength());
        }
        return length == compressed.length ? compressed : Arrays.copyOf(compressed, length);
    }

    /** Checks the header and the checksum of a chunk, without opening it. */
    @CanIgnoreReturnValue
    public ChunkHeader check(PackInfo pack, byte[] bytes, int at, ChunkName name) throws IOException {
        try {
            ChunkHeader header = ChunkHeader.read(bytes, at, bytes.length);
            if (!header.name().equals(name)) {
                throw new DamagedException("found another chunk in its place");
            }
            return header;
        } catch (DamagedException e) {
            throw new DamagedException(
                    "chunk " + name + " in " + pack.key() + " in " + storage.location() + " is damaged: "
                            + e.getMessage(),
                    e);
        }
    }

    /**
     * Checks the head of a pack.
     *
     * @param bytes the pack from its beginning
     */
    public void checkHead(PackInfo pack, byte[] bytes) throws IOException {
        PackFile.checkHead(bytes, keys, pack, pack.key() + " in " + storage.location());
    }

    /**
     * Checks a chunk as far as the available keys permit: that its content matches its name, or its header and
     * checksum.
     */
    public void checkAll(PackInfo pack, byte[] bytes, int at, ChunkName name) throws IOException {
        if (keys.mayRead() || check(pack, bytes, at, name).kind() == ChunkKind.NODE) {
            open(pack, bytes, at, name);
        }
    }

    /** Reads the directory at the end of a pack. */
    public Directory directory(PackInfo pack, long length) throws IOException {
        return PackFile.readDirectory(storage, keys, pack.key(), length);
    }
}
