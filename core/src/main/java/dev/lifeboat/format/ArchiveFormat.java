package dev.lifeboat.format;

import java.io.IOException;
import java.util.List;
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
     * Checks archives without writing anything.
     *
     * @param readData whether to read all content back; otherwise only structure is checked: all objects are there, whole, and
     *     what names them agrees
     * @param damages told of each damage, on the calling thread
     */
    Verified verify(FormatContext context, List<ArchiveRoot> roots, boolean readData, Consumer<Damage> damages)
            throws IOException;

    /** Removes what no archive needs. Safe beside running backups and other prunes, in any process. */
    Pruned prune(PruneContext context) throws IOException;

    /** What a verify read. */
    record Verified(long objects, long bytes) {}

    /** What a prune removed. */
    record Pruned(long objects, long bytes) {}
}
