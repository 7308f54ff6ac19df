/** Chunks, and the packs they lie in: docs/FORMAT.md, section 9. */
package dev.lifeboat.internal.pack;
