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
 * Stores the entries of a snapshot as objects in a store, and reads them back. Stateless and thread-safe.
 *
 * <p>Every implementation guarantees, and {@code ArchiveFormatContract} checks:
 *
 * <ul>
 *   <li>identity: a reader returns what was written, with every attribute, hole and byte;
 *   <li>commit: no part of an archive counts before {@link ArchiveWriter#finish} returns; then all of it is durable;
 *   <li>integrity: damage is reported as {@link DamagedException} or {@link Damage}, never returned as content;
 *   <li>bounds: memory does not grow with content, and hostile lengths allocate nothing.
 * </ul>
 */
public interface ArchiveFormat {
    /**
     * Returns name and version, such as {@code tar/1}. It is stored with each snapshot, and its meaning never changes.
     */
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
     * Checks archives without writing anything. Always checks that all objects exist, have the right length, and agree
     * with what refers to them.
     *
     * @param depth how much content to read back in addition
     * @param damages receives each damage, on the calling thread
     */
    Verified verify(FormatContext context, List<ArchiveRoot> roots, Depth depth, Consumer<Damage> damages)
            throws IOException;

    /** Removes what no archive needs. Safe while backups and other prunes run, in any process. */
    Pruned prune(PruneContext context) throws IOException;

    /**
     * Repairs what is stored, as far as possible without the sources: copies intact content out of damaged objects,
     * quarantines these, and rebuilds objects that are derived from others. Deletes nothing that it cannot read. Safe
     * while backups and prunes run, in any process.
     *
     * @param context as for a prune; time limit and dry run are ignored
     */
    default Repaired repair(PruneContext context) throws IOException {
        return Repaired.NOTHING;
    }

    /**
     * Copies content that is lost here and needed from objects of a copy of the repository.
     *
     * @param copy to read from
     * @param objects that exist in the copy and not here
     * @return the number of objects, or parts of them, that were copied
     */
    default long salvage(PruneContext context, FormatContext copy, List<ObjectKey> objects) throws IOException {
        return 0;
    }

    /**
     * Checks one stored object completely.
     *
     * @return true if this format has written it; false if its key is not one of this format
     * @throws DamagedException if it is of this format, and damaged
     * @throws java.io.FileNotFoundException if it does not exist
     */
    default boolean check(FormatContext context, ObjectKey object) throws IOException {
        return false;
    }

    /**
     * Returns whether the format seals what it stores with the keys of the repository. An encrypted repository refuses
     * a format that does not.
     */
    default boolean encrypts() {
        return false;
    }

    /**
     * Returns parameters that a new repository stores for this format, in plain text. They are passed back in
     * {@link FormatContext#parameters}.
     */
    default Map<String, String> parameters() {
        return Map.of();
    }

    /**
     * How much content a verify reads back.
     *
     * @param share of the content, chosen at random: 0 for none, 1 for all
     * @param budget time after which no more content is chosen; empty for no limit
     */
    record Depth(double share, Optional<Duration> budget) {
        public Depth {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("share is not in 0..1: " + share);
            }
        }

        /** No content, only what refers to it. */
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
     * The result of a repair.
     *
     * @param quarantined the new keys of quarantined objects
     * @param postponed damaged objects that stay until the running backups have ended
     * @param saved number of chunks copied out of damaged objects
     */
    record Repaired(List<ObjectKey> quarantined, List<ObjectKey> postponed, long saved) {
        /** There was nothing to repair. */
        public static final Repaired NOTHING = new Repaired(List.of(), List.of(), 0);
    }

    /**
     * What a prune removed.
     *
     * @param lockedUntil when the objects that the store has locked may be removed; empty if none remain
     */
    record Pruned(long objects, long bytes, Optional<Instant> lockedUntil) {
        /** Creates a result without locked objects. */
        public Pruned(long objects, long bytes) {
            this(objects, bytes, Optional.empty());
        }
    }
}
