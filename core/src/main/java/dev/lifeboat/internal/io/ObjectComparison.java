package dev.lifeboat.internal.io;

import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.function.LongConsumer;

/** Compares the content of stored objects. */
public final class ObjectComparison {
    private static final int PART = 1 << 16;

    private ObjectComparison() {}

    /**
     * Returns whether two objects have the same content.
     *
     * @throws java.io.FileNotFoundException if one of them does not exist
     */
    public static boolean isEqual(StorageTarget one, ObjectKey key, StorageTarget other, ObjectKey otherKey)
            throws IOException {
        return isEqual(one, key, other, otherKey, bytes -> {});
    }

    /**
     * Returns whether two objects have the same content.
     *
     * @param read receives the number of bytes read
     * @throws java.io.FileNotFoundException if one of them does not exist
     */
    public static boolean isEqual(
            StorageTarget one, ObjectKey key, StorageTarget other, ObjectKey otherKey, LongConsumer read)
            throws IOException {
        try (InputStream first = one.open(key, ByteRange.all());
                InputStream second = other.open(otherKey, ByteRange.all())) {
            while (true) {
                byte[] mine = first.readNBytes(PART);
                byte[] theirs = second.readNBytes(PART);
                read.accept((long) mine.length + theirs.length);
                if (!Arrays.equals(mine, theirs)) {
                    return false;
                }
                if (mine.length == 0) {
                    return true;
                }
            }
        }
    }
}
