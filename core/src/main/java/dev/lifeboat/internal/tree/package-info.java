/** The entries of a snapshot as pages with content-defined boundaries: docs/FORMAT.md, section 11. */
package dev.lifeboat.internal.tree;
