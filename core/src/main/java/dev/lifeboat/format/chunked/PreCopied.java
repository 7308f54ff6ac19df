package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PreCopy;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.tree.EntrySpool;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The entries of the first pass of a writer, read in parallel with those that are offered again. Not thread-safe. */
final class PreCopied implements AutoCloseable {
    private final EntrySpool spool;
    private EntrySpool.@Nullable Reader reader;
    private @Nullable TreeEntry next;

    PreCopied(EntrySpool spool) {
        this.spool = spool;
    }

    /** Returns an entry; null if there is none. Paths ascend from call to call. */
    @Nullable
    TreeEntry find(EntryPath path) throws IOException {
        if (reader == null) {
            reader = spool.reader();
            next = reader.next();
        }
        while (next != null && next.entry().path().compareTo(path) < 0) {
            next = reader.next();
        }
        return next != null && next.entry().path().equals(path) ? next : null;
    }

    /** Returns the entry of a file with a fingerprint; empty if there is none. Paths ascend from call to call. */
    Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        return withFingerprint(find(path), fingerprint);
    }

    static Optional<Entry> withFingerprint(@Nullable TreeEntry known, String fingerprint) {
        return known != null
                        && known.entry().isFile()
                        && known.entry()
                                .fingerprint()
                                .filter(fingerprint::equals)
                                .isPresent()
                ? Optional.of(known.entry())
                : Optional.empty();
    }

    @Override
    public void close() throws IOException {
        if (reader != null) {
            reader.close();
        }
    }

    /** Looks up files before they are offered. */
    static final class Lookup implements PreCopy {
        private final EntrySpool spool;
        private final PreCopied copied;
        private final Parent parent;
        private final ChunkStore store;
        private final FormatContext context;
        private @Nullable PreCopied opening;
        private @Nullable ChunkSource source;
        private @Nullable ParentEntries entries;
        private boolean opened;

        /** Opens the entries of the parent, if there is one. */
        @FunctionalInterface
        interface Parent {
            Optional<ParentEntries> open() throws IOException;
        }

        Lookup(EntrySpool spool, Parent parent, ChunkStore store, FormatContext context) {
            this.spool = spool;
            this.context = context;
            this.copied = new PreCopied(spool);
            this.parent = parent;
            this.store = store;
        }

        @Override
        public boolean has(Entry file) throws IOException {
            TreeEntry known = copied.find(file.path());
            if (known != null && file.sameContentAs(known.entry())) {
                return true;
            }
            return known == null && file.fingerprint().isPresent() && isInParent(file);
        }

        @Override
        public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
            return copied.unchanged(path, fingerprint);
        }

        /** The parent is in the store, which may be far away: it is read only for what the first pass left out. */
        private boolean isInParent(Entry file) throws IOException {
            if (!opened) {
                opened = true;
                entries = parent.open().orElse(null);
            }
            TreeEntry earlier = entries == null ? null : entries.find(file.path());
            Optional<FileContent> content = earlier == null ? Optional.empty() : earlier.content();
            return entries != null
                    && earlier != null
                    && content.isPresent()
                    && file.sameContentAs(earlier.entry())
                    && entries.isStored(content.get(), store);
        }

        @Override
        public boolean isReadable() {
            return context.keys().mayRead();
        }

        @Override
        public InputStream open(EntryPath file) throws IOException {
            if (source == null) {
                // Until now, the content may be in packs that are not stored or not in the index.
                store.flush();
                source = new ChunkSource(context, ChunkIndex.of(context));
                opening = new PreCopied(spool);
            }
            TreeEntry known = opening == null ? null : opening.find(file);
            if (known == null || known.content().isEmpty()) {
                throw new IOException("the first pass has no content of '" + file + "'");
            }
            return new ContentStream(known.content().get(), source, context.executor());
        }

        @Override
        public void close() throws IOException {
            PreCopied last = opening;
            try (last) {
                copied.close();
            }
        }
    }
}
