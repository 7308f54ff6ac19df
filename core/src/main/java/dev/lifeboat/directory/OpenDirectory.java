package dev.lifeboat.directory;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.internal.posix.Dir;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A directory that a restore is writing to, or has left while content for it is pending. Guarded by the session. */
final class OpenDirectory {
    final EntryPath path;
    /** Null if the directory does not exist, which happens only in a dry run. */
    final @Nullable Dir dir;

    /** Whether this restore has created it, so that it holds only what this restore has put there. */
    final boolean created;

    final Set<ByteString> offered = new HashSet<>();
    /** The metadata that the directory gets; null if it was never offered but created implicitly. */
    @Nullable
    Entry entry;

    int pending;
    boolean left;
    boolean finished;

    OpenDirectory(EntryPath path, @Nullable Dir dir, boolean created, @Nullable Entry entry) {
        this.path = path;
        this.dir = dir;
        this.created = created;
        this.entry = entry;
    }
}
