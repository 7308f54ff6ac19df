/** Snapshots as tars that any tar program can open: {@link dev.lifeboat.format.tar.TarFormat}; and tars as a source. */
package dev.lifeboat.format.tar;
