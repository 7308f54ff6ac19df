package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PreCopy;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.tree.EntrySpool;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The entries of the first pass of a writer, read in parallel with those that are offered again. Not thread-safe. */
final class PreCopied implements AutoCloseable {
    private final EntrySpool spool;
    private final Executor executor;
    private EntrySpool.@Nullable Reader reader;
    private @Nullable TreeEntry next;

    PreCopied(EntrySpool spool, Executor executor) {
        this.spool = spool;
        this.executor = executor;
    }

    /** Returns an entry; null if there is none. Paths ascend from call to call. */
    @Nullable
    TreeEntry find(EntryPath path) throws IOException {
        if (reader == null) {
            reader = spool.reader(executor);
            next = reader.next();
        }
        while (next != null && next.entry().path().compareTo(path) < 0) {
            next = reader.next();
        }
        return next != null && next.entry().path().equals(path) ? next : null;
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
        private final ChunkStore store;
        private final FormatContext context;
        private @Nullable ChunkSource source;

        Lookup(EntrySpool spool, ChunkStore store, FormatContext context) {
            this.spool = spool;
            this.context = context;
            this.copied = new PreCopied(spool, context.executor());
            this.store = store;
        }

        @Override
        public boolean has(Entry file) throws IOException {
            TreeEntry known = copied.find(file.path());
            return known != null && file.sameContentAs(known.entry());
        }

        @Override
        public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
            return Optional.ofNullable(copied.find(path))
                    .map(TreeEntry::entry)
                    .filter(entry ->
                            entry.fingerprint().filter(fingerprint::equals).isPresent());
        }

        @Override
        public boolean isReadable() {
            return context.keys().mayRead();
        }

        @Override
        public synchronized InputStream open(EntryPath file) throws IOException {
            if (source == null) {
                // Until now, the content may be in packs that are not stored or not in the index.
                store.flush();
                source = new ChunkSource(context, ChunkIndex.of(context));
            }
            try (PreCopied opening = new PreCopied(spool, context.executor())) {
                TreeEntry known = opening.find(file);
                if (known == null || known.content().isEmpty()) {
                    throw new IOException("the first pass has no content of '" + file + "'");
                }
                return new ContentStream(known.content().get(), source, context.executor());
            }
        }

        @Override
        public void close() throws IOException {
            copied.close();
        }
    }
}
