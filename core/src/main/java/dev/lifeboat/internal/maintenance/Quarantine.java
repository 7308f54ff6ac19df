package dev.lifeboat.internal.maintenance;

import dev.lifeboat.internal.io.ObjectComparison;
import dev.lifeboat.internal.io.StoredContent;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Moves damaged objects, unchanged, to keys that no operation reads, for a person to examine: docs/FORMAT.md, section
 * 13.
 */
public final class Quarantine {
    private static final SecureRandom RANDOM = new SecureRandom();

    private Quarantine() {}

    /**
     * Copies an object to the quarantine. Returns its key there; empty if there is no such object. An object that is
     * already quarantined under that key stays: if its content differs, the copy gets a key of its own.
     */
    public static Optional<ObjectKey> copy(StorageTarget storage, ObjectKey object) throws IOException {
        Optional<ObjectInfo> there = storage.find(object);
        if (there.isEmpty()) {
            return Optional.empty();
        }
        ObjectKey key = RepositoryLayout.quarantined(object, "");
        while (true) {
            try {
                storage.put(key, new StoredContent(storage, there.get()), PutCondition.IF_ABSENT);
                return Optional.of(key);
            } catch (PreconditionFailedException e) {
                if (isSame(storage, object, key)) {
                    // A repair was stopped after it had copied.
                    return Optional.of(key);
                }
                key = RepositoryLayout.quarantined(object, "." + Long.toHexString(RANDOM.nextLong()));
            } catch (FileNotFoundException e) {
                return Optional.empty();
            }
        }
    }

    private static boolean isSame(StorageTarget storage, ObjectKey one, ObjectKey other) throws IOException {
        try {
            return ObjectComparison.isEqual(storage, one, storage, other);
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    /** Moves those of some objects that exist. Returns the new key of each. */
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
