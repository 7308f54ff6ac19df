package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PreCopy;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.tree.EntrySpool;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.Slice;
import dev.lifeboat.internal.tree.TreeEntry;
import dev.lifeboat.internal.tree.TreeWriter;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes one snapshot. An entry whose content is known to be in the parent refers to it. All other content is cut into
 * chunks, and chunks that are stored already are not stored again.
 */
final class ChunkedWriter implements ArchiveWriter {
    /** A file in more regions than this is stored with zeros in place of its holes. They compress to almost nothing. */
    private static final int MAX_REGIONS = 500_000;

    private final FormatContext context;
    private final Optional<ArchiveRoot> parentRoot;
    private @Nullable ParentEntries parent;
    private final Tasks tasks;
    private final ChunkStore store;
    private final Cutter cutter;
    private final TreeWriter tree;
    /** Of the pass over the source that is running. */
    private EntryQueue entries;

    /** The entries of the first pass, and a place in them. */
    private @Nullable EntrySpool spool;

    private @Nullable PreCopied copied;
    private final Map<EntryPath, Wanted> wanted = new ConcurrentHashMap<>();
    private long unchanged;

    /** A file that was asked for, and its earlier content. */
    private record Wanted(EntryQueue.Place place, Optional<FileContent> earlier) {}

    private ChunkedWriter(
            FormatContext context,
            String name,
            ChunkIndex.PackTest usable,
            int level,
            Optional<ArchiveRoot> parentRoot,
            @Nullable ParentEntries parent)
            throws IOException {
        this.context = context;
        this.parentRoot = parentRoot;
        this.parent = parent;
        this.tasks = new Tasks(context.executor());
        this.store = new ChunkStore(context, name, usable, level);
        this.cutter = new Cutter(context, store, tasks, level);
        this.tree = new TreeWriter(store, context.keys().derive("pages", 16));
        this.entries = new EntryQueue(tree::add, tasks);
    }

    /**
     * Begins an archive. The order makes it safe while prunes run: first the session is open, then the records of
     * pending deletions are read, then the packs are listed, then the index is read. Chunks in a listed pack that no
     * record names remain until this session has ended.
     */
    static ChunkedWriter begin(FormatContext context, String name, Optional<ArchiveRoot> parent, int level)
            throws IOException {
        PackIds pending = PackIds.of(PendingDeletions.all(context, PendingDeletions.PACKS));
        ChunkIndex.Listing listed = ChunkIndex.of(context).refresh(context);
        ChunkIndex.PackTest usable = (high, low) -> listed.has(high, low) && !pending.contains(high, low);
        Optional<ParentEntries> earlier = parentEntries(context, parent);
        return new ChunkedWriter(
                context, name, usable, level, earlier.isPresent() ? parent : Optional.empty(), earlier.orElse(null));
    }

    private static Optional<ParentEntries> parentEntries(FormatContext context, Optional<ArchiveRoot> parent)
            throws IOException {
        return parent.isEmpty() || !context.keys().mayRead()
                ? Optional.empty()
                : ParentEntries.open(context, ChunkedFormat.name(parent.get()));
    }

    /** Entries of the pass go to a temporary file, and their content to the packs of this archive. */
    @Override
    public Optional<PreCopy> preCopy(Pass pass) throws IOException {
        EntrySpool first = new EntrySpool();
        spool = first;
        entries = new EntryQueue(first::add, tasks);
        pass.run();
        endContent();
        entries.close();
        copied = new PreCopied(first, context.executor());
        entries = new EntryQueue(tree::add, tasks);
        wanted.clear();
        unchanged = 0;
        parent = parentEntries(context, parentRoot).orElse(null);
        return Optional.of(new PreCopied.Lookup(first, store, context));
    }

