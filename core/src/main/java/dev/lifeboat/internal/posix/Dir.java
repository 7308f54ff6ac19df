package dev.lifeboat.internal.posix;

import com.sun.jna.Native;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.DeviceNumber;
import dev.lifeboat.entry.EntryPath;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * An open directory. All calls are relative to its descriptor, use single names, and do not follow a symbolic link in
 * the last component. So paths may be of any length, and concurrent renames or links cannot redirect a call.
 */
public final class Dir extends Inode {
    private Dir(int fd, String label) {
        super(fd, label);
    }

    /**
     * Opens a directory by its path. Links along the path and in the last component are followed.
     *
     * @throws PosixException if it does not exist, is not a directory, or may not be read
     * @throws UnsupportedOperationException if this is not Linux on x86-64 or AArch64
     * @throws IllegalStateException if the native library of JNA cannot be loaded
     */
    public static Dir open(Path path) throws PosixException {
        Posix.check();
        String label = path.toAbsolutePath().toString();
        byte[] name = Posix.cString(ByteString.of(bytes(path)));
        return new Dir(opened(LibC.AT_FDCWD, name, Posix.openFlags(true), 0, "open", label), label);
    }

    /** Returns the metadata of a directory at a path, along which links are followed; empty if there is none. */
    public static Optional<Stat> find(Path path) throws PosixException {
        Posix.check();
        ByteBuffer buffer = Posix.statx(LibC.AT_FDCWD, ByteString.of(bytes(path)));
        if (buffer != null) {
            return Optional.of(Stat.read(buffer));
        }
        int errno = Native.getLastError();
        if (errno == Errno.ENOENT || errno == Errno.ENOTDIR) {
            return Optional.empty();
        }
        throw Posix.failed("stat", path.toAbsolutePath().toString());
    }

    /** Returns the metadata of a symbolic link at a path; empty if there is none. */
    public static Optional<Stat> findLink(Path path) throws PosixException {
        Posix.check();
        Charset names = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        byte[] bytes = path.toAbsolutePath().toString().getBytes(names);
        ByteBuffer buffer = Posix.statx(LibC.AT_FDCWD, ByteString.of(bytes));
        if (buffer == null) {
            throw Posix.failed("stat", path.toAbsolutePath().toString());
        }
        return Optional.of(Stat.read(buffer)).filter(stat -> stat.type() == Stat.SYMLINK);
    }

    private static byte[] bytes(Path path) {
        Charset names = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        return (path.toAbsolutePath() + "/.").getBytes(names);
    }

    /** What is not removed, wherever it is. */
    public interface Kept {
        /** Returns whether an inode is kept, with everything in it and the directories that it is in. */
        boolean keeps(Stat stat);

        /** Returns whether only directories are kept, so that nothing else needs to be looked at. */
        boolean keepsOnlyDirectories();

        /** Returns one that keeps nothing. */
        static Kept nothing() {
            return NOTHING;
        }
    }

    private static final Kept NOTHING = new Kept() {
        @Override
        public boolean keeps(Stat stat) {
            return false;
        }

        @Override
        public boolean keepsOnlyDirectories() {
            return true;
        }
    };

    /** Opens a directory in this one. */
    public Dir openDir(ByteString name) throws PosixException {
        return new Dir(opened(fd, Posix.cString(name), Posix.openFlags(true), 0, "open", place(name)), place(name));
    }

    /**
     * Opens a directory below this one, or this one once more, without following links. The caller closes it.
     *
     * @return null if it does not exist
     */
    public @Nullable Dir walkTo(EntryPath path) throws PosixException {
        Dir dir = openDir(ByteString.utf8("."));
        for (ByteString name : path.segments()) {
            try (Dir parent = dir) {
                dir = parent.openDir(name);
            } catch (PosixException e) {
                if (e.isMissing()) {
                    return null;
                }
                throw e;
            }
        }
        return dir;
    }

