package dev.lifeboat.storage;

import java.time.Instant;

/**
 * What a store records of one object.
 *
 * @param key its name
 * @param length in bytes
 * @param lastModified by the clock of the store
 */
public record ObjectInfo(ObjectKey key, long length, Instant lastModified) {
    public ObjectInfo {
        if (length < 0) {
            throw new IllegalArgumentException("length is negative: " + length);
        }
    }
}
