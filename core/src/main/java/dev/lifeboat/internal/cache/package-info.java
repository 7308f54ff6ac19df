/** What was read of a store, kept on this machine. */
@NullMarked
package dev.lifeboat.internal.cache;

import org.jspecify.annotations.NullMarked;