    /** Opens a file for reading. Does not change its access time where that is permitted. */
    public OpenFile openFile(ByteString name) throws PosixException {
        // Not blocking: a pipe that replaced the file would block this thread forever.
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

    /** Opens a file for writing and reading; its content stays. */
    public OpenFile openForWriting(ByteString name) throws PosixException {
        int flags = Posix.openFlags(false) | LibC.O_NONBLOCK | LibC.O_RDWR;
        return new OpenFile(opened(fd, Posix.cString(name), flags, 0, "open", place(name)), place(name));
    }

    /** Creates a file of mode 0600 for writing and reading. The name must not exist. */
    public OpenFile createFile(ByteString name) throws PosixException {
        int flags = Posix.openFlags(false) | LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL;
        return new OpenFile(opened(fd, Posix.cString(name), flags, 0600, "create", place(name)), place(name));
    }

    /**
     * Makes a copy of a file of this directory that shares its blocks. It has no name, and is gone when it is closed.
     *
     * @return empty if the file system has no such copies, or has no room for one
     */
    public Optional<OpenFile> sharedCopy(OpenFile file) {
        int copy = unnamed();
        if (copy < 0) {
            return Optional.empty();
        }
        if (LibC.ioctl(copy, LibC.FICLONE, file.fd) < 0) {
            LibC.close(copy);
            return Optional.empty();
        }
        return Optional.of(new OpenFile(copy, "copy of " + file.label()));
    }

    /**
     * Creates an empty file without a name on the file system of this directory, which stays as it is. The file is gone
     * when it is closed, or when this process ends in any way.
     *
     * @return empty if the file system has no such files
     */
    public Optional<OpenFile> createUnnamed() throws PosixException {
        int file = unnamed();
        if (file >= 0) {
            return Optional.of(new OpenFile(file, "unnamed file on the file system of " + label));
        }
        PosixException failure = Posix.failed("create an unnamed file in", label);
        if (failure.isUnsupported()) {
            return Optional.empty();
        }
        throw failure;
    }

    private int unnamed() {
        int flags = Posix.openFlags(true) | LibC.O_TMPFILE | LibC.O_RDWR;
        return LibC.openat(fd, Posix.cString("."), flags, 0600);
    }

    /**
     * Writes what was changed on the file system to its device. Pages that processes have mapped are read-only
     * afterwards, so that the next write to one sets the time of the file again.
     */
    public void syncFileSystem() throws PosixException {
        check(LibC.syncfs(fd), "sync the file system of");
    }

    /** Returns whether the file system keeps its files in memory only, and so never makes their pages read-only. */
    public boolean isInMemory() throws PosixException {
        // tmpfs, ramfs and hugetlbfs of linux/magic.h.
        long type = fileSystemType();
        return type == 0x01021994L || type == 0x858458f6L || type == 0x958458f6L;
    }

    /**
     * Returns whether the file system sets the time of change of an inode with every change of its metadata, extended
     * attributes included. Others do not, or did not: tmpfs, f2fs, ZFS, file systems in user space.
     */
    public boolean setsTimeOfEveryChange() throws PosixException {
        // ext2 to ext4, XFS and Btrfs of linux/magic.h.
        long type = fileSystemType();
        return type == 0xef53L || type == 0x58465342L || type == 0x9123683eL;
    }

    private long fileSystemType() throws PosixException {
        // struct statfs begins with f_type.
        ByteBuffer statfs = Posix.scratch().order(ByteOrder.nativeOrder());
        check(LibC.fstatfs(fd, statfs), "find the type of the file system of");
        return statfs.getLong(0);
    }

    /** Opens an inode of any type by its name, to change its metadata. */
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

    /** Returns the metadata of a name; empty if it does not exist. */
    public Optional<Stat> find(ByteString name) throws PosixException {
        ByteBuffer buffer = Posix.statx(fd, name);
        if (buffer != null) {
            return Optional.of(Stat.read(buffer));
        }
        if (Native.getLastError() == Errno.ENOENT) {
            return Optional.empty();
        }
        throw Posix.failed("stat", place(name));
    }

    /**
     * Returns whether a name is that of an inode that has not changed since. Faster than {@link #find}, since it makes
     * no objects.
     *
     * @param seconds of the time of change
     * @param nanos of the time of change
     */
    public boolean isUnchanged(ByteString name, long inode, long seconds, int nanos) {
        ByteBuffer buffer = Posix.statx(fd, name);
        return buffer != null && Stat.isUnchanged(buffer, inode, seconds, nanos);
    }

    /** Reads the extended attributes of a name. */
    public SortedMap<ByteString, ByteString> xattrs(ByteString name) throws PosixException {
        byte[] path = Arrays.copyOf(procPath, procPath.length + name.length() + 1);
        path[procPath.length - 1] = '/';
        System.arraycopy(name.toByteArray(), 0, path, procPath.length, name.length());
        return Xattrs.ofPath(path, false).read(() -> place(name));
    }

    /** Returns all names except {@code .} and {@code ..}, in unsigned byte order. One thread at a time. */
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

    /** Returns the target of a symbolic link. */
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

    /** Creates a directory of mode 0700. The name must not exist. */
    public void makeDir(ByteString name) throws PosixException {
        done(LibC.mkdirat(fd, Posix.cString(name), 0700), "create directory", name);
    }

    /** Creates a symbolic link. The name must not exist. */
    public void makeSymlink(ByteString name, ByteString target) throws PosixException {
        done(LibC.symlinkat(Posix.cString(target), fd, Posix.cString(name)), "create symbolic link", name);
    }

    /** Creates a hard link here to a file in {@code other}. Symbolic links are not followed. */
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

    /** Creates a socket of mode 0600 on which no process listens. */
    public void makeSocket(ByteString name) throws PosixException {
        done(Posix.mknodat(fd, Posix.cString(name), Stat.SOCKET | 0600, 0, 0), "create socket", name);
    }

    /** Creates a device node of mode 0600; {@code type} is one of the constants of {@link Stat}. */
    public void makeDevice(ByteString name, int type, DeviceNumber device) throws PosixException {
        done(
                Posix.mknodat(fd, Posix.cString(name), type | 0600, device.major(), device.minor()),
                "create device",
                name);
    }

    /**
     * Renames anything except a directory within this directory. A directory in its place is removed with everything in
     * it; anything else is replaced atomically.
     *
     * @throws PosixException if that fails, or if something in the directory is kept; then nothing was removed
     */
    public void rename(ByteString from, ByteString to, Kept kept) throws PosixException {
        int result = LibC.renameat(fd, Posix.cString(from), fd, Posix.cString(to));
        if (result < 0 && Native.getLastError() == Errno.EISDIR) {
            if (holds(to, kept)) {
                throw new PosixException("replace", place(to), Errno.ENOTEMPTY);
            }
            removeTree(to);
            result = LibC.renameat(fd, Posix.cString(from), fd, Posix.cString(to));
        }
        done(result, "rename to", to);
    }

    /** Removes anything except a directory. */
    public void unlink(ByteString name) throws PosixException {
        done(LibC.unlinkat(fd, Posix.cString(name), 0), "remove", name);
    }

    /** Removes anything. A directory is removed with its contents, but nothing on another file system. */
    public void removeTree(ByteString name) throws PosixException {
        removeTree(name, Kept.nothing());
    }

    /**
     * Removes anything. A directory is removed with its contents, but nothing on another file system, and nothing that
     * is kept.
     *
     * @return whether it is gone: false if something in it, or it, was kept
     */
    public boolean removeTree(ByteString name, Kept kept) throws PosixException {
        if (keepsLink(name, kept)) {
            return false;
        }
        if (unlinkUnlessDirectory(name)) {
            return true;
        }
        boolean gone = true;
        DeviceNumber device = stat().device();
        Deque<Removal> levels = new ArrayDeque<>();
        try {
            Removal first = enter(name, device, kept);
            if (first.kept) {
                first.dir.close();
                return false;
            }
            levels.push(first);
            while (!levels.isEmpty()) {
                Removal level = levels.peek();
                if (level.left.hasNext()) {
                    ByteString child = level.left.next();
                    if (level.dir.keepsLink(child, kept)) {
                        levels.forEach(each -> each.kept = true);
                    } else if (!level.dir.unlinkUnlessDirectory(child)) {
                        Removal entered = level.dir.enter(child, device, kept);
                        if (entered.kept) {
                            entered.dir.close();
                            levels.forEach(each -> each.kept = true);
                        } else {
                            levels.push(entered);
                        }
                    }
                } else {
                    levels.pop().dir.close();
                    if (level.kept) {
                        gone = false;
                        continue;
                    }
                    Dir parent = levels.isEmpty() ? this : levels.peek().dir;
                    parent.done(
                            LibC.unlinkat(parent.fd, Posix.cString(level.name), LibC.AT_REMOVEDIR),
                            "remove directory",
                            level.name);
                }
            }
        } finally {
            levels.forEach(level -> level.dir.close());
        }
        return gone;
    }

    private boolean keepsLink(ByteString name, Kept kept) throws PosixException {
        return !kept.keepsOnlyDirectories()
                && find(name)
                        .filter(stat -> !stat.isDirectory())
                        .filter(kept::keeps)
                        .isPresent();
    }

    /** Returns whether something is kept, or a directory in which something is. */
    public boolean holds(ByteString name, Kept kept) throws PosixException {
        Deque<EntryPath> left = new ArrayDeque<>(List.of(EntryPath.root().resolve(name)));
        while (!left.isEmpty()) {
            EntryPath path = left.pop();
            try (Dir dir = walkTo(path.parent())) {
                Optional<Stat> stat = dir == null ? Optional.empty() : dir.find(path.name());
                if (stat.filter(kept::keeps).isPresent()) {
                    return true;
                }
                if (dir != null && stat.filter(Stat::isDirectory).isPresent()) {
                    try (Dir child = dir.openDir(path.name())) {
                        for (ByteString inner : child.names()) {
                            if (!kept.keepsOnlyDirectories()
                                    || child.find(inner)
                                            .filter(Stat::isDirectory)
                                            .isPresent()) {
                                left.push(path.resolve(inner));
                            }
                        }
                    }
                }
            }
        }
        return false;
    }

    /** A directory whose content is being removed. */
    private static final class Removal {
        final ByteString name;
        final Dir dir;
        final Iterator<ByteString> left;
        /** Whether it, or something in it, stays. */
        boolean kept;

        Removal(ByteString name, Dir dir, Iterator<ByteString> left, boolean kept) {
            this.name = name;
            this.dir = dir;
            this.left = left;
            this.kept = kept;
        }
    }

    private Removal enter(ByteString name, DeviceNumber device, Kept kept) throws PosixException {
        Dir child = openDir(name);
        boolean entered = false;
        try {
            Stat stat = child.stat();
            boolean stays = kept.keeps(stat);
            if (!stays && !stat.device().equals(device)) {
                throw new PosixException("remove", place(name), Errno.EXDEV);
            }
            Iterator<ByteString> left =
                    stays ? Collections.emptyIterator() : child.names().iterator();
            Removal removal = new Removal(name, child, left, stays);
            entered = true;
            return removal;
        } finally {
            if (!entered) {
                child.close();
            }
        }
    }

    private boolean unlinkUnlessDirectory(ByteString name) throws PosixException {
        if (LibC.unlinkat(fd, Posix.cString(name), 0) == 0) {
            return true;
        }
        PosixException failure = Posix.failed("remove", place(name));
        if (failure.errno() != Errno.EISDIR && failure.errno() != Errno.EPERM) {
            throw failure;
        }
        return false;
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
