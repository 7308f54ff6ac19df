package dev.lifeboat.format.chunked;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.internal.index.IndexFile;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.pack.ChunkName;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Stores content in content-defined chunks, each once, compressed and sealed, and snapshots as trees of pages, of which
 * equal ones are also stored once. Every snapshot is complete, regardless of which others are pruned, and takes only
 * the space of what is new in it. Reads what any other instance of this class wrote. Immutable.
 */
public final class ChunkedFormat implements ArchiveFormat {
    static final String ID = "chunked/1";

    private final int level;

    private ChunkedFormat(int level) {
        this.level = level;
    }

    /** Returns the format with zstd compression, level 3. */
    public static ChunkedFormat create() {
        return zstd(3);
    }

    /**
     * Returns the format with zstd compression. Content that does not get smaller is stored uncompressed, at any level.
     *
     * @param level 1 (fast) to 19 (small)
     * @throws IllegalArgumentException if the level is out of range
     */
    public static ChunkedFormat zstd(int level) {
        if (level < 1 || level > 19) {
            throw new IllegalArgumentException("level is not in 1..19: " + level);
        }
        return new ChunkedFormat(level);
    }

    @Override
    public String id() {
        return ID;
    }

    @Override
    public boolean encrypts() {
        return true;
    }

    @Override
    public Map<String, String> parameters() {
        return ChunkSizes.DEFAULT.toParameters();
    }

    static ChunkName name(ArchiveRoot root) throws DamagedException {
        try {
            return ChunkName.parse(root.reference());
        } catch (IllegalArgumentException e) {
            throw new DamagedException("'" + root.reference() + "' is not a root of an archive of format " + ID, e);
        }
    }

    @Override
    public ArchiveWriter write(FormatContext context, String name, Optional<ArchiveRoot> parent) throws IOException {
        return ChunkedWriter.begin(context, name, parent, level);
    }

    @Override
    public ArchiveReader read(FormatContext context, ArchiveRoot root) throws IOException {
        return ChunkedReader.open(context, name(root));
    }

    @Override
    public Verified verify(FormatContext context, List<ArchiveRoot> roots, Depth depth, Consumer<Damage> damages)
            throws IOException {
        return new ChunkedVerifier(context, damages).verify(roots, depth);
    }

    @Override
    public long salvage(PruneContext context, FormatContext copy, List<ObjectKey> objects) throws IOException {
        return new ChunkedRepairer(context).salvage(copy.storage(), objects);
    }

    @Override
    public boolean check(FormatContext context, ObjectKey object) throws IOException {
        if (object.value().startsWith(RepositoryLayout.INDEX)) {
            IndexFile.read(context.storage(), context.keys(), object);
            return true;
        }
        return object.value().startsWith(RepositoryLayout.PACKS) && PackVerifier.isWhole(context, object);
    }

    @Override
    public Pruned prune(PruneContext context) throws IOException {
        return new ChunkedPruner(context).prune();
    }

    @Override
    public Repaired repair(PruneContext context) throws IOException {
        return new ChunkedRepairer(context).repair();
    }

    @Override
    public String toString() {
        return ID + ", zstd level " + level;
    }
}
