package dev.lifeboat.internal.posix;

import com.sun.jna.Native;
import dev.lifeboat.entry.ByteString;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads the extended attributes of one path. Names and values are at most 64 KiB each (xattr(7)), as is the list of
 * names.
 */
final class Xattrs {
    /**
     * The maximum total for one entry. XFS stores any number of attributes, and a list of entries must stay readable.
     */
    private static final int MAX_TOTAL_BYTES = 1 << 20;

    private Xattrs() {}

    static SortedMap<ByteString, ByteString> read(byte[] path, boolean follow, String label) throws PosixException {
        ByteBuffer list = Posix.scratch();
        long length =
                follow ? LibC.listxattr(path, list, list.capacity()) : LibC.llistxattr(path, list, list.capacity());
        if (length == 0 || length < 0 && Native.getLastError() == Errno.EOPNOTSUPP) {
            return Collections.emptySortedMap();
        }
        if (length < 0) {
            throw Posix.failed("list the attributes of", label);
        }
        byte[] names = new byte[(int) length];
        list.get(0, names);
        SortedMap<ByteString, ByteString> found = new TreeMap<>();
        long total = 0;
        for (int start = 0, i = 0; i < names.length; i++) {
            if (names[i] == 0) {
                byte[] name = java.util.Arrays.copyOfRange(names, start, i + 1);
                start = i + 1;
                ByteBuffer value = Posix.scratch();
                long n = follow
                        ? LibC.getxattr(path, name, value, value.capacity())
                        : LibC.lgetxattr(path, name, value, value.capacity());
                total += name.length + Math.max(n, 0);
                if (total > MAX_TOTAL_BYTES) {
                    throw new PosixException("keep the attributes of", label, Errno.E2BIG);
                }
                if (n >= 0) {
                    byte[] bytes = new byte[(int) n];
                    value.get(0, bytes);
                    found.put(ByteString.of(java.util.Arrays.copyOf(name, name.length - 1)), ByteString.of(bytes));
                } else if (Native.getLastError() != Errno.ENODATA) {
                    throw Posix.failed("read attribute " + ByteString.of(name) + " of", label);
                }
            }
        }
        return found;
    }
}
