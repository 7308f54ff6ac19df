package dev.lifeboat.internal.pack;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.format.RepositoryKeys.SealingKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.util.Arrays;

/** Fetches ranges of packs and opens the chunks in them; gives nothing that is not what its name says. Thread-safe. */
public final class ChunkReader {
    private final StorageTarget storage;
    private final RepositoryKeys keys;

    /** Reads packs of a store. */
    public ChunkReader(StorageTarget storage, RepositoryKeys keys) {
        this.storage = storage;
        this.keys = keys;
    }

    /**
     * Fetches a range; shorter if the pack ends before.
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
     * @param at where in the range its header begins
     * @throws DamagedException if it is not the chunk of this name
     */
    public byte[] open(PackInfo pack, byte[] bytes, int at, ChunkName name) throws IOException {
        try {
            ChunkHeader header = ChunkHeader.read(bytes, at, bytes.length);
            if (!header.name().equals(name)) {
                throw new DamagedException("in its place is chunk " + header.name());
            }
            byte[] plain = plain(pack, header, bytes, at + ChunkHeader.BYTES);
            if (!new Naming(keys).of(header.kind(), plain).equals(name)) {
                throw new DamagedException("its content does not have its name");
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

    /** Checks a chunk as far as that goes without opening it: its header and its checksum. */
    @CanIgnoreReturnValue
    public ChunkHeader check(PackInfo pack, byte[] bytes, int at, ChunkName name) throws IOException {
        try {
            ChunkHeader header = ChunkHeader.read(bytes, at, bytes.length);
            if (!header.name().equals(name)) {
                throw new DamagedException("in its place is another chunk");
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
     * Checks what a pack begins with.
     *
     * @param bytes from its beginning on
     */
    public void checkHead(PackInfo pack, byte[] bytes) throws IOException {
        PackFile.checkHead(bytes, keys, pack, pack.key() + " in " + storage.location());
    }

    /** Checks a chunk as far as the keys at hand go: that it is what its name says, or its header and its checksum. */
    public void checkAll(PackInfo pack, byte[] bytes, int at, ChunkName name) throws IOException {
        if (keys.mayRead() || check(pack, bytes, at, name).kind() == ChunkKind.NODE) {
            open(pack, bytes, at, name);
        }
    }

    /** Reads what a pack says at its end that is in it. */
    public Directory directory(PackInfo pack, long length) throws IOException {
        return PackFile.readDirectory(storage, keys, pack.key(), length);
    }
}
