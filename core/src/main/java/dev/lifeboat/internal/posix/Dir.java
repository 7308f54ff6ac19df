package dev.lifeboat.internal.posix;

import com.sun.jna.Native;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * An open directory. Everything is done relative to its descriptor and by single names, and no call follows a symbolic link in the
 * last place: so paths may be of any length, and nobody who renames or links meanwhile can lead us elsewhere.
 */
public final class Dir extends Inode {
    private Dir(int fd, String label) {
        super(fd, label);
    }

    /**
     * Opens a directory by its path; links on the way and in the last place are followed.
     *
     * @throws PosixException if it is not there, no directory, or may not be read
     */
    public static Dir open(Path path) throws PosixException {
        Charset names = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        byte[] bytes = (path.toAbsolutePath() + "/.").getBytes(names);
        String label = path.toAbsolutePath().toString();
        return new Dir(
                opened(LibC.AT_FDCWD, Posix.cString(ByteString.of(bytes)), Posix.openFlags(true), 0, "open", label),
                label);
    }

    /** Opens a directory in this one. */
    public Dir openDir(ByteString name) throws PosixException {
        return new Dir(opened(fd, Posix.cString(name), Posix.openFlags(true), 0, "open", place(name)), place(name));
    }

    /** Opens a file for reading, without touching its time of access where that is allowed. */
    public OpenFile openFile(ByteString name) throws PosixException {
        // Not blocking: a pipe that took the file's place would hold us for ever.
        int flags = Posix.openFlags(false) | LibC.O_NONBLOCK;
        byte[] path = Posix.cString(name);
        int file = LibC.openat(fd, path, flags | LibC.O_NOATIME, 0);
        if (file < 0 && Native.getLastError() == Errno.EPERM) {
            file = LibC.openat(fd, path, flags, 0);
        }
        if (file < 0) {
            throw Posix.failed("open", place(name));
        }
        return new OpenFile(file, place(name));
    }

    /** Creates a file of mode 0600 that must not be there, for writing and reading. */
    public OpenFile createFile(ByteString name) throws PosixException {
        int flags = Posix.openFlags(false) | LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL;
        return new OpenFile(opened(fd, Posix.cString(name), flags, 0600, "create", place(name)), place(name));
    }

    /** Takes hold of what has this name, whatever it is, to change its metadata. */
    public Inode openInode(ByteString name) throws PosixException {
        int flags = Posix.openFlags(false) | LibC.O_PATH;
        return new Inode(opened(fd, Posix.cString(name), flags, 0, "open", place(name)), place(name));
    }

    private static int opened(int dirfd, byte[] path, int flags, int mode, String call, String label)
            throws PosixException {
        int fd = LibC.openat(dirfd, path, flags, mode);
        if (fd < 0) {
            throw Posix.failed(call, label);
        }
        return fd;
    }

    /** Reads the metadata of what has this name; empty if there is nothing. */
    public Optional<Stat> find(ByteString name) throws PosixException {
        ByteBuffer buffer = Posix.statBuffer();
        int flags = LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_NO_AUTOMOUNT;
        if (LibC.statx(fd, Posix.cString(name), flags, LibC.STATX_BASIC_STATS, buffer) == 0) {
            return Optional.of(Stat.read(buffer));
        }
        PosixException failure = Posix.failed("stat", place(name));
        if (failure.errno() == Errno.ENOENT) {
            return Optional.empty();
        }
        throw failure;
    }

    /** Reads the extended attributes of what has this name. */
    public SortedMap<ByteString, ByteString> xattrs(ByteString name) throws PosixException {
        byte[] prefix = ("/proc/self/fd/" + fd + "/").getBytes(StandardCharsets.US_ASCII);
        byte[] path = new byte[prefix.length + name.length() + 1];
        System.arraycopy(prefix, 0, path, 0, prefix.length);
        System.arraycopy(name.toByteArray(), 0, path, prefix.length, name.length());
        return Xattrs.read(path, false, place(name));
    }

