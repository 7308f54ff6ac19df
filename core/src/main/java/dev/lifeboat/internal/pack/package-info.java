/** Chunks, and the packs that hold them: docs/FORMAT.md, section 9. */
package dev.lifeboat.internal.pack;
