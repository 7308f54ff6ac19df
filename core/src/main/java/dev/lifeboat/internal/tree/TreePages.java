package dev.lifeboat.internal.tree;

import dev.lifeboat.internal.pack.ChunkName;
import java.io.IOException;

/** Reads nodes and pages. */
public interface TreePages {
    /** Reads a node. */
    Node node(ChunkName name) throws IOException;

    /** Reads the page of a node. */
    byte[] page(Node node) throws IOException;
}
