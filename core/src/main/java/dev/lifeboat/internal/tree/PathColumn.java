package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.DamagedException;
import java.util.Arrays;

/** Paths, each stored as its difference from the previous one. */
final class PathColumn {
    private PathColumn() {}

    /** Appends a path. Returns the bytes that the next path is compared with. */
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
            throw new DamagedException("the length of a path in a page is out of range");
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
            throw new DamagedException("invalid path in a page: " + e.getMessage(), e);
        }
    }
}
