/** Saved states of directories, to which directories are set back by writing only what has changed. */
package dev.lifeboat.internal.checkpoint;
