package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.DamagedException;
import java.util.Arrays;

/** Paths, each as what differs from the one before. */
final class PathColumn {
    private PathColumn() {}

    /** Returns what the next one is to be compared with. */
    static byte[] write(Column out, byte[] last, EntryPath path) {
        byte[] bytes = path.toByteArray();
        int mismatch = Arrays.mismatch(last, bytes);
        int shared = mismatch < 0 ? bytes.length : mismatch;
        out.varint(shared);
        out.varint(bytes.length - shared);
        out.bytes(bytes, shared, bytes.length - shared);
        return bytes;
    }

    static byte[] read(ColumnReader in, byte[] last) throws DamagedException {
        int shared = in.size();
        int more = in.size();
        if (shared > last.length || more > in.remaining()) {
            throw new DamagedException("a path in a page is longer than can be");
        }
        byte[] path = Arrays.copyOf(last, shared + more);
        System.arraycopy(in.bytes(more), 0, path, shared, more);
        return path;
    }

    static EntryPath path(byte[] bytes) throws DamagedException {
        if (bytes.length == 0) {
            return EntryPath.root();
        }
        try {
            return EntryPath.of(bytes);
        } catch (IllegalArgumentException e) {
            throw new DamagedException("a path in a page cannot be: " + e.getMessage(), e);
        }
    }
}
