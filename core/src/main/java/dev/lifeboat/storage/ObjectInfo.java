package dev.lifeboat.storage;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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

    // Written out: see StartUpTest.
    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof ObjectInfo other
                && length == other.length
                && key.equals(other.key)
                && lastModified.equals(other.lastModified);
    }

    @Override
    public int hashCode() {
        return Objects.hash(key, length, lastModified);
    }
}
