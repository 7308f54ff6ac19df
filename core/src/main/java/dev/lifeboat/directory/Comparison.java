package dev.lifeboat.directory;

import dev.lifeboat.entry.Attributes;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.internal.posix.Dir;
import dev.lifeboat.internal.posix.PosixException;
import dev.lifeboat.internal.posix.Stat;
import java.util.SortedMap;

/** Compares the state at a target with an entry. */
final class Comparison {
    private final boolean owners;

    /**
     * Creates a comparison.
     *
     * @param owners whether owners are compared
     */
    Comparison(boolean owners) {
        this.owners = owners;
    }

    /** Returns whether the metadata is the same. */
    boolean isEqual(Entry entry, Stat stat, SortedMap<ByteString, ByteString> xattrs) {
        return isEqualButForTime(entry, stat, xattrs)
                && entry.attributes().modified().equals(stat.modified());
    }

    /**
     * Returns whether the metadata is the same except for the time of modification. The time of a directory changes
     * with its children, which are reported themselves.
     */
    boolean isEqualButForTime(Entry entry, Stat stat, SortedMap<ByteString, ByteString> xattrs) {
        Attributes wanted = entry.attributes();
        boolean isLink = entry.type() == EntryType.SYMLINK;
        return (!owners || wanted.uid() == stat.uid() && wanted.gid() == stat.gid())
                && (isLink || wanted.mode() == stat.mode())
                && wanted.xattrs().equals(xattrs);
    }

    /** Returns whether a symbolic link, pipe or device is the same, apart from its metadata. */
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
            case FILE, DIRECTORY, HARD_LINK ->
                throw new IllegalArgumentException("not a special file: " + entry.type());
        };
    }
}
