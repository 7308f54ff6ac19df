package dev.lifeboat.internal.frame;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** Reads frames of one object. Each is checked before it is returned. Thread-safe. */
public record FrameSource(StorageTarget storage, ObjectKey key, FrameTable table, FrameCodec.Kind kind) {
    byte[] load(int i) throws IOException {
        return Recovery.reading(storage, key, () -> loadOnce(i));
    }

    private byte[] loadOnce(int i) throws IOException {
        String label = "frame " + i + " of " + key + " in " + storage.location();
        byte[] bytes;
        try (InputStream in = storage.open(key, ByteRange.of(table.offset(i), table.length(i)))) {
            bytes = Io.read(in, table.length(i));
        } catch (FileNotFoundException e) {
            throw new DamagedException("object " + key + " is missing in " + storage.location(), e);
        }
        if (bytes.length != table.length(i)) {
            throw new DamagedException(label + " is damaged: cut off after " + bytes.length + " bytes");
        }
        if (FrameWriter.checksum(bytes) != table.checksum(i)) {
            throw new DamagedException(label + " is damaged: its checksum does not match");
        }
        if (kind == FrameCodec.Kind.NONE && table.length(i) != table.plainLength(i)) {
            throw new DamagedException(label + " is damaged: it is not compressed, but its two lengths differ");
        }
        return new FrameCodec(kind, 0).decompress(bytes, table.plainLength(i), label);
    }
}
