package dev.lifeboat.internal.tree;

import dev.lifeboat.internal.pack.ChunkKind;
import dev.lifeboat.internal.pack.ChunkName;
import java.io.IOException;

/** Takes nodes and pages. */
@FunctionalInterface
public interface TreeStore {
    /** Stores bytes, if they are not stored already, and names them. */
    ChunkName put(ChunkKind kind, byte[] bytes) throws IOException;
}
