package dev.lifeboat.internal.engine;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.entry.SparseMap;
import dev.lifeboat.format.PreCopy;
import dev.lifeboat.internal.io.BlockSums;
import dev.lifeboat.internal.io.ContentSpool;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.io.HeldContent;
import dev.lifeboat.internal.io.Holdable;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.tree.EntrySpool;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
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

    /** A file whose content is needed. Guarded by the sink. */
    private static final class Held {
        private final Entry offered;
        private @Nullable Entry sent;
        private @Nullable Content content;
        private boolean wanted;

        Held(Entry offered) {
            this.offered = offered;
        }
    }

    /** Content that can be read once. */
    @FunctionalInterface
    private interface Content {
        InputStream open() throws IOException;
    }

    /** What was read of a content, and whether that is all of it. */
    private record Copy(Content content, boolean whole) {}

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
        holding = true;
    }

    /** Passes on what was kept, and from now on everything at once. */
    public synchronized void release() throws IOException {
        if (!holding) {
            return;
        }
        try (EntrySpool.Reader reader = entries.reader()) {
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
        if (file.wanted && file.content != null && file.sent != null) {
            try (InputStream in = file.content.open()) {
                sink.content(file.sent, in);
            }
        }
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        if (!holding) {
            return sink.offer(entry);
        }
        Io.checkInterrupt();
        boolean needed = entry.isFile() && !copied.has(entry);
        if (needed || entry.isFile() && entry.size().isEmpty()) {
            held.put(entry.path(), new Held(entry));
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
        if (file == null || !holding) {
            if (file == null || file.wanted) {
                sink.content(entry, in);
            }
            return;
        }
        Copy copy = copy(entry, in);
        synchronized (this) {
            if (!copy.whole()) {
                release();
            }
            if (holding) {
                file.sent = entry;
                file.content = copy.content();
                return;
            }
        }
        if (file.wanted) {
            try (InputStream all = copy.content().open()) {
                sink.content(entry, all);
            }
        }
    }

    private Copy copy(Entry entry, InputStream in) throws IOException {
        InputStream data = in instanceof SparseInputStream sparse ? sparse.data() : in;
        if (data instanceof Holdable file && openFiles.size() < MAX_OPEN_FILES) {
            Optional<HeldContent> shared = file.hold();
            if (shared.isPresent()) {
                openFiles.add(shared.get());
                return new Copy(() -> withHoles(in, shared.get().open()), true);
            }
            Optional<HeldContent> changed = changedBlocks(entry, file);
            if (changed.isPresent()) {
                openFiles.add(changed.get());
                return new Copy(() -> changed.get().open(), true);
            }
        }
        return copyWhole(in, data);
    }

    private Optional<HeldContent> changedBlocks(Entry entry, Holdable file) throws IOException {
        BlockSums sums = firstPass.sums(entry.path());
        if (sums == null || !copied.isReadable()) {
            return Optional.empty();
        }
        Optional<Holdable.Blocks> blocks = file.blocks();
        if (blocks.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ChangedBlocks.find(
                    blocks.get(), entry.size().getAsLong(), sums, spool, () -> copied.open(entry.path()), executor));
        } catch (EOFException e) {
            // It is read like any other, which reports what happened to it.
            return Optional.empty();
        }
    }

    /** Reads content into the spool. If that is full, the result is what is in the spool, and then the rest. */
    private Copy copyWhole(InputStream in, InputStream data) throws IOException {
        ContentSpool.Part part = spool.part();
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int n; (n = data.read(buffer)) >= 0; ) {
            Io.checkInterrupt();
            try {
                part.write(buffer, 0, n);
            } catch (IOException e) {
                Io.checkInterrupt();
                InputStream rest = new ByteArrayInputStream(Arrays.copyOf(buffer, n));
                List<InputStream> all = List.of(part.open(), rest, data);
                return new Copy(() -> withHoles(in, new SequenceInputStream(Collections.enumeration(all))), false);
            }
        }
        return new Copy(() -> withHoles(in, part.open()), true);
    }

    private static InputStream withHoles(InputStream like, InputStream data) {
        return like instanceof SparseInputStream sparse ? new SparseInputStream(sparse.map(), data) : data;
    }

    @Override
    public void report(Problem problem) throws IOException {
        sink.report(problem);
    }

    /** Frees what is kept. */
    @Override
    public void close() throws IOException {
        try (spool) {
            for (HeldContent file : openFiles) {
                file.close();
            }
            entries.close();
        }
    }
}
