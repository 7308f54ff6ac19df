/** A directory as storage. */
package dev.lifeboat.storage.fs;
