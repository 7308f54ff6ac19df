package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.SparseInputStream;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.internal.index.ChunkIndex.Place;
import dev.lifeboat.internal.io.DamageWatch;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.pack.ChunkHeader;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.PackInfo;
import dev.lifeboat.internal.tree.FileContent;
import dev.lifeboat.internal.tree.Slice;
import dev.lifeboat.internal.tree.TreeEntry;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Sends the content that a sink wants. Entries are collected into windows. Within a window, the entries of one chunk
 * are sent together, and adjacent chunks are fetched with one request, on a useful number of threads. A window also
 * ends when its entries are in many directories, since a sink may keep each of those open. Used by one thread.
 */
final class ContentSender implements AutoCloseable {
    private static final int WINDOW_ENTRIES = 4096;
    private static final int WINDOW_DIRECTORIES = 256;
    private static final long WINDOW_BYTES = 64 << 20;
    private static final int FETCH_BYTES = 4 << 20;
    private static final int GAP_BYTES = 64 << 10;

    private final FormatContext context;
    private final ChunkSource source;
    private final EntrySink sink;
    private final Tasks tasks;
    private final Semaphore atOnce;
    private final List<TreeEntry> window = new ArrayList<>();
    private final Set<EntryPath> directories = new HashSet<>();
    private long windowBytes;
    private @Nullable ChunkName lastName;
    private byte[] last = new byte[0];

    ContentSender(FormatContext context, ChunkSource source, EntrySink sink) {
        this.context = context;
        this.source = source;
        this.sink = sink;
        this.tasks = new Tasks(context.executor());
        this.atOnce = new Semaphore(HeapBudget.tasks(Math.max(2, context.parallelism()), 2L * FETCH_BYTES));
    }

    /** Adds an entry whose content the sink wants. */
    void add(TreeEntry entry) throws IOException {
        if (sink.requiresInlineContent()) {
            sendInOrder(entry);
            return;
        }
        window.add(entry);
        directories.add(entry.entry().path().parent());
        windowBytes += entry.content().orElseThrow().bytes();
        if (window.size() == WINDOW_ENTRIES
                || directories.size() == WINDOW_DIRECTORIES
                || windowBytes >= WINDOW_BYTES) {
            send();
        }
    }

    /** Sends the rest, and waits until everything is sent. */
    void finish() throws IOException {
        send();
        tasks.await();
    }

    /** The entries of which each is one slice of the same chunk. */
    private record Shared(Place place, ChunkName chunk, List<TreeEntry> entries) {}

    private void send() throws IOException {
        Map<ChunkName, Shared> shared = new LinkedHashMap<>();
        List<TreeEntry> alone = new ArrayList<>();
        for (TreeEntry entry : window) {
            FileContent content = entry.content().orElseThrow();
            if (content.slices().size() == 1 && content.depth() == 0) {
                ChunkName chunk = content.slices().get(0).chunk();
                Shared known = shared.get(chunk);
                if (known == null) {
                    Place place = placeOrNull(chunk);
                    if (place == null) {
                        alone.add(entry);
                        continue;
                    }
                    known = new Shared(place, chunk, new ArrayList<>());
                    shared.put(chunk, known);
                }
                known.entries().add(entry);
            } else {
                alone.add(entry);
            }
        }
        window.clear();
        directories.clear();
        windowBytes = 0;
        for (List<Shared> run : runs(new ArrayList<>(shared.values()))) {
            start(() -> sendRun(run));
        }
        for (TreeEntry entry : alone) {
            start(() -> sendAlone(entry));
        }
    }

