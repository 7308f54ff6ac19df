package dev.lifeboat.format.chunked;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.RepositoryKeys;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Compressor;
import dev.lifeboat.internal.pack.GearChunker;
import dev.lifeboat.internal.pack.Naming;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Turns content into chunks. Short content is combined into one chunk with its neighbors, long content is cut. The
 * caller's thread reads and cuts; naming, compressing and sealing run in parallel, on as many threads as there are
 * compressors. The number of blocks bounds the memory in use. Thread-safe.
 */
final class Cutter implements AutoCloseable {
    /**
     * A chunk of short content ends, once it has this many bytes, after a file chosen by the hash of its path: one in
     * sixteen.
     */
    private static final int MIN_GATHERED_BYTES = 1 << 20;

    private static final int GATHERED_MASK = 0xf;
    private static final int MAX_PIECES = 1 << 12;
    /** Being filled, or on their way to a thread. */
    private static final int WAITING_BLOCKS = HeapBudget.tasks(3, 8 << 20);

    private final ChunkStore store;
    private final Tasks tasks;
    private final GearChunker chunker;
    private final byte[] seed;
    private final BlockingQueue<Block> blocks;
    private final BlockingQueue<Worker> workers;
    private final Queue<byte[]> windows = new ConcurrentLinkedQueue<>();
    private final Queue<byte[]> heads = new ConcurrentLinkedQueue<>();
    private final Object gathering = new Object();
    private final RepositoryKeys keys;
    private @Nullable Block open;

    Cutter(FormatContext context, ChunkStore store, Tasks tasks, int level) throws IOException {
        this.store = store;
        this.tasks = tasks;
        ChunkSizes sizes = ChunkSizes.of(context);
        this.chunker = new GearChunker(
                context.keys().derive("chunker", GearChunker.SEED_BYTES), sizes.min(), sizes.average(), sizes.max());
        this.seed = context.keys().derive("gatherer", 16);
        this.keys = context.keys();
        // A block, and what it is compressed and sealed into.
        int parallelism = HeapBudget.tasks(Math.max(2, context.parallelism()), 2L * sizes.max());
        blocks = new ArrayBlockingQueue<>(parallelism + WAITING_BLOCKS);
        for (int i = 0; i < parallelism + WAITING_BLOCKS; i++) {
            blocks.add(new Block());
        }
        workers = new ArrayBlockingQueue<>(parallelism);
        for (int i = 0; i < parallelism; i++) {
            workers.add(new Worker(new Compressor(level), new Naming(context.keys())));
        }
    }

    private record Worker(Compressor compressor, Naming naming) {}

    /** Receives the place of a piece of content. */
    @FunctionalInterface
    interface OnPiece {
        void stored(ChunkName chunk, int offset, int length, byte[] pieceName) throws IOException;
    }

    /** Content for one chunk that is being processed. */
    private static final class Block {
        /** Allocated on first use, since most backups are small. */
        private byte[] bytes = new byte[0];

        private int used;
        private int[] lengths = new int[16];
        private final List<OnPiece> pieces = new ArrayList<>();

        void ensure(int capacity) {
            if (bytes.length < capacity) {
                bytes = java.util.Arrays.copyOf(bytes, Math.max(capacity, bytes.length * 3 / 2));
            }
        }

        void add(int length, OnPiece piece) {
            if (pieces.size() == lengths.length) {
                lengths = java.util.Arrays.copyOf(lengths, lengths.length * 2);
            }
            lengths[pieces.size()] = length;
            pieces.add(piece);
            used += length;
        }
    }

    /** Returns the minimum length of content that gets chunks of its own. */
    int longFrom() {
        return chunker.min();
    }

    /** The result of reading the beginning of content. */
    sealed interface Begun {}

    /** The content was short, and all of it was read. */
    record Taken(int length) implements Begun {}

    /** The content was short, and equals what is stored already. */
    record Known(int length) implements Begun {}

    /** The content is long; this is its beginning. */
    @SuppressWarnings("ArrayRecordComponent")
    record Beginning(byte[] window, int length) implements Begun {}

    /** Tests whether short content is stored already, by the name of the piece. */
    @FunctionalInterface
    interface IsKnown {
        boolean test(byte[] pieceName);
    }

