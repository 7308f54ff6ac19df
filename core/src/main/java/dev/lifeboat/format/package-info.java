/** How snapshots are laid out in a store: the strategy {@link dev.lifeboat.format.ArchiveFormat} and its parts. */
package dev.lifeboat.format;
