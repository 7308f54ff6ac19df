package dev.lifeboat.internal.engine;

import java.nio.file.Path;

/**
 * Settings of the local cache of objects.
 *
 * @param directory that holds the cached objects
 * @param maxBytes maximum size; the least recently used objects are evicted first
 */
public record CacheSettings(Path directory, long maxBytes) {}
