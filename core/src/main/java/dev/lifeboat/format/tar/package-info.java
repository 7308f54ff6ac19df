/** Snapshots as tars that anyone opens: {@link dev.lifeboat.format.tar.TarFormat}; and tars as a source. */
package dev.lifeboat.format.tar;