    /** The entry in the parent, whose metadata a source then need not read. The offer decides about its content. */
    @Override
    public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        TreeEntry earlier = parent == null ? null : parent.find(path);
        if (earlier == null || !earlier.entry().isFile()) {
            return Optional.empty();
        }
        boolean same = earlier.entry().fingerprint().filter(fingerprint::equals).isPresent();
        return same ? Optional.of(earlier.entry()) : Optional.empty();
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        TreeEntry earlier = parent == null ? null : parent.find(entry.path());
        if (!entry.isFile()) {
            if (earlier != null && earlier.entry().equals(entry)) {
                unchanged++;
            }
            entries.add(new TreeEntry(entry, Optional.empty()));
            return false;
        }
        boolean same = earlier != null && entry.sameContentAs(earlier.entry());
        TreeEntry known = copied == null ? null : copied.find(entry.path());
        if (known != null && entry.sameContentAs(known.entry())) {
            // The first pass of this writer has stored it, or found it stored.
            unchanged += same ? 1 : 0;
            take(entry, known);
            return false;
        }
        if (known == null
                && earlier != null
                && same
                && isStored(earlier.content().orElseThrow())) {
            unchanged++;
            take(entry, earlier);
            return false;
        }
        TreeEntry latest = known == null ? earlier : known;
        wanted.put(entry.path(), new Wanted(entries.next(), latest == null ? Optional.empty() : latest.content()));
        return true;
    }

    private void take(Entry entry, TreeEntry earlier) throws IOException {
        entries.add(new TreeEntry(entry.withSize(earlier.entry().size().orElseThrow()), earlier.content()));
    }

    /** Returns whether all chunks are stored and may be referred to. Otherwise the content is read and stored again. */
    private boolean isStored(FileContent content) throws IOException {
        return parent != null && parent.isStored(content, store);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        Wanted asked = wanted.remove(entry.path());
        if (asked == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not wanted, or was sent before");
        }
        boolean taken = false;
        try {
            if (in instanceof SparseInputStream sparse
                    && sparse.map().hasHoles()
                    && sparse.map().regions() <= MAX_REGIONS) {
                SparseMap map = sparse.map();
                take(
                        entry.withSize(map.size()),
                        new PaddedInputStream(sparse.data(), map.dataBytes()),
                        asked,
                        Optional.of(map));
            } else {
                take(entry, in, asked, Optional.empty());
            }
            taken = true;
        } finally {
            if (!taken) {
                asked.place().drop();
            }
        }
    }

    private void take(Entry entry, InputStream in, Wanted asked, Optional<SparseMap> holes) throws IOException {
        EntryQueue.Place place = asked.place();
        FileContent earlier = asked.earlier().filter(c -> c.piece() != null).orElse(null);
        Cutter.IsKnown isKnown = earlier == null
                ? null
                : piece -> earlier.isPiece(piece)
                        && store.hasOrStores(earlier.slices().get(0).chunk());
        Cutter.Begun begun = cutter.begin(
                entry.path(),
                in,
                isKnown,
                (chunk, offset, length, piece) ->
                        place.fill(sized(entry, length, holes), piece(new Slice(chunk, offset, length), piece, holes)));
        if (begun instanceof Cutter.Beginning beginning) {
            long[] total = {0};
            LongFile file = new LongFile(
                    store,
                    slices -> place.fill(
                            sized(entry, total[0], holes),
                            new FileContent(slices.slices(), slices.depth(), null, holes)));
            total[0] = cutter.cut(beginning, in, file);
            file.end();
        } else if (begun instanceof Cutter.Known known && earlier != null) {
            place.fill(
                    sized(entry, known.length(), holes), new FileContent(earlier.slices(), 0, earlier.piece(), holes));
        } else if (begun instanceof Cutter.Taken nothing && nothing.length() == 0) {
            place.fill(sized(entry, 0, holes), new FileContent(List.of(), 0, null, holes));
        }
    }

    private static FileContent piece(Slice slice, byte[] name, Optional<SparseMap> holes) {
        return new FileContent(List.of(slice), 0, Arrays.copyOf(name, FileContent.PIECE_BYTES), holes);
    }

    /** Returns the entry with the length that was read. */
    private static Entry sized(Entry entry, long read, Optional<SparseMap> holes) {
        return entry.withSize(holes.isPresent() ? holes.get().size() : read);
    }

    @Override
    public void report(Problem problem) {
        // The engine stores problems with the snapshot.
    }

    @Override
    public Optional<ArchiveRoot> parent() {
        return parentRoot;
    }

    @Override
    public long bytesStored() {
        return store.bytesStored();
    }

    private void endContent() throws IOException {
        cutter.finish();
        tasks.await();
        entries.finish();
    }

    @Override
    public Finished finish() throws IOException {
        endContent();
        ChunkName root = tree.finish();
        store.finish();
        return new Finished(
                new ArchiveRoot(ChunkedFormat.ID, root.toString()),
                entries.entries(),
                unchanged,
                entries.contentBytes());
    }

    @Override
    public void close() throws IOException {
        EntrySpool first = spool;
        PreCopied reading = copied;
        EntryQueue queue = entries;
        try (first;
                reading;
                queue) {
            tasks.close();
            store.close();
            cutter.close();
        }
    }
}
