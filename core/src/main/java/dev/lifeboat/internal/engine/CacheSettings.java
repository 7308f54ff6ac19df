package dev.lifeboat.internal.engine;

import java.nio.file.Path;

/**
 * Where objects that were read are cached.
 *
 * @param maxBytes least recently used objects beyond that are evicted
 */
public record CacheSettings(Path directory, long maxBytes) {}
