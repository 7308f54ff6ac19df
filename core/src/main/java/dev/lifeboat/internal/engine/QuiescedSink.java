package dev.lifeboat.internal.engine;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.PreCopy;
import dev.lifeboat.internal.io.BlockSums;
import dev.lifeboat.internal.io.BulkInputStream;
import dev.lifeboat.internal.io.ContentSpool;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.io.HeldContent;
import dev.lifeboat.internal.io.Holdable;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.tree.EntrySpool;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Receives a source while it is quiesced, as fast as the source can be read: keeps entries, and the content that the
 * first pass does not have, and passes them on once the source is resumed. If there is more content than the spool
 * takes, passes everything on while the source is quiesced. As thread-safe as a sink has to be.
 */
public final class QuiescedSink implements EntrySink, AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    /** Each holds a file open. */
    private static final int MAX_OPEN_FILES = 128;

    private final EntrySink sink;
    private final PreCopySink firstPass;
    private final PreCopy copied;
    private final Executor executor;
    private final ContentSpool spool;
    private final EntrySpool entries;
    private final Map<EntryPath, Held> held = new ConcurrentHashMap<>();
    private final Queue<HeldContent> openFiles = new ConcurrentLinkedQueue<>();
    private volatile boolean holding;
    /** Whether the source was quiesced: entries before that, such as those of images, do not change. */
    private volatile boolean quiesced;

    /** A file whose content is needed. Guarded by the sink. */
    private static final class Held {
        private final Entry offered;
        private @Nullable Entry sent;
        private @Nullable Copy copy;
        private boolean wanted;

        Held(Entry offered) {
            this.offered = offered;
        }
    }

    /**
     * What was read of a content.
     *
     * @param data without holes
     * @param map the regions of the file that the data fills, if it is sparse
     * @param whole whether that is all of it; otherwise, it has to be passed on before anything else is read
     * @param shared whether it is a copy that shares blocks, which were not read yet
     */
    private record Copy(HeldContent data, Optional<SparseMap> map, boolean whole, boolean shared) {}

    /** Tells an exception of a held content from one of the sink. */
    private static final class Watched extends BulkInputStream {
        private final InputStream in;
        private @Nullable IOException failure;

        Watched(InputStream in) {
            this.in = in;
        }

        @Override
        public int read(byte[] b, int off, int len) throws IOException {
            try {
                return in.read(b, off, len);
            } catch (IOException e) {
                failure = e;
                throw e;
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /**
     * Creates a sink that passes everything on until {@link #hold}.
     *
     * @param firstPass what was read in the first pass, and {@code copied} what of it is stored
     * @param limit how many bytes of content are kept
     */
    public QuiescedSink(EntrySink sink, PreCopySink firstPass, PreCopy copied, long limit, Executor executor)
            throws IOException {
        this.sink = sink;
        this.firstPass = firstPass;
        this.executor = executor;
        this.copied = copied;
        this.spool = new ContentSpool(HeapBudget.spoolBytes(), limit);
        this.entries = new EntrySpool();
    }

    /** Begins to keep what is sent. Called once, between two entries. */
    public void hold() {
        quiesced = true;
        holding = true;
    }

    /** Passes on what was kept, and from now on everything at once. */
    public synchronized void release() throws IOException {
        if (!holding) {
            return;
        }
        try (EntrySpool.Reader reader = entries.reader(executor)) {
            for (TreeEntry next; (next = reader.next()) != null; ) {
                passOn(next.entry());
            }
        }
        holding = false;
    }

    private void passOn(Entry entry) throws IOException {
        Held file = held.get(entry.path());
        if (file == null) {
            if (sink.offer(entry)) {
                throw new IOException("the content of '" + entry.path() + "' was stored, and is wanted again");
            }
            return;
        }
        file.wanted = sink.offer(file.offered);
        Copy copy = file.copy;
        if (copy != null && file.sent != null) {
            // What it holds, blocks of the disk among them, is given back as soon as possible.
            try (HeldContent content = copy.data()) {
                if (file.wanted) {
                    send(file.sent, content, copy);
                }
            } finally {
                openFiles.remove(copy.data());
            }
        }
    }

    /** What was copied without reading it may turn out to be unreadable, as any other file. */
    private void send(Entry entry, HeldContent content, Copy copy) throws IOException {
        Watched data = new Watched(content.open());
        try (data) {
            sink.content(
                    entry,
                    copy.map().isPresent() ? new SparseInputStream(copy.map().get(), data) : data);
        } catch (IOException e) {
            if (data.failure != e || !copy.shared()) {
                throw e;
            }
            Io.checkInterrupt();
            sink.report(new Problem(entry.path(), Problem.Kind.FAILED, String.valueOf(e.getMessage())));
        }
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        if (holding) {
            synchronized (this) {
                // A thread that sends content may have passed everything on.
                if (holding) {
                    return holdEntry(entry);
                }
            }
        }
        return sink.offer(quiesced && entry.isFile() && !copied.has(entry) ? unfingerprinted(entry) : entry);
    }

    /**
     * Only the first pass makes sure that a fingerprint changes with each later write; so what it does not have is
     * stored without one, and read again by the next backup.
     */
    private static Entry unfingerprinted(Entry entry) {
        return entry.withFingerprint(Optional.empty());
    }

    private boolean holdEntry(Entry entry) throws IOException {
        Io.checkInterrupt();
        boolean needed = entry.isFile() && (entry.size().isEmpty() || !copied.has(entry));
        if (needed) {
            held.put(entry.path(), new Held(unfingerprinted(entry)));
        }
        entries.add(new TreeEntry(
                entry.isFile() ? entry.withSize(entry.size().orElse(0)) : entry,
                entry.isFile() ? Optional.of(noContent(entry)) : Optional.empty()));
        if (held.size() > HeapBudget.spoolEntries()) {
            release();
            Held last = held.get(entry.path());
            return last != null && last.wanted;
        }
        return needed;
    }

    @Override
    public List<Path> repositoryDirectories() {
        return sink.repositoryDirectories();
    }

    @Override
    public Optional<Entry> unchanged(EntryPath path, String fingerprint) throws IOException {
        return holding ? copied.unchanged(path, fingerprint) : sink.unchanged(path, fingerprint);
    }

    /** The spool of entries takes files only with their content: a single hole takes no room. */
    private static FileContent noContent(Entry file) {
        Optional<SparseMap> hole = file.size().orElse(0) == 0
                ? Optional.empty()
                : Optional.of(SparseMap.ofSize(file.size().getAsLong()).build());
        return new FileContent(List.of(), 0, null, hole);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        Held file = held.get(entry.path());
        if (file == null) {
            sink.content(quiesced ? unfingerprinted(entry) : entry, in);
            return;
        }
        Entry sent = unfingerprinted(entry);
        if (!holding) {
            if (file.wanted) {
                sink.content(sent, in);
            }
            return;
        }
        Copy copy = copy(entry, in);
        synchronized (this) {
            if (!copy.whole()) {
                release();
            }
            if (holding) {
                file.sent = sent;
                file.copy = copy;
                return;
            }
        }
        try (HeldContent content = copy.data()) {
            if (file.wanted) {
                InputStream data = content.open();
                sink.content(
                        sent,
                        copy.map().isPresent()
                                ? new SparseInputStream(copy.map().get(), data)
                                : data);
            }
        }
    }

    private Copy copy(Entry entry, InputStream in) throws IOException {
        SparseInputStream sparse = in instanceof SparseInputStream holes ? holes : null;
        InputStream data = sparse == null ? in : sparse.data();
        Optional<SparseMap> map = Optional.ofNullable(sparse).map(SparseInputStream::map);
        if (data instanceof Holdable file && openFiles.size() < MAX_OPEN_FILES) {
            Optional<HeldContent> content = file.hold();
            boolean shared = content.isPresent();
            if (!shared) {
                content = changedBlocks(entry, file);
            }
            if (content.isPresent()) {
                HeldContent opened = content.get();
                openFiles.add(opened);
                return new Copy(opened, map, true, shared);
            }
        }
        return copyWhole(data, map);
    }

    /** Content can be read in the end: whatever is in the way here, the file is read as a whole then. */
    private Optional<HeldContent> changedBlocks(Entry entry, Holdable file) throws IOException {
        BlockSums sums = firstPass.sums(entry.path());
        if (sums == null || !copied.isReadable()) {
            return Optional.empty();
        }
        try {
            Optional<Holdable.Blocks> blocks = file.blocks();
            return blocks.isEmpty()
                    ? Optional.empty()
                    : Optional.of(ChangedBlocks.find(
                            blocks.get(),
                            entry.size().getAsLong(),
                            sums,
                            spool,
                            () -> copied.open(entry.path()),
                            executor));
        } catch (IOException e) {
            Io.checkInterrupt();
            return Optional.empty();
        }
    }

    /** Reads content into the spool. If that is full, the result is what is in the spool, and then the rest. */
    private Copy copyWhole(InputStream data, Optional<SparseMap> map) throws IOException {
        ContentSpool.Part part = spool.part();
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int n; (n = data.read(buffer)) >= 0; ) {
            Io.checkInterrupt();
            try {
                part.write(buffer, 0, n);
            } catch (IOException e) {
                Io.checkInterrupt();
                InputStream rest = new ByteArrayInputStream(Arrays.copyOf(buffer, n));
                List<InputStream> all = List.of(part.open(), rest, unclosed(data));
                return new Copy(() -> new SequenceInputStream(Collections.enumeration(all)), map, false, false);
            }
        }
        return new Copy(part::open, map, true, false);
    }

    /** The caller closes what it sends. */
    private static InputStream unclosed(InputStream in) {
        return new FilterInputStream(in) {
            @Override
            public void close() {}
        };
    }

    @Override
    public void report(Problem problem) throws IOException {
        sink.report(problem);
    }

    /** Frees what is kept. */
    @Override
    public void close() throws IOException {
        try (spool;
                entries) {
            for (HeldContent file : openFiles) {
                file.close();
            }
        }
    }
}