    /** Returns null if the chunk is lost. Sending its content finds that again, and reports it. */
    private @Nullable Place placeOrNull(ChunkName chunk) throws IOException {
        try {
            return source.place(chunk);
        } catch (DamagedException e) {
            return null;
        }
    }

    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private void start(Work work) throws IOException {
        try {
            atOnce.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
        boolean started = false;
        try {
            tasks.start(() -> {
                try {
                    work.run();
                } finally {
                    atOnce.release();
                }
                return null;
            });
            started = true;
        } finally {
            if (!started) {
                atOnce.release();
            }
        }
    }

    /** Groups chunks that are fetched with one request: adjacent in a pack, or nearly so. */
    private static List<List<Shared>> runs(List<Shared> chunks) {
        chunks.sort(Comparator.comparing((Shared s) -> s.place().pack().id())
                .thenComparingInt(s -> s.place().offset()));
        List<List<Shared>> runs = new ArrayList<>();
        List<Shared> run = new ArrayList<>();
        for (Shared chunk : chunks) {
            if (!run.isEmpty()) {
                Place first = run.get(0).place();
                Place last = run.get(run.size() - 1).place();
                boolean joins = last.pack().id().equals(chunk.place().pack().id())
                        && chunk.place().offset() - end(last) <= GAP_BYTES
                        && end(chunk.place()) - first.offset() <= FETCH_BYTES;
                if (!joins) {
                    runs.add(run);
                    run = new ArrayList<>();
                }
            }
            run.add(chunk);
        }
        if (!run.isEmpty()) {
            runs.add(run);
        }
        return runs;
    }

    private static int end(Place place) {
        return place.offset() + ChunkHeader.BYTES + place.storedLength();
    }

    private void sendRun(List<Shared> run) throws IOException {
        PackInfo pack = run.get(0).place().pack();
        int start = run.get(0).place().offset();
        byte[] bytes;
        try {
            bytes = source.reader()
                    .fetch(pack, start, end(run.get(run.size() - 1).place()) - start);
        } catch (FileNotFoundException e) {
            source.gone(pack);
            bytes = new byte[0];
        }
        for (Shared chunk : run) {
            sendShared(chunk, bytes, chunk.place().offset() - start);
        }
    }

    private void sendShared(Shared shared, byte[] range, int at) throws IOException {
        byte[] chunk;
        try {
            chunk = chunk(shared, range, at);
        } catch (DamagedException e) {
            for (TreeEntry entry : shared.entries()) {
                sendContent(entry, () -> {
                    throw e;
                });
            }
            return;
        }
        for (TreeEntry entry : shared.entries()) {
            Slice slice = entry.content().orElseThrow().slices().get(0);
            sendContent(entry, () -> {
                int end = ContentStream.checkedEnd(slice, chunk);
                return new ByteArrayInputStream(chunk, slice.offset(), end - slice.offset());
            });
        }
    }

    /** Opens a chunk from a fetched range or, if it is damaged there, from any other place. */
    private byte[] chunk(Shared shared, byte[] range, int at) throws IOException {
        if (range.length > 0) {
            try {
                return source.reader().open(shared.place().pack(), range, at, shared.chunk());
            } catch (DamagedException e) {
                // Reads this chunk alone, which finds the damage again and then tries other places.
                return source.data(shared.chunk());
            }
        }
        return source.data(shared.chunk());
    }

    /** Sends at once. Neighboring files are mostly in one chunk, which is kept for the next call. */
    private void sendInOrder(TreeEntry entry) throws IOException {
        FileContent content = entry.content().orElseThrow();
        if (content.piece() == null) {
            sendAlone(entry);
            return;
        }
        Slice slice = content.slices().get(0);
        sendContent(entry, () -> {
            if (lastName == null || !lastName.equals(slice.chunk())) {
                last = source.data(slice.chunk());
                lastName = slice.chunk();
            }
            return new ByteArrayInputStream(
                    last, slice.offset(), ContentStream.checkedEnd(slice, last) - slice.offset());
        });
    }

    private void sendAlone(TreeEntry entry) throws IOException {
        sendContent(entry, () -> new ContentStream(entry.content().orElseThrow(), source, context.executor()));
    }

    private void sendContent(TreeEntry stored, DamageWatch.Opener opener) throws IOException {
        Entry entry = stored.entry();
        DamageWatch content = new DamageWatch(() -> withHoles(stored, opener.open()));
        try (InputStream in = content.open()) {
            sink.content(entry, in);
        } catch (DamagedException e) {
            if (content.damage() != e) {
                throw e;
            }
            sink.report(new Problem(entry.path(), Problem.Kind.FAILED, e.getMessage()));
        }
    }

    static InputStream withHoles(TreeEntry entry, InputStream data) {
        return entry.content()
                .flatMap(FileContent::holes)
                .<InputStream>map(map -> new SparseInputStream(map, data))
                .orElse(data);
    }

    @Override
    public void close() {
        tasks.close();
    }
}
