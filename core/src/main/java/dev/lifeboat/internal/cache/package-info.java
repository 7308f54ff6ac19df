/** A local cache of what was read of a store. */
@NullMarked
package dev.lifeboat.internal.cache;

import org.jspecify.annotations.NullMarked;