    /**
     * Reads content up to the limit for short content.
     *
     * @param isKnown null if the content cannot be stored already
     */
    Begun begin(EntryPath path, InputStream in, @Nullable IsKnown isKnown, OnPiece piece) throws IOException {
        // Read before any lock is taken: a source may send its contents in turns.
        byte[] head = heads.poll();
        if (head == null) {
            head = new byte[chunker.min()];
        }
        try {
            int length = in.readNBytes(head, 0, head.length);
            if (length == head.length) {
                byte[] window = window();
                System.arraycopy(head, 0, window, 0, length);
                return new Beginning(window, length);
            }
            if (length > 0) {
                if (isKnown != null && isKnown.test(new Naming(keys).piece(head, 0, length))) {
                    return new Known(length);
                }
                gather(path, head, length, piece);
            }
            return new Taken(length);
        } finally {
            heads.add(head);
        }
    }

    private void gather(EntryPath path, byte[] bytes, int length, OnPiece piece) throws IOException {
        synchronized (gathering) {
            Block block = open;
            if (block == null) {
                block = take();
                block.ensure(MIN_GATHERED_BYTES + chunker.min());
                open = block;
            }
            block.ensure(block.used + length);
            System.arraycopy(bytes, 0, block.bytes, block.used, length);
            block.add(length, piece);
            boolean full = block.used > chunker.max() - chunker.min() || block.pieces.size() == MAX_PIECES;
            if (full || block.used >= MIN_GATHERED_BYTES && endsGathered(path)) {
                open = null;
                start(block);
            }
        }
    }

    private boolean endsGathered(EntryPath path) {
        CRC32C crc = new CRC32C();
        crc.update(seed);
        crc.update(path.toByteArray());
        return (crc.getValue() & GATHERED_MASK) == 0;
    }

    /** Cuts long content to its end. Returns its length in bytes. */
    long cut(Beginning begun, InputStream in, LongFile file) throws IOException {
        byte[] window = begun.window();
        int filled = begun.length();
        long total = filled;
        boolean ended = false;
        int start = 0;
        while (true) {
            if (!ended && filled - start < chunker.max()) {
                System.arraycopy(window, start, window, 0, filled - start);
                filled -= start;
                start = 0;
                int n = in.readNBytes(window, filled, window.length - filled);
                ended = filled + n < window.length;
                filled += n;
                total += n;
            }
            if (filled == start) {
                windows.add(window);
                return total;
            }
            Io.checkInterrupt();
            int length = chunker.cut(window, start, filled - start);
            Block block = take();
            block.ensure(length + Naming.tableBytes(1));
            System.arraycopy(window, start, block.bytes, 0, length);
            block.add(length, file.next());
            start(block);
            start += length;
        }
    }

    private byte[] window() {
        byte[] window = windows.poll();
        return window == null ? new byte[chunker.max() * 2] : window;
    }

    private Block take() throws IOException {
        try {
            return blocks.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Io.interrupted(e);
        }
    }

    private void start(Block block) throws IOException {
        tasks.start(
                () -> {
                    Worker worker = workers.take();
                    try {
                        process(block, worker);
                    } finally {
                        workers.add(worker);
                    }
                    return null;
                },
                () -> {
                    block.used = 0;
                    block.pieces.clear();
                    blocks.add(block);
                });
    }

    private void process(Block block, Worker worker) throws IOException {
        int count = block.pieces.size();
        byte[] names = new byte[count * ChunkName.BYTES];
        int at = 0;
        for (int i = 0; i < count; i++) {
            byte[] name = worker.naming().piece(block.bytes, at, block.lengths[i]);
            System.arraycopy(name, 0, names, i * ChunkName.BYTES, ChunkName.BYTES);
            at += block.lengths[i];
        }
        int length = block.used + Naming.tableBytes(count);
        block.ensure(length);
        Naming.putTable(block.bytes, block.used, block.lengths, count);
        ChunkName chunk = worker.naming().data(names, count);
        store.putData(chunk, block.bytes, length, worker.compressor());
        at = 0;
        for (int i = 0; i < count; i++) {
            byte[] name = java.util.Arrays.copyOfRange(names, i * ChunkName.BYTES, (i + 1) * ChunkName.BYTES);
            block.pieces.get(i).stored(chunk, at, block.lengths[i], name);
            at += block.lengths[i];
        }
    }

    /** Starts to process what is collected so far. */
    void finish() throws IOException {
        synchronized (gathering) {
            if (open != null && open.used > 0) {
                Block last = open;
                open = null;
                start(last);
            }
        }
    }

    /** Frees the compressors. All tasks must have ended. */
    @Override
    public void close() {
        workers.forEach(worker -> worker.compressor().close());
    }
}
