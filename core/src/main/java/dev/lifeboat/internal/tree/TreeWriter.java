package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.internal.pack.Naming;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Cuts a sequence of entries into pages, with inner pages above them. The boundaries depend on the paths of entries, so
 * the same run of entries is the same page in every snapshot. Holds one page a level in memory. Not thread-safe.
 */
public final class TreeWriter {
    private static final int MIN_ENTRIES = 32;
    private static final int MAX_ENTRIES = 1024;
    private static final int MAX_PAGE_BYTES = 1 << 20;
    /** Long paths that share most of their bytes take little room in a page, but much in memory. */
    static final int MAX_PATH_BYTES = 8 << 20;
    /** The number of bits of a path's hash that are zero at a boundary, for each level. */
    private static final int CUT_BITS = 8;

    private final TreeStore store;
    private final byte[] seed;
    private final List<Inner> levels = new ArrayList<>();
    private Leaf leaf = new Leaf();
    private EntryPath first = EntryPath.root();

    /**
     * Starts a tree.
     *
     * @param seed shifts the boundaries; the same for all trees of a repository
     */
    public TreeWriter(TreeStore store, byte[] seed) {
        this.store = store;
        this.seed = seed.clone();
    }

    /** Adds the next entry. */
    public void add(TreeEntry entry) throws IOException {
        if (leaf.count() == 0) {
            first = entry.entry().path();
        }
        int before = leaf.bytes();
        leaf.add(entry);
        if (leaf.bytes() - before > Naming.MAX_CHUNK_BYTES / 2) {
            throw new IOException("'" + entry.entry().path() + "' has more metadata than the format can hold: "
                    + (leaf.bytes() - before) + " bytes, at most " + Naming.MAX_CHUNK_BYTES / 2);
        }
        int hash = hash(entry.entry().path());
        boolean cut = leaf.count() >= MIN_ENTRIES && isCut(hash, 1);
        if (cut
                || leaf.count() >= MAX_ENTRIES
                || leaf.bytes() >= MAX_PAGE_BYTES
                || leaf.pathBytes() >= MAX_PATH_BYTES) {
            endLeaf(hash);
        }
    }

    private int hash(EntryPath path) {
        CRC32C crc = new CRC32C();
        crc.update(seed);
        crc.update(path.toByteArray());
        return (int) crc.getValue();
    }

    private static boolean isCut(int hash, int level) {
        return level < 4 && (hash & (1 << CUT_BITS * level) - 1) == 0;
    }

    private void endLeaf(int hash) throws IOException {
        ChunkName page = store.put(ChunkKind.PAGE, leaf.toBytes());
        Inner.Child child = new Inner.Child(
                first, leaf.count(), store.put(ChunkKind.NODE, leaf.node(page).toBytes()));
        leaf = new Leaf();
        addChild(1, child, hash);
    }

    private void addChild(int level, Inner.Child child, int hash) throws IOException {
        if (levels.size() < level) {
            levels.add(new Inner(level));
        }
        Inner inner = levels.get(level - 1);
        inner.add(child);
        boolean cut = inner.count() > 1 && isCut(hash, level + 1);
        if (cut || inner.count() >= MAX_ENTRIES) {
            endInner(level, hash);
        }
    }

    private void endInner(int level, int hash) throws IOException {
        Inner inner = levels.get(level - 1);
        Inner.Child child = inner.store(store);
        levels.set(level - 1, new Inner(level));
        addChild(level + 1, child, hash);
    }

    /** Completes the tree. Returns the name of its root. */
    public ChunkName finish() throws IOException {
        if (leaf.count() > 0 || levels.isEmpty()) {
            endLeaf(1);
        }
        for (int level = 1; ; level++) {
            Inner inner = levels.get(level - 1);
            boolean top = level == levels.size();
            if (top && inner.count() == 1) {
                return inner.only();
            }
            if (inner.count() > 0) {
                endInner(level, 1);
            }
        }
    }
}
