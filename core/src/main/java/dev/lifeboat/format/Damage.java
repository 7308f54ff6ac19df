package dev.lifeboat.format;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.storage.ObjectKey;
import java.util.Optional;

/**
 * Something stored that is not what was written.
 *
 * @param root the archive that suffers; empty if it is not known to be one
 * @param object the damaged or missing object, where it is known
 * @param path the entry whose content is lost; empty if it is the archive as a whole
 * @param detail how that shows
 */
public record Damage(Optional<ArchiveRoot> root, Optional<ObjectKey> object, Optional<EntryPath> path, String detail) {
    /** A damage of one archive. */
    public Damage(ArchiveRoot root, Optional<ObjectKey> object, Optional<EntryPath> path, String detail) {
        this(Optional.of(root), object, path, detail);
    }
}
