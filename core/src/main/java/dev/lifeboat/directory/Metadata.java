package dev.lifeboat.directory;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.posix.Inode;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.util.Map;
import java.util.SortedMap;

/** Sets owner, mode, attributes and time; what cannot be set is reported. */
final class Metadata {
    private final RestoreRequest.Listener listener;

    Metadata(RestoreRequest.Listener listener) {
        this.listener = listener;
    }

    /** Makes an inode as the entry says. The order matters: a change of owner clears modes and capabilities, and all move the time. */
    void apply(Entry entry, Inode inode) throws PosixException {
        EntryPath path = entry.path();
        Attributes wanted = entry.attributes();
        Stat stat = inode.stat();
        SortedMap<ByteString, ByteString> actual = inode.xattrs();
        for (ByteString name : actual.keySet()) {
            if (!wanted.xattrs().containsKey(name) && isOurs(name)) {
                attempt(path, () -> inode.removeXattr(name));
            }
        }
        if (wanted.uid() != stat.uid() || wanted.gid() != stat.gid()) {
            attempt(path, () -> inode.chown(wanted.uid(), wanted.gid()));
        }
        if (entry.type() != EntryType.SYMLINK) {
            attempt(path, () -> inode.chmod(wanted.mode()));
        }
        for (Map.Entry<ByteString, ByteString> xattr : wanted.xattrs().entrySet()) {
            attempt(path, () -> inode.setXattr(xattr.getKey(), xattr.getValue()));
        }
        attempt(path, () -> inode.setModified(wanted.modified()));
    }

    /** Attributes that the system sets by its own rules, such as SELinux labels, are not removed. */
    private static boolean isOurs(ByteString name) {
        String text = name.toString();
        return text.startsWith("user.")
                || text.startsWith("trusted.")
                || text.startsWith("system.posix_acl_")
                || text.equals("security.capability");
    }

    @FunctionalInterface
    private interface Call {
        void run() throws PosixException;
    }

    private void attempt(EntryPath path, Call call) throws PosixException {
        try {
            call.run();
        } catch (PosixException e) {
            if (e.isDiskFull()) {
                throw e;
            }
            listener.problem(new Problem(path, Problem.Kind.DEGRADED, String.valueOf(e.getMessage())));
        }
    }
}
