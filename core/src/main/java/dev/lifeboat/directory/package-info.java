/** Directories of this machine as source and as target, with all that Linux keeps of them. */
package dev.lifeboat.directory;
