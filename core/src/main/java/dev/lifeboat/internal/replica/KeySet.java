package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.index.PackIds;
import dev.lifeboat.internal.io.Digests;
import dev.lifeboat.storage.ObjectKey;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * A set of keys with a number each, stored by digest: about 32 bytes each regardless of their length. Not thread-safe.
 */
final class KeySet {
    private final PackIds ids = new PackIds();

    /** Adds a key. Returns false if it is already in the set. */
    boolean add(ObjectKey key, long number) {
        int before = ids.size();
        return ids.add(id(key, number)) == before;
    }

    boolean containsAll(KeySet other) {
        for (int i = 0; i < other.ids.size(); i++) {
            if (!ids.contains(other.ids.id(i))) {
                return false;
            }
        }
        return true;
    }

    boolean contains(ObjectKey key, long number) {
        return ids.contains(id(key, number));
    }

    private static String id(ObjectKey key, long number) {
        byte[] digest = Digests.sha256().digest((number + " " + key).getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest, 0, 16);
    }
}
