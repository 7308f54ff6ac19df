package dev.lifeboat.internal.posix;

import dev.lifeboat.entry.DeviceNumber;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;

/**
 * The result of statx. The layout is the same on every architecture (linux/stat.h).
 *
 * @param type the S_IFMT bits
 * @param mode permission bits with setuid, setgid and sticky
 * @param blocks allocated, of 512 bytes
 */
public record Stat(
        int type,
        int mode,
        int links,
        long uid,
        long gid,
        long inode,
        long size,
        long blocks,
        Instant modified,
        Instant changed,
        DeviceNumber special,
        DeviceNumber device) {
    public static final int FIFO = 0010000;
    public static final int CHARACTER_DEVICE = 0020000;
    public static final int DIRECTORY = 0040000;
    public static final int BLOCK_DEVICE = 0060000;
    public static final int FILE = 0100000;
    public static final int SYMLINK = 0120000;
    public static final int SOCKET = 0140000;

    private static final int TYPE_MASK = 0170000;
    static final int BYTES = 256;

    static Stat read(ByteBuffer b) {
        b.order(ByteOrder.nativeOrder());
        int mode = Short.toUnsignedInt(b.getShort(28));
        return new Stat(
                mode & TYPE_MASK,
                mode & ~TYPE_MASK,
                b.getInt(16),
                Integer.toUnsignedLong(b.getInt(20)),
                Integer.toUnsignedLong(b.getInt(24)),
                b.getLong(32),
                b.getLong(40),
                b.getLong(48),
                time(b, 112),
                time(b, 96),
                device(b, 128),
                device(b, 136));
    }

    /** Returns whether the result is that of an inode that has not changed since. */
    static boolean isUnchanged(ByteBuffer b, long inode, long seconds, int nanos) {
        b.order(ByteOrder.nativeOrder());
        return b.getLong(32) == inode && b.getLong(96) == seconds && b.getInt(104) == nanos;
    }

    private static Instant time(ByteBuffer b, int at) {
        return Instant.ofEpochSecond(b.getLong(at), b.getInt(at + 8));
    }

    private static DeviceNumber device(ByteBuffer b, int at) {
        return new DeviceNumber(Integer.toUnsignedLong(b.getInt(at)), Integer.toUnsignedLong(b.getInt(at + 4)));
    }

    public boolean isDirectory() {
        return type == DIRECTORY;
    }

    public boolean isFile() {
        return type == FILE;
    }

    /** Returns what tells this inode from others. */
    public InodeId id() {
        return new InodeId(device, inode);
    }

    /** Returns whether both are the same inode of the same file system. */
    public boolean isSameInode(Stat other) {
        return inode == other.inode && device.equals(other.device);
    }
}
