package dev.lifeboat.format.chunked;

import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.RepositoryKeys.Right;
import dev.lifeboat.internal.index.ChunkIndex;
import dev.lifeboat.internal.index.IndexFile;
import dev.lifeboat.internal.index.NameSet;
import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Compressor;
import dev.lifeboat.internal.pack.Directory;
import dev.lifeboat.internal.pack.Naming;
import dev.lifeboat.internal.pack.PackWriter;
import dev.lifeboat.internal.tree.TreeStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Stores chunks that are not there yet: in no pack that may be referred to, and not stored by this writer before. Content and trees go into
 * packs of their own, so that browsing and pruning read little. Thread-safe.
 */
final class ChunkStore implements TreeStore, AutoCloseable {
    private static final int DATA_PACK_BYTES = 16 << 20;
    private static final int TREE_PACK_BYTES = 4 << 20;

    private final FormatContext context;
    private final ChunkIndex index;
    private final ChunkIndex.PackTest usable;
    private final NameSet own = new NameSet();
    private final PackWriter data;
    private final PackWriter trees;
    private final Compressor treeCompressor;
    private final Naming treeNaming;
    private boolean finished;

    /**
     * Starts.
     *
     * @param session that writes
     * @param usable tells of a pack whether its chunks may be referred to. Others may bring the index up to date meanwhile, so it is
     *     for the packs that this session has listed itself, and of them those that no record condemns
     */
    ChunkStore(FormatContext context, String session, ChunkIndex.PackTest usable, int level) {
        this.context = context;
        this.index = ChunkIndex.of(context);
        this.usable = usable;
        this.data = new PackWriter(context, session, DATA_PACK_BYTES, List.of(Right.READ));
        this.trees = new PackWriter(context, session, TREE_PACK_BYTES, List.of(Right.READ, Right.WRITE));
        this.treeCompressor = new Compressor(level);
        this.treeNaming = new Naming(context.keys());
    }

    /** Whether a chunk that was there before may be referred to. */
    boolean has(ChunkName name) {
        return index.findGood(name, usable).isPresent();
    }

    /** Stores a chunk of content, if it is not there. */
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

    /** Waits until all is durable, and then says where it is: an index never names a pack that is not there. */
    void finish() throws IOException {
        List<Directory> packs = new ArrayList<>(data.finish());
        packs.addAll(trees.finish());
        IndexFile.put(context, packs);
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
