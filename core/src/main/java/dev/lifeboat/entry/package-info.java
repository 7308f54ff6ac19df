/**
 * Entries of a snapshot, and who offers and takes them. Capture, restore and copy are the same movement: an {@link
 * dev.lifeboat.entry.EntrySource} offers entries, an {@link dev.lifeboat.entry.EntrySink} takes them and says which content it wants.
 */
package dev.lifeboat.entry;
