/**
 * Entries of a snapshot, their sources and their sinks. Capture, restore and copy are the same operation: an
 * {@link dev.lifeboat.entry.EntrySource} offers entries; an {@link dev.lifeboat.entry.EntrySink} receives them and
 * requests the content that it wants.
 */
package dev.lifeboat.entry;
