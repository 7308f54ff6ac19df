/** Copies of a repository in other stores. */
@NullMarked
package dev.lifeboat.internal.replica;

import org.jspecify.annotations.NullMarked;
