/** The entries of a snapshot as pages that are cut by content: docs/FORMAT.md, section 11. */
package dev.lifeboat.internal.tree;
