/** The keys of a repository's objects: docs/FORMAT.md, section 1. */
package dev.lifeboat.internal.layout;
