package dev.lifeboat.internal.tree;

import dev.lifeboat.internal.pack.ChunkName;

/**
 * A part of a chunk of content; or, of long content, a node whose page lists further slices.
 *
 * @param offset within the content of the chunk; 0 of a node
 * @param length in bytes, of a node those of all that is below it
 */
public record Slice(ChunkName chunk, int offset, long length) {}
