package dev.lifeboat.format;

import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How the entries of a snapshot become objects in a store, and back. Stateless and thread-safe.
 *
 * <p>Every implementation must give, and {@code ArchiveFormatContract} checks:
 *
 * <ul>
 *   <li>identity: what was taken comes back, every attribute, hole and byte;
 *   <li>commit: nothing of an archive counts before {@link ArchiveWriter#finish} returned; then all of it is durable;
 *   <li>truth: damage is told as {@link DamagedException} or {@link Damage}, never passed on as content;
 *   <li>bounds: memory does not grow with content, and hostile lengths allocate nothing.
 * </ul>
 */
public interface ArchiveFormat {
    /** Name and version, such as {@code tar/1}; stored with each snapshot, never changes its meaning. */
    String id();

    /**
     * Begins an archive.
     *
     * @param name of the archive, unique in the store: 32 lower-case hex digits
     * @param parent an earlier archive in this format, whose content may be referred to
     * @throws DamagedException if the parent is damaged
     */
    ArchiveWriter write(FormatContext context, String name, Optional<ArchiveRoot> parent) throws IOException;

    /**
     * Opens an archive that this format has written.
     *
     * @throws DamagedException if it is damaged
     */
    ArchiveReader read(FormatContext context, ArchiveRoot root) throws IOException;

    /**
     * Checks archives without writing anything: always that all objects are there, whole, and that what names them agrees.
     *
     * @param depth how much content to read back, too
     * @param damages told of each damage, on the calling thread
     */
    Verified verify(FormatContext context, List<ArchiveRoot> roots, Depth depth, Consumer<Damage> damages)
            throws IOException;

    /** Removes what no archive needs. Safe beside running backups and other prunes, in any process. */
    Pruned prune(PruneContext context) throws IOException;

    /**
     * Brings what is stored in order, as far as that goes without the sources: saves what is whole out of damaged objects, sets these apart, and writes
     * anew what follows from others. Deletes nothing that it cannot read. Safe beside running backups and prunes, in any process.
     *
     * @param context as for a prune; time and dry runs aside
     */
    default Repaired repair(PruneContext context) throws IOException {
        return Repaired.NOTHING;
    }

    /**
     * Takes over, out of objects of a copy of the repository, what is lost here and needed.
     *
     * @param copy to read from
     * @param objects that are there and not here
     * @return how many objects, or parts of them, were taken
     */
    default long salvage(PruneContext context, FormatContext copy, List<ObjectKey> objects) throws IOException {
        return 0;
    }

    /**
     * Checks one stored object by itself, all of it.
     *
     * @return whether it is one that this format has written; false if its key is none of this format's
     * @throws DamagedException if it is of this format, and not as it was written
     * @throws java.io.FileNotFoundException if it is not there
     */
    default boolean check(FormatContext context, ObjectKey object) throws IOException {
        return false;
    }

    /** Whether it seals what it stores by the keys of the repository. One that does not is refused in an encrypted repository. */
    default boolean encrypts() {
        return false;
    }

    /** What a new repository shall keep for this format, in plain; given back in {@link FormatContext#parameters}. */
    default Map<String, String> parameters() {
        return Map.of();
    }

    /**
     * How much content a verify reads back.
     *
     * @param share of the content, chosen at random: 0 for none, 1 for all
     * @param budget stops choosing more after so long; empty for no limit
     */
    record Depth(double share, Optional<Duration> budget) {
        public Depth {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("share is not in 0..1: " + share);
            }
        }

        /** No content: only what names it. */
        public static Depth structure() {
            return new Depth(0, Optional.empty());
        }

        /** All content. */
        public static Depth allData() {
            return new Depth(1, Optional.empty());
        }
    }

    /** What a verify read. */
    record Verified(long objects, long bytes) {}

    /**
     * What a repair did.
     *
     * @param quarantined where objects are now that were set apart
     * @param postponed damaged objects that stay until the backups under way have ended
     * @param saved chunks that were taken out of damaged objects
     */
    record Repaired(List<ObjectKey> quarantined, List<ObjectKey> postponed, long saved) {
        /** There was nothing to do. */
        public static final Repaired NOTHING = new Repaired(List.of(), List.of(), 0);
    }

    /**
     * What a prune removed.
     *
     * @param lockedUntil when what the store would not let go of may be removed; empty if nothing was left
     */
    record Pruned(long objects, long bytes, Optional<Instant> lockedUntil) {
        /** Nothing was left. */
        public Pruned(long objects, long bytes) {
            this(objects, bytes, Optional.empty());
        }
    }
}
