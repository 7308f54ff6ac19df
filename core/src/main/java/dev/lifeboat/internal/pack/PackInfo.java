package dev.lifeboat.internal.pack;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.format.RepositoryKeys.SealingKey;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The id of a pack and the keys of its chunks, without the chunks. Thread-safe. */
public final class PackInfo {
    private static final int ID_BYTES = 16;

    private final byte[] id;
    private final String text;
    private final List<byte[]> wrapped;
    private final @Nullable SealingKey[] keys;
    private final @Nullable Right[] rights;

    PackInfo(byte[] id, List<byte[]> wrapped) {
        this.id = id;
        this.text = HexFormat.of().formatHex(id);
        this.wrapped = List.copyOf(wrapped);
        this.keys = new SealingKey[wrapped.size()];
        this.rights = new Right[wrapped.size()];
    }

    /** Returns the id of the pack: 32 hex digits. */
    public String id() {
        return text;
    }

    /** Returns the key under which the pack is stored. */
    public ObjectKey key() {
        return key(id());
    }

    /**
     * Returns the key under which the pack with an id is stored. The last digits spread packs over directories, since
     * the first ones identify the session that wrote the pack.
     */
    public static ObjectKey key(String id) {
        return RepositoryLayout.pack(id);
    }

    /** Returns the key that opens chunks. */
    SealingKey key(RepositoryKeys repository, Right right, int number) throws IOException {
        if (number >= keys.length) {
            throw new DamagedException("a chunk is sealed by key " + number + " of " + keys.length);
        }
        synchronized (keys) {
            SealingKey key = keys[number];
            if (key == null || rights[number] != right) {
                key = repository.unwrap(right, wrapped.get(number));
                keys[number] = key;
                rights[number] = right;
            }
            return key;
        }
    }

    /** Returns a key of this pack as stored. */
    byte[] wrapped(int number) throws DamagedException {
        if (number >= wrapped.size()) {
            throw new DamagedException("a chunk is sealed by key " + number + " of " + wrapped.size());
        }
        return wrapped.get(number);
    }

    /** Returns the number of bytes that {@link #write} takes. */
    int bytes() {
        return ID_BYTES + 1 + wrapped.stream().mapToInt(w -> 1 + w.length).sum();
    }

    void write(ByteBuffer out) {
        out.put(id).put((byte) wrapped.size());
        for (byte[] key : wrapped) {
            out.put((byte) key.length).put(key);
        }
    }

    /** Encodes this pack. */
    public byte[] toBytes() {
        ByteBuffer out = ByteBuffer.allocate(bytes());
        write(out);
        return out.array();
    }

    /** Reads what {@link #toBytes} returned. More bytes may follow. */
    public static PackInfo read(ByteBuffer in) throws DamagedException {
        try {
            byte[] id = new byte[ID_BYTES];
            in.get(id);
            int count = in.get() & 0xff;
            List<byte[]> wrapped = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                byte[] key = new byte[in.get() & 0xff];
                in.get(key);
                wrapped.add(key);
            }
            return new PackInfo(id, wrapped);
        } catch (BufferUnderflowException e) {
            throw new DamagedException("the list of keys of a pack is cut off", e);
        }
    }

    @Override
    public String toString() {
        return id();
    }
}
