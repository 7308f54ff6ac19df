package dev.lifeboat.directory;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.util.SortedMap;

/** Whether what is there is what an entry says. */
final class Comparison {
    private final boolean owners;

    /**
     * Compares.
     *
     * @param owners whether owners matter
     */
    Comparison(boolean owners) {
        this.owners = owners;
    }

    /** Whether the metadata is the same. */
    boolean isEqual(Entry entry, Stat stat, SortedMap<ByteString, ByteString> xattrs) {
        return isEqualButForTime(entry, stat, xattrs)
                && entry.attributes().modified().equals(stat.modified());
    }

    /** The time of a directory moves with its children, which are told of themselves. */
    boolean isEqualButForTime(Entry entry, Stat stat, SortedMap<ByteString, ByteString> xattrs) {
        Attributes wanted = entry.attributes();
        boolean isLink = entry.type() == EntryType.SYMLINK;
        return (!owners || wanted.uid() == stat.uid() && wanted.gid() == stat.gid())
                && (isLink || wanted.mode() == stat.mode())
                && wanted.xattrs().equals(xattrs);
    }

    /** Whether a symbolic link, pipe or device is the same, metadata aside. */
    static boolean isSameSpecial(Entry entry, Dir dir, Stat there) throws PosixException {
        return switch (entry.type()) {
            case SYMLINK ->
                there.type() == Stat.SYMLINK
                        && dir.readLink(entry.path().name()).equals(entry.link().orElseThrow());
            case FIFO -> there.type() == Stat.FIFO;
            case CHARACTER_DEVICE ->
                there.type() == Stat.CHARACTER_DEVICE
                        && there.special().equals(entry.device().orElseThrow());
            case BLOCK_DEVICE ->
                there.type() == Stat.BLOCK_DEVICE
                        && there.special().equals(entry.device().orElseThrow());
            case FILE, DIRECTORY, HARD_LINK -> throw new IllegalArgumentException("no special file: " + entry.type());
        };
    }
}
