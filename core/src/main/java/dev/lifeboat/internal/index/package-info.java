/** The index of chunks: docs/FORMAT.md, section 10. */
package dev.lifeboat.internal.index;
