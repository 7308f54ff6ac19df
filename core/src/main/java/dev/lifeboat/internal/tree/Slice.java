package dev.lifeboat.internal.tree;

import dev.lifeboat.internal.pack.ChunkName;

/**
 * A part of a chunk of content or, for long content, a node whose page lists further slices.
 *
 * @param offset within the content of the chunk; 0 for a node
 * @param length in bytes; for a node, of everything below it
 */
public record Slice(ChunkName chunk, int offset, long length) {}
