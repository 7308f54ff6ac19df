/** A directory as a {@link dev.lifeboat.storage.StorageTarget}. */
package dev.lifeboat.storage.fs;
