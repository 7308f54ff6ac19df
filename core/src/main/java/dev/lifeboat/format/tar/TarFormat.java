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
 * Stores each snapshot as one tar that plain {@code tar} can open: {@code archives/<name>.tar.zst} (or {@code .tar.gz},
 * {@code .tar}). An incremental archive contains what has changed; its entry list names the earlier archives that
 * contain the rest. Extracted one after the other, beginning with the full one, they restore the files, except for
 * deletions. Content is compressed in frames of 2 MiB, so that a single file is read without the rest. Reads archives
 * that any other instance of this class wrote. Immutable.
 *
 * <p>This format does not deduplicate, and it does not encrypt.
 */
public final class TarFormat implements ArchiveFormat {
    static final String ID = "tar/1";

    private final FrameCodec codec;

    private TarFormat(FrameCodec codec) {
        this.codec = codec;
    }

    /** Returns a format that compresses with zstd, level 3. */
    public static TarFormat create() {
        return zstd(3);
    }

    /**
     * Returns a format that compresses with zstd.
     *
     * @param level 1 (fast) to 19 (small)
     * @throws IllegalArgumentException if the level is out of range
     */
    public static TarFormat zstd(int level) {
        return new TarFormat(new FrameCodec(FrameCodec.Kind.ZSTD, checked(level, 19)));
    }

    /**
     * Returns a format that compresses with gzip.
     *
     * @param level 1 (fast) to 9 (small)
     * @throws IllegalArgumentException if the level is out of range
     */
    public static TarFormat gzip(int level) {
        return new TarFormat(new FrameCodec(FrameCodec.Kind.GZIP, checked(level, 9)));
    }

    /** Returns a format that does not compress. */
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
