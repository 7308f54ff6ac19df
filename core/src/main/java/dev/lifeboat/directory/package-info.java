/** Directories on this machine as source and as restore target, with the metadata that Linux keeps. */
package dev.lifeboat.directory;
