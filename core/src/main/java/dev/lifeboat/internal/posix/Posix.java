package dev.lifeboat.internal.posix;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.internal.io.NativeLibrary;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Checks that the system calls are available on this platform, and holds what they share. */
final class Posix {
    private static final ThreadLocal<ByteBuffer> STAT =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(Stat.BYTES));
    private static final ThreadLocal<Lookup> LOOKUP = ThreadLocal.withInitial(Lookup::new);
    private static final ThreadLocal<ByteBuffer> SCRATCH =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(1 << 16));

    private static final NativeLibrary JNA = new NativeLibrary(
            "JNA",
            "It is unpacked and loaded from a directory that has to be writable and not mounted noexec; name another one"
                    + " with -Djna.tmpdir=DIR",
            Native::getLastError);

    /** Numbers of getdents64 and mknodat (asm/unistd.h). */
    private static final long GETDENTS64;

    private static final long MKNODAT;

    private static final boolean AMD64;
    private static final boolean AARCH64;

    static {
        String arch = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        AMD64 = arch.equals("amd64") || arch.equals("x86_64");
        AARCH64 = arch.equals("aarch64");
        GETDENTS64 = AMD64 ? 217 : 61;
        MKNODAT = AMD64 ? 259 : 33;
    }

    private Posix() {}

    /**
     * Checks that the calls can be made. To be called before the first of them.
     *
     * @throws UnsupportedOperationException if this is another system or processor
     * @throws IllegalStateException if the native library of JNA cannot be loaded
     */
    static void check() {
        String os = System.getProperty("os.name", "");
        if (!os.equals("Linux") || !AMD64 && !AARCH64) {
            throw new UnsupportedOperationException(
                    "directories are captured and restored with all their metadata on Linux, "
                            + "x86-64 and AArch64, only; this is " + os + " on " + System.getProperty("os.arch"));
        }
        JNA.load();
    }

    static int openFlags(boolean directory) {
        // asm/fcntl.h: the two architectures swap these with O_DIRECT and O_LARGEFILE.
        int nofollow = AMD64 ? 0x20000 : 0x8000;
        int directoryFlag = AMD64 ? 0x10000 : 0x4000;
        return LibC.O_CLOEXEC | nofollow | (directory ? directoryFlag : 0);
    }

    static byte[] cString(ByteString text) {
        byte[] out = new byte[text.length() + 1];
        System.arraycopy(text.toByteArray(), 0, out, 0, text.length());
        return out;
    }

    static byte[] cString(String ascii) {
        return (ascii + "\0").getBytes(StandardCharsets.US_ASCII);
    }

    /** Memory for a name and its metadata, at fixed addresses. */
    private static final class Lookup {
        private static final int NAME_BYTES = 256;

        private final ByteBuffer name = ByteBuffer.allocateDirect(NAME_BYTES);
        private final ByteBuffer stat = ByteBuffer.allocateDirect(Stat.BYTES);
        private final long nameAddress = address(name);
        private final long statAddress = address(stat);

        private static long address(ByteBuffer buffer) {
            return Pointer.nativeValue(Native.getDirectBufferPointer(buffer));
        }
    }

    /**
     * Looks a name up without following it.
     *
     * @return the metadata, to be read before the next call of this thread; null if that failed
     */
    static @Nullable ByteBuffer statx(int dirfd, ByteString name) {
        int flags = LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_NO_AUTOMOUNT;
        if (name.length() >= Lookup.NAME_BYTES) {
            ByteBuffer stat = statBuffer();
            return LibC.statx(dirfd, cString(name), flags, LibC.STATX_BASIC_STATS, stat) == 0 ? stat : null;
        }
        Lookup lookup = LOOKUP.get();
        lookup.name.clear().put(name.toByteArray()).put((byte) 0);
        int result = LibC.statx(dirfd, lookup.nameAddress, flags, LibC.STATX_BASIC_STATS, lookup.statAddress);
        return result == 0 ? lookup.stat : null;
    }

    static ByteBuffer statBuffer() {
        return STAT.get();
    }

    /** Returns 64 KiB of scratch space of this thread, cleared. */
    static ByteBuffer scratch() {
        return SCRATCH.get().clear();
    }

    static long getdents(int fd, ByteBuffer into) {
        return LibC.syscall(GETDENTS64, fd, into, into.capacity());
    }

    static int mknodat(int dirfd, byte[] name, int mode, long major, long minor) {
        // gnu_dev_makedev of glibc's sysmacros.h.
        long device = (major & 0xfffL) << 8 | (major & ~0xfffL) << 32 | minor & 0xffL | (minor & ~0xffL) << 12;
        return (int) LibC.syscall(MKNODAT, dirfd, name, mode, device);
    }

    static PosixException failed(String call, String object) {
        return new PosixException(call, object, Native.getLastError());
    }
}
