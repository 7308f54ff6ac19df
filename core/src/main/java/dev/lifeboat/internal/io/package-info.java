/** Streams and digests. */
package dev.lifeboat.internal.io;
