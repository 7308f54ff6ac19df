/** Snapshots as deduplicated, compressed and sealed chunks: {@link dev.lifeboat.format.chunked.ChunkedFormat}. */
package dev.lifeboat.format.chunked;
