package dev.lifeboat.directory;

import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.internal.posix.Dir;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A directory that a restore is writing to, or has left while content for it is pending. Guarded by the session. */
final class OpenDirectory {
    final EntryPath path;
    /** Null if the directory does not exist, which happens only in a dry run. */
    final @Nullable Dir dir;

    /** Whether this restore has created it, so that it holds only what this restore has put there. */
    final boolean created;

    /** Shared by directories that this restore creates in one another: they are alike. */
    final CaseFolding folding;

    final Set<ByteString> offered = new HashSet<>();
    /** The first name of those that are one but for their case; null until it is needed. */
    private @Nullable Map<String, ByteString> first;

    private final Map<String, ByteString> directories = new HashMap<>();
    /** The metadata that the directory gets; null if it was never offered but created implicitly. */
    @Nullable
    Entry entry;

    int pending;
    boolean left;
    boolean finished;

    /** Whether nothing in it is restored, since the file system takes its name for that of another directory. */
    final boolean refused;

    private OpenDirectory(
            EntryPath path,
            @Nullable Dir dir,
            boolean created,
            boolean refused,
            CaseFolding folding,
            @Nullable Entry entry) {
        this.path = path;
        this.dir = dir;
        this.created = created;
        this.refused = refused;
        this.folding = folding;
        this.entry = entry;
    }

    /** A directory that was there before, or whose parent was not created either. */
    static OpenDirectory there(EntryPath path, @Nullable Dir dir, @Nullable Entry entry) {
        return new OpenDirectory(path, dir, false, false, new CaseFolding(), entry);
    }

    /** A directory that this restore has created in another one. */
    static OpenDirectory created(EntryPath path, @Nullable Dir dir, OpenDirectory parent, @Nullable Entry entry) {
        return new OpenDirectory(path, dir, true, false, parent.folding, entry);
    }

    /** A directory that is not restored. */
    static OpenDirectory refused(EntryPath path) {
        return new OpenDirectory(path, null, false, true, new CaseFolding(), null);
    }

    void offer(ByteString name) {
        if (offered.add(name) && first != null) {
            first.merge(CaseFolding.fold(name), name, OpenDirectory::earlier);
        }
    }

    /** Returns the first of the offered names that equal this one but for their case; null if there is none. */
    @Nullable
    ByteString firstLike(ByteString name) {
        if (first == null) {
            first = new HashMap<>();
            for (ByteString each : offered) {
                first.merge(CaseFolding.fold(each), each, OpenDirectory::earlier);
            }
        }
        return first.get(CaseFolding.fold(name));
    }

    /** Adds the name of a directory. Returns the first such name that equals it but for its case; null if it does. */
    @Nullable
    ByteString directory(ByteString name) {
        ByteString earlier = directories.putIfAbsent(CaseFolding.fold(name), name);
        return earlier == null || earlier.equals(name) ? null : earlier;
    }

    private static ByteString earlier(ByteString one, ByteString other) {
        return one.compareTo(other) <= 0 ? one : other;
    }
}
