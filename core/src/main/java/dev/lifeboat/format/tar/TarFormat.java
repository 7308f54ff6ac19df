package dev.lifeboat.format.tar;

import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.ArchiveWriter;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.internal.frame.FrameCodec;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One tar a snapshot, which anyone opens with plain {@code tar}: {@code archives/<name>.tar.zst} (or {@code .tar.gz}, {@code .tar}).
 * An incremental one holds what has changed, and its list of entries says in which earlier archive the rest lies; extracted one
 * after the other, from the full one on, they give the files back, deletions aside. Compressed in frames of 2 MiB, so that one file is
 * read without the rest. Reads what any other instance of this class wrote. Immutable.
 *
 * <p>It does not deduplicate, and it does not encrypt.
 */
public final class TarFormat implements ArchiveFormat {
    static final String ID = "tar/1";

    private final FrameCodec codec;

    private TarFormat(FrameCodec codec) {
        this.codec = codec;
    }

    /** Compresses with zstd, level 3. */
    public static TarFormat create() {
        return zstd(3);
    }

    /**
     * Compresses with zstd.
     *
     * @param level 1 (fast) to 19 (small)
     * @throws IllegalArgumentException if the level is out of range
     */
    public static TarFormat zstd(int level) {
        return new TarFormat(new FrameCodec(FrameCodec.Kind.ZSTD, checked(level, 19)));
    }

    /**
     * Compresses with gzip.
     *
     * @param level 1 (fast) to 9 (small)
     * @throws IllegalArgumentException if the level is out of range
     */
    public static TarFormat gzip(int level) {
        return new TarFormat(new FrameCodec(FrameCodec.Kind.GZIP, checked(level, 9)));
    }

    /** Does not compress. */
    public static TarFormat uncompressed() {
        return new TarFormat(new FrameCodec(FrameCodec.Kind.NONE, 0));
    }

    private static int checked(int level, int most) {
        if (level < 1 || level > most) {
            throw new IllegalArgumentException("level is not in 1.." + most + ": " + level);
        }
        return level;
    }

    @Override
    public String id() {
        return ID;
    }

    @Override
    public ArchiveWriter write(FormatContext context, String name, Optional<ArchiveRoot> parent) throws IOException {
        return TarArchiveWriter.begin(context, name, parent, codec);
    }

    @Override
    public ArchiveReader read(FormatContext context, ArchiveRoot root) throws IOException {
        return new TarArchiveReader(context, TarManifest.read(context, root));
    }

    @Override
    public Verified verify(FormatContext context, List<ArchiveRoot> roots, Depth depth, Consumer<Damage> damages)
            throws IOException {
        return new TarVerifier(context, damages).verify(roots, depth.share() > 0);
    }

    @Override
    public long salvage(PruneContext context, FormatContext copy, List<ObjectKey> objects) throws IOException {
        return new TarSalvage(context, copy.storage()).take(objects);
    }

    @Override
    public boolean check(FormatContext context, ObjectKey object) throws IOException {
        return TarManifest.isWhole(context.storage(), object);
    }

    @Override
    public Pruned prune(PruneContext context) throws IOException {
        return new TarPruner(context).prune();
    }

    @Override
    public String toString() {
        return ID + ", " + codec.kind().id() + (codec.level() == 0 ? "" : " level " + codec.level());
    }
}
