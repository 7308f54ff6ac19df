package dev.lifeboat.internal.repair;

import dev.lifeboat.internal.io.StoredContent;
import dev.lifeboat.storage.ByteRange;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Where damaged objects go: under a key that nothing reads, as they are, for people to look at; docs/FORMAT.md, section 13. */
public final class Apart {
    /** Begins the keys of what was set apart; their own keys follow. */
    public static final String PREFIX = "apart/";

    private static final int PART = 1 << 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Apart() {}

    /**
     * Copies an object there; gives where to, or nothing if there is no such object. What is there from before stays: if it is not the same, the copy gets
     * a key of its own.
     */
    public static Optional<ObjectKey> copy(StorageTarget storage, ObjectKey object) throws IOException {
        Optional<ObjectInfo> there = storage.find(object);
        if (there.isEmpty()) {
            return Optional.empty();
        }
        ObjectKey key = new ObjectKey(PREFIX + object);
        while (true) {
            try {
                storage.put(key, new StoredContent(storage, there.get()), PutCondition.IF_ABSENT);
                return Optional.of(key);
            } catch (PreconditionFailedException e) {
                if (isSame(storage, object, key)) {
                    // Of a repair that was stopped after that.
                    return Optional.of(key);
                }
                key = new ObjectKey(PREFIX + object + "." + Long.toHexString(RANDOM.nextLong()));
            } catch (FileNotFoundException e) {
                return Optional.empty();
            }
        }
    }

    private static boolean isSame(StorageTarget storage, ObjectKey one, ObjectKey other) throws IOException {
        try (InputStream first = storage.open(one, ByteRange.all());
                InputStream second = storage.open(other, ByteRange.all())) {
            while (true) {
                byte[] mine = first.readNBytes(PART);
                if (!Arrays.equals(mine, second.readNBytes(PART))) {
                    return false;
                }
                if (mine.length == 0) {
                    return true;
                }
            }
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    /** Moves objects there, those of them that are there; gives where each is now. */
    public static Map<ObjectKey, ObjectKey> move(StorageTarget storage, Collection<ObjectKey> objects)
            throws IOException {
        Map<ObjectKey, ObjectKey> moved = new TreeMap<>();
        for (ObjectKey object : objects) {
            copy(storage, object).ifPresent(place -> moved.put(object, place));
        }
        storage.delete(moved.keySet());
        return moved;
    }
}
