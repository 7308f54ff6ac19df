/** Compressions by commons-compress. */
package dev.lifeboat.archives.internal;
