package dev.lifeboat.format;

import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.storage.ObjectKey;
import java.util.Optional;

/**
 * A stored object that is not what was written.
 *
 * @param root the affected archive; empty if none is known
 * @param object the damaged or missing object, if known
 * @param path the entry whose content is lost; empty if the archive as a whole is affected
 * @param detail how the damage shows
 */
public record Damage(Optional<ArchiveRoot> root, Optional<ObjectKey> object, Optional<EntryPath> path, String detail) {
    /** Creates a damage of one archive. */
    public Damage(ArchiveRoot root, Optional<ObjectKey> object, Optional<EntryPath> path, String detail) {
        this(Optional.of(root), object, path, detail);
    }
}
