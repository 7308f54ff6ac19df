/** Object storage: the strategy {@link dev.lifeboat.storage.StorageTarget} and its values. */
package dev.lifeboat.storage;
