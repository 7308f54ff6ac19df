/** Points in time of sources, as a repository records them. */
package dev.lifeboat.snapshot;