    /** Reads all names but {@code .} and {@code ..}, by unsigned byte order. One thread at a time. */
    public List<ByteString> names() throws PosixException {
        List<ByteString> names = new ArrayList<>();
        check(LibC.lseek(fd, 0, LibC.SEEK_SET), "list");
        ByteBuffer buffer = Posix.scratch().order(ByteOrder.nativeOrder());
        for (long n; (n = Posix.getdents(fd, buffer)) != 0; ) {
            check(n, "list");
            for (int at = 0; at < n; ) {
                // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
                int length = Short.toUnsignedInt(buffer.getShort(at + 16));
                int end = at + 19;
                while (buffer.get(end) != 0) {
                    end++;
                }
                byte[] name = new byte[end - at - 19];
                buffer.get(at + 19, name);
                if (!(name[0] == '.' && (name.length == 1 || name.length == 2 && name[1] == '.'))) {
                    names.add(ByteString.of(name));
                }
                at += length;
            }
        }
        Collections.sort(names);
        return names;
    }

    /** Reads the target of a symbolic link. */
    public ByteString readLink(ByteString name) throws PosixException {
        ByteBuffer buffer = Posix.scratch();
        long n = LibC.readlinkat(fd, Posix.cString(name), buffer, buffer.capacity());
        if (n < 0) {
            throw Posix.failed("read the link", place(name));
        }
        byte[] target = new byte[(int) n];
        buffer.get(0, target);
        return ByteString.of(target);
    }

    /** Creates a directory of mode 0700 that must not be there. */
    public void makeDir(ByteString name) throws PosixException {
        done(LibC.mkdirat(fd, Posix.cString(name), 0700), "create directory", name);
    }

    /** Creates a symbolic link that must not be there. */
    public void makeSymlink(ByteString name, ByteString target) throws PosixException {
        done(LibC.symlinkat(Posix.cString(target), fd, Posix.cString(name)), "create symbolic link", name);
    }

    /** Gives a file in {@code other} a further name here; symbolic links are not followed. */
    public void makeHardLink(ByteString name, Dir other, ByteString target) throws PosixException {
        done(
                LibC.linkat(other.fd, Posix.cString(target), fd, Posix.cString(name), 0),
                "link " + other.place(target) + " as",
                name);
    }

    /** Creates a pipe of mode 0600. */
    public void makeFifo(ByteString name) throws PosixException {
        done(Posix.mknodat(fd, Posix.cString(name), Stat.FIFO | 0600, 0, 0), "create pipe", name);
    }

    /** Creates a device node of mode 0600; {@code type} is one of {@link Stat}'s. */
    public void makeDevice(ByteString name, int type, DeviceNumber device) throws PosixException {
        done(
                Posix.mknodat(fd, Posix.cString(name), type | 0600, device.major(), device.minor()),
                "create device",
                name);
    }

    /** Moves what has one name to another in this directory, over what is there. */
    public void rename(ByteString from, ByteString to) throws PosixException {
        done(LibC.renameat(fd, Posix.cString(from), fd, Posix.cString(to)), "rename to", to);
    }

    /** Removes anything but a directory. */
    public void unlink(ByteString name) throws PosixException {
        done(LibC.unlinkat(fd, Posix.cString(name), 0), "remove", name);
    }

    /** Removes anything; a directory with all that is in it, but nothing on another file system. */
    public void removeTree(ByteString name) throws PosixException {
        if (LibC.unlinkat(fd, Posix.cString(name), 0) == 0) {
            return;
        }
        PosixException failure = Posix.failed("remove", place(name));
        if (failure.errno() != Errno.EISDIR && failure.errno() != Errno.EPERM) {
            throw failure;
        }
        try (Dir child = openDir(name)) {
            if (!child.stat().device().equals(stat().device())) {
                throw new PosixException("remove", place(name), Errno.EXDEV);
            }
            for (ByteString grandchild : child.names()) {
                child.removeTree(grandchild);
            }
        }
        done(LibC.unlinkat(fd, Posix.cString(name), LibC.AT_REMOVEDIR), "remove directory", name);
    }

    private void done(int result, String call, ByteString name) throws PosixException {
        if (result < 0) {
            throw Posix.failed(call, place(name));
        }
    }

    private String place(ByteString name) {
        return label + "/" + name;
    }
}
