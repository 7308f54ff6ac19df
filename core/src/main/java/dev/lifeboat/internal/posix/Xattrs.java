package dev.lifeboat.internal.posix;

import com.sun.jna.Native;
import dev.lifeboat.entry.ByteString;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Reads the extended attributes of one inode. Names and values are at most 64 KiB each (xattr(7)), as is the list of
 * names.
 */
final class Xattrs {
    /**
     * The maximum total for one entry. XFS stores any number of attributes, and a list of entries must stay readable.
     */
    private static final int MAX_TOTAL_BYTES = 1 << 20;

    private final Calls calls;

    private Xattrs(Calls calls) {
        this.calls = calls;
    }

    /** The two system calls. */
    private interface Calls {
        long list(ByteBuffer into);

        long get(byte[] name, ByteBuffer into);
    }

    static Xattrs ofPath(byte[] path, boolean follow) {
        return new Xattrs(new Calls() {
            @Override
            public long list(ByteBuffer into) {
                return follow
                        ? LibC.listxattr(path, into, into.capacity())
                        : LibC.llistxattr(path, into, into.capacity());
            }

            @Override
            public long get(byte[] name, ByteBuffer into) {
                return follow
                        ? LibC.getxattr(path, name, into, into.capacity())
                        : LibC.lgetxattr(path, name, into, into.capacity());
            }
        });
    }

    static Xattrs ofFile(int fd) {
        return new Xattrs(new Calls() {
            @Override
            public long list(ByteBuffer into) {
                return LibC.flistxattr(fd, into, into.capacity());
            }

            @Override
            public long get(byte[] name, ByteBuffer into) {
                return LibC.fgetxattr(fd, name, into, into.capacity());
            }
        });
    }

    SortedMap<ByteString, ByteString> read(Supplier<String> label) throws PosixException {
        ByteBuffer list = Posix.scratch();
        long length = calls.list(list);
        if (length == 0 || length < 0 && Native.getLastError() == Errno.EOPNOTSUPP) {
            return Collections.emptySortedMap();
        }
        if (length < 0) {
            throw Posix.failed("list the attributes of", label.get());
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
                long n = calls.get(name, value);
                total += name.length + Math.max(n, 0);
                if (total > MAX_TOTAL_BYTES) {
                    throw new PosixException("keep the attributes of", label.get(), Errno.E2BIG);
                }
                if (n >= 0) {
                    byte[] bytes = new byte[(int) n];
                    value.get(0, bytes);
                    found.put(ByteString.of(java.util.Arrays.copyOf(name, name.length - 1)), ByteString.of(bytes));
                } else if (Native.getLastError() != Errno.ENODATA) {
                    throw Posix.failed("read attribute " + ByteString.of(name) + " of", label.get());
                }
            }
        }
        return found;
    }
}
