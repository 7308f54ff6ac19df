package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.NotReadableException;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.SliceLists;
import dev.lifeboat.internal.tree.TreeCursor;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads one snapshot. */
final class ChunkedReader implements ArchiveReader {
    private static final Logger log = LoggerFactory.getLogger(ChunkedReader.class);

    private final FormatContext context;
    private final ChunkSource source;
    private final ChunkName root;

    private ChunkedReader(FormatContext context, ChunkSource source, ChunkName root) {
        this.context = context;
        this.source = source;
        this.root = root;
    }

    static ChunkedReader open(FormatContext context, ChunkName root) throws IOException {
        if (!context.keys().mayRead()) {
            throw new NotReadableException(
                    "the key this repository was opened with may only write; open it with one that may read");
        }
        ChunkIndex index = ChunkIndex.of(context);
        index.readNew(context);
        ChunkSource source = new ChunkSource(context, index);
        source.node(root);
        return new ChunkedReader(context, source, root);
    }

    /** Iterates over entries. Skips pages that another snapshot has, too. */
    private record Entries(TreeCursor cursor) implements Cursor {
        @Override
        public Optional<Item> next() throws IOException {
            return cursor.next().map(e -> new Item(e.entry(), e.content().map(FileContent::identity)));
        }

        @Override
        public Optional<Item> nextFrom(EntryPath start) throws IOException {
            cursor.seek(start);
            return next();
        }

        @Override
        public long skipSame(Cursor other) throws IOException {
            return other instanceof Entries that ? cursor.skipSame(that.cursor) : 0;
        }

        @Override
        public void close() {}
    }

    @Override
    public Cursor entries() throws IOException {
        return new Entries(TreeCursor.of(source, root));
    }

    @Override
    public void sendTo(EntrySink sink, Predicate<? super Entry> chosen) throws IOException {
        Links links = new Links(chosen);
        TreeCursor cursor = TreeCursor.ahead(source, root, context.executor())
                .onLost((first, entries, damage) -> sink.report(new Problem(
                        first,
                        Problem.Kind.FAILED,
                        (entries < 0 ? "an unknown number of" : "" + entries) + " entries from here on are lost: "
                                + damage.getMessage())));
        try (ContentSender sender = new ContentSender(context, source, sink)) {
            for (Optional<TreeEntry> next; (next = cursor.next()).isPresent(); ) {
                if (chosen.test(next.get().entry())) {
                    TreeEntry entry = links.resolve(next.get());
                    if (sink.offer(entry.entry())) {
                        sender.add(entry);
                    }
                }
            }
            sender.finish();
        }
    }

    /** Turns the first chosen link to a file that is not chosen into that file, and further ones into links to it. */
    private final class Links {
        private final Predicate<? super Entry> chosen;
        /** For each file with links, the current target of these links: the file, or the first link. */
        private final Map<EntryPath, EntryPath> targets = new HashMap<>();

        Links(Predicate<? super Entry> chosen) {
            this.chosen = chosen;
        }

        TreeEntry resolve(TreeEntry stored) throws IOException {
            Entry entry = stored.entry();
            if (entry.type() != EntryType.HARD_LINK) {
                return stored;
            }
            EntryPath target = entry.hardLinkTarget();
            EntryPath known = targets.get(target);
            if (known == null) {
                Optional<TreeEntry> found = find(target);
                if (found.isPresent() && !chosen.test(found.get().entry())) {
                    targets.put(target, entry.path());
                    return new TreeEntry(
                            found.get().entry().withPath(entry.path()),
                            found.get().content());
                }
                known = target;
                targets.put(target, known);
            }
            return known.equals(target)
                    ? stored
                    : new TreeEntry(Entry.hardLink(entry.path(), known, entry.attributes()), Optional.empty());
        }
    }

    /**
     * Finds an entry. Returns empty if it does not exist, or is in a lost part of the list; then the link stays a link,
     * and the sink finds its target missing.
     */
    private Optional<TreeEntry> find(EntryPath target) throws IOException {
        try {
            return TreeCursor.find(source, root, target);
        } catch (DamagedException e) {
            log.debug("target of a link is lost", e);
            return Optional.empty();
        }
    }

    @Override
    public void checkList() throws IOException {
        TreeCursor cursor = TreeCursor.ahead(source, root, context.executor());
        for (Optional<TreeEntry> next; (next = cursor.next()).isPresent(); ) {
            Optional<FileContent> content = next.get().content();
            if (content.isPresent() && content.get().depth() > 0) {
                SliceLists.Walk slices = SliceLists.walk(content.get(), source);
                while (slices.hasNext()) {
                    slices.next();
                }
            }
        }
    }

    @Override
    public InputStream open(EntryPath path) throws IOException {
        TreeEntry found = TreeCursor.find(source, root, path)
                .orElseThrow(() -> new FileNotFoundException("no entry '" + path + "' in archive " + root));
        if (found.entry().type() == EntryType.HARD_LINK) {
            EntryPath target = found.entry().hardLinkTarget();
            found = TreeCursor.find(source, root, target)
                    .orElseThrow(() -> new FileNotFoundException(
                            "'" + path + "' links to '" + target + "', which is not in archive " + root));
        }
        if (!found.entry().isFile()) {
            throw new FileNotFoundException(
                    "'" + path + "' is not a file but a " + found.entry().type());
        }
        return ContentSender.withHoles(
                found, new ContentStream(found.content().orElseThrow(), source, context.executor()));
    }

    @Override
    public void close() {}
}
