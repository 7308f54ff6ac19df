package dev.lifeboat.internal.posix;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicLong;

/** Sets owner, mode, attributes and time; reports what cannot be set. */
public final class Metadata {
    private final RestoreRequest.Listener listener;
    private final boolean owners;
    private final AtomicLong deniedOwners = new AtomicLong();

    /**
     * Creates an instance.
     *
     * @param owners whether owners are set
     */
    public Metadata(RestoreRequest.Listener listener, boolean owners) {
        this.listener = listener;
        this.owners = owners;
    }

    /** Reports once how many owners could not be set: a user other than root can set none. */
    public void reportOwners() {
        long denied = deniedOwners.getAndSet(0);
        if (denied > 0) {
            listener.problem(new Problem(
                    EntryPath.root(),
                    Problem.Kind.DEGRADED,
                    "the owners of " + denied
                            + " entries could not be set: only root may set them; run as root, or exclude owners"
                            + ": DirectoryRestore.withoutOwners()"));
        }
    }

    private void own(Inode inode, Attributes wanted) throws PosixException {
        try {
            inode.chown(wanted.uid(), wanted.gid());
        } catch (PosixException e) {
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            deniedOwners.incrementAndGet();
        }
    }

    /**
     * Applies the metadata of an entry to an inode. The order matters: a change of owner clears modes and capabilities,
     * and every change updates the time.
     */
    public void apply(Entry entry, Inode inode) throws PosixException {
        EntryPath path = entry.path();
        Attributes wanted = entry.attributes();
        Stat stat = inode.stat();
        SortedMap<ByteString, ByteString> actual = inode.xattrs();
        for (ByteString name : actual.keySet()) {
            if (!wanted.xattrs().containsKey(name) && isOurs(name)) {
                attempt(path, () -> inode.removeXattr(name));
            }
        }
        if (owners && (wanted.uid() != stat.uid() || wanted.gid() != stat.gid())) {
            attempt(path, () -> own(inode, wanted));
        }
        if (entry.type() != EntryType.SYMLINK) {
            attempt(path, () -> inode.chmod(wanted.mode()));
        }
        for (Map.Entry<ByteString, ByteString> xattr : wanted.xattrs().entrySet()) {
            attempt(path, () -> inode.setXattr(xattr.getKey(), xattr.getValue()));
        }
        attempt(path, () -> inode.setModified(wanted.modified()));
    }

    /**
     * Returns whether an attribute is managed here. Attributes that the system sets by its own rules, such as SELinux
     * labels, are not removed.
     */
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

    /** Makes one call. Any error concerns only one attribute of one entry, so it is reported. */
    private void attempt(EntryPath path, Call call) {
        try {
            call.run();
        } catch (PosixException e) {
            listener.problem(new Problem(path, Problem.Kind.DEGRADED, String.valueOf(e.getMessage())));
        }
    }
}
