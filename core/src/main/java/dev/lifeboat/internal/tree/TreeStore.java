package dev.lifeboat.internal.tree;

import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.IOException;

/** Stores nodes and pages. */
@FunctionalInterface
public interface TreeStore {
    /** Stores bytes unless they are already stored. Returns their name. */
    ChunkName put(ChunkKind kind, byte[] bytes) throws IOException;
}
