package dev.lifeboat.entry;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The POSIX metadata of an entry.
 *
 * @param mode permission bits with setuid, setgid and sticky: 0 to 07777
 * @param uid numeric owner, 0 to 2^32 - 2
 * @param gid numeric group, 0 to 2^32 - 2
 * @param modified time of last modification, to the nanosecond
 * @param xattrs extended attributes by their full name, such as {@code user.comment}. They include POSIX ACLs
 *     ({@code system.posix_acl_access}, {@code system.posix_acl_default}) in the kernel's binary form
 */
public record Attributes(int mode, long uid, long gid, Instant modified, SortedMap<ByteString, ByteString> xattrs) {
    private static final SortedMap<ByteString, ByteString> NO_XATTRS = Collections.emptySortedMap();

    public Attributes {
        if (mode < 0 || mode > 07777) {
            throw new IllegalArgumentException("mode is not in 0..07777: 0" + Integer.toOctalString(mode));
        }
        if (uid < 0 || gid < 0 || uid > 0xFFFF_FFFEL || gid > 0xFFFF_FFFEL) {
            throw new IllegalArgumentException("owner is out of range: " + uid + ":" + gid);
        }
        xattrs = xattrs.isEmpty() ? NO_XATTRS : Collections.unmodifiableSortedMap(new TreeMap<>(xattrs));
    }

    /** Creates attributes without extended attributes. */
    public static Attributes of(int mode, long uid, long gid, Instant modified) {
        return new Attributes(mode, uid, gid, modified, NO_XATTRS);
    }

    /** Returns a copy with the given extended attributes. */
    public Attributes withXattrs(Map<ByteString, ByteString> newXattrs) {
        return new Attributes(mode, uid, gid, modified, new TreeMap<>(newXattrs));
    }

    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof Attributes other
                && mode == other.mode
                && uid == other.uid
                && gid == other.gid
                && modified.equals(other.modified)
                && xattrs.equals(other.xattrs);
    }

    @Override
    public int hashCode() {
        return Objects.hash(mode, uid, gid, modified, xattrs);
    }
}
