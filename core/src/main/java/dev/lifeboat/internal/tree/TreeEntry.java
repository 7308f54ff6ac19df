package dev.lifeboat.internal.tree;

import dev.lifeboat.entry.Entry;
import java.util.Optional;

/**
 * An entry, and where its content is stored.
 *
 * @param content of a file; empty for all other types
 */
public record TreeEntry(Entry entry, Optional<FileContent> content) {
    public TreeEntry {
        if (content.isPresent() != entry.isFile()) {
            throw new IllegalArgumentException("content does not fit " + entry.type() + " '" + entry.path() + "'");
        }
    }
}
