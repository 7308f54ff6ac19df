package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.SliceLists;
import dev.lifeboat.internal.tree.TreeCursor;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The entries of the parent, read in parallel with the offered entries; both are in canonical order. If the parent
 * turns out to be damaged, it is ignored from there on: the files are read again, which also stores again what was
 * lost. Not thread-safe.
 */
final class ParentEntries {
    private static final Logger log = LoggerFactory.getLogger(ParentEntries.class);

    private final ChunkSource source;
    private final TreeCursor cursor;
    private Optional<TreeEntry> next = Optional.empty();
    private @Nullable ChunkName lastStored;

    private ParentEntries(ChunkSource source, TreeCursor cursor) {
        this.source = source;
        this.cursor = cursor;
    }

    /** Opens the parent. Returns empty if it cannot be read. */
    static Optional<ParentEntries> open(FormatContext context, ChunkName root) throws IOException {
        ChunkSource source = new ChunkSource(context, ChunkIndex.of(context));
        try {
            TreeCursor cursor = TreeCursor.ahead(source, root, context.executor())
                    .onLost((first, count, damage) -> log.warn(
                            "lost entries of the parent are read again; run verify [first={}, entries={}, cause={}]",
                            first,
                            count,
                            damage.getMessage()));
            ParentEntries entries = new ParentEntries(source, cursor);
            entries.next = entries.cursor.next();
            return Optional.of(entries);
        } catch (DamagedException e) {
            log.warn("damaged parent ignored; run verify [root={}, cause={}]", root, e.getMessage());
            return Optional.empty();
        }
    }

    @Nullable
    TreeEntry find(EntryPath path) throws IOException {
        try {
            while (next.isPresent() && next.get().entry().path().compareTo(path) < 0) {
                next = cursor.next();
            }
        } catch (DamagedException e) {
            log.warn("damaged parent ignored from here on; run verify [path={}, cause={}]", path, e.getMessage());
            next = Optional.empty();
        }
        return next.filter(e -> e.entry().path().equals(path)).orElse(null);
    }

    /** Returns whether a new snapshot may refer to all of the content, including its lists of slices. */
    boolean isStored(FileContent content, ChunkStore store) throws IOException {
        try {
            if (content.depth() > 0) {
                return SliceLists.isStored(content, source, store::has);
            }
            for (var slice : content.slices()) {
                ChunkName chunk = slice.chunk();
                // Neighboring files are mostly in one chunk.
                if (lastStored == null || !lastStored.equals(chunk)) {
                    if (!store.has(chunk)) {
                        return false;
                    }
                    lastStored = chunk;
                }
            }
            return true;
        } catch (DamagedException e) {
            log.warn("content record in the parent is damaged, content is read again [cause={}]", e.getMessage());
            return false;
        }
    }
}
