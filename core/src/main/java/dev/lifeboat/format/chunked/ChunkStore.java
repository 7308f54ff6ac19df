package dev.lifeboat.format.chunked;

import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.IndexFile;
import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.io.HeapBudget;
import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Compressor;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.Naming;
import dev.lifeboat.internal.pack.PackWriter;
import dev.lifeboat.internal.tree.TreeStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Stores chunks that are not stored yet: in no pack that may be referred to, and not by this writer before. Content and
 * trees go into separate packs, so that browsing and pruning read little. Thread-safe.
 */
final class ChunkStore implements TreeStore, AutoCloseable {
    private static final int TREE_PACK_BYTES = 4 << 20;

    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkIndex.PackTest usable;
    private final NameSet own = new NameSet();
    private final PackWriter data;
    private final PackWriter trees;
    private final Compressor treeCompressor;
    private final Naming treeNaming;
    /** Ids of packs that the index names. */
    private final Set<String> indexed = new HashSet<>();

    private boolean finished;

    /**
     * Creates a store for one writer.
     *
     * @param session that writes
     * @param usable returns whether chunks of a pack may be referred to. Other operations may refresh the index at any
     *     time, so it accepts only packs that this session has listed itself and that are not pending deletions
     */
    ChunkStore(FormatContext context, String session, ChunkIndex.PackTest usable, int level) {
        this.context = context;
        this.index = ChunkIndex.of(context);
        this.usable = usable;
        this.data = new PackWriter(context, session, HeapBudget.packBytes(), List.of(Right.READ));
        this.trees = new PackWriter(
                context, session, Math.min(TREE_PACK_BYTES, HeapBudget.packBytes()), List.of(Right.READ, Right.WRITE));
        this.treeCompressor = new Compressor(level);
        this.treeNaming = new Naming(context.keys());
    }

    /** Returns whether a chunk was stored before and may be referred to. */
    boolean has(ChunkName name) {
        return index.findGood(name, usable).isPresent();
    }

    /** Returns whether a chunk was stored before, or is being stored by this writer. */
    boolean hasOrStores(ChunkName name) {
        return own.contains(name) || has(name);
    }

    /** Stores a chunk of content unless it is stored already. */
    void putData(ChunkName name, byte[] plain, int length, Compressor compressor) throws IOException {
        if (!has(name) && own.add(name)) {
            data.store(ChunkKind.DATA, name, plain, length, compressor);
        }
    }

    @Override
    public synchronized ChunkName put(ChunkKind kind, byte[] bytes) throws IOException {
        if (bytes.length > Naming.MAX_CHUNK_BYTES) {
            throw new IOException("a page of the tree has more than " + Naming.MAX_CHUNK_BYTES + " bytes");
        }
        ChunkName name = treeNaming.tree(kind, bytes, 0, bytes.length);
        if (!has(name) && own.add(name)) {
            trees.store(kind, name, bytes, bytes.length, treeCompressor);
        }
        return name;
    }

    long bytesStored() {
        return data.bytesStored() + trees.bytesStored();
    }

    /**
     * Waits until everything that was put so far is durable, and then writes the index: an index never names a pack
     * that does not exist. More may be put afterwards.
     */
    synchronized void flush() throws IOException {
        List<Directory> packs = new ArrayList<>(data.flush());
        packs.addAll(trees.flush());
        packs.removeIf(pack -> indexed.contains(pack.pack().id()));
        IndexFile.put(context, packs);
        packs.forEach(pack -> indexed.add(pack.pack().id()));
    }

    /** Flushes the last time. */
    void finish() throws IOException {
        flush();
        finished = true;
    }

    @Override
    public void close() {
        if (!finished) {
            data.abort();
            trees.abort();
        }
        synchronized (this) {
            treeCompressor.close();
        }
    }
}
