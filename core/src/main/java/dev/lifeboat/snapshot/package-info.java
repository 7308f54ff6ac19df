/** Snapshots, as a repository records them. */
package dev.lifeboat.snapshot;
