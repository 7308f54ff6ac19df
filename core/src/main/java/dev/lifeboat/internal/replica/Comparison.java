package dev.lifeboat.internal.replica;

import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a copy lacks of the first store, by keys and lengths.
 *
 * @param data that it lacks
 * @param manifests that it lacks; what they need is in the copy, or among the data
 * @param surplus keys that are only in the copy
 * @param copied keys in the copy
 */
record Comparison(List<ObjectInfo> data, List<ObjectInfo> manifests, List<ObjectKey> surplus, KeySet copied) {
    private static final String MANIFESTS = "snapshots/";
    /** Beside a key: that it is there, whatever its length. */
    private static final long ANY = -1;

    /** Manifests of the first store are listed before all else in it, for what they need was stored before them. */
    static Comparison of(StorageTarget first, StorageTarget copy) throws IOException {
        KeySet copied = new KeySet();
        copy.list("", object -> {
            if (Kept.isKept(object.key())) {
                copied.add(object.key(), object.length());
                copied.add(object.key(), ANY);
            }
        });
        KeySet there = new KeySet();
        List<ObjectInfo> manifests = new ArrayList<>();
        first.list(MANIFESTS, object -> {
            there.add(object.key(), ANY);
            if (!copied.contains(object.key(), object.length())) {
                manifests.add(object);
            }
        });
        List<ObjectInfo> data = new ArrayList<>();
        first.list("", object -> {
            // One that has come since is left for the next comparison: not all that it needs need be among what is
            // listed.
            there.add(object.key(), ANY);
            if (Kept.isKept(object.key())
                    && !Kept.isManifest(object.key())
                    && !copied.contains(object.key(), object.length())) {
                data.add(object);
            }
        });
        return new Comparison(data, manifests, surplus(copy, there), copied);
    }

    /** Listed once more, so that only what is surplus is held as keys. */
    private static List<ObjectKey> surplus(StorageTarget copy, KeySet there) throws IOException {
        List<ObjectKey> surplus = new ArrayList<>();
        copy.list("", object -> {
            if (Kept.isKept(object.key()) && !there.contains(object.key(), ANY)) {
                surplus.add(object.key());
            }
        });
        return surplus;
    }

    /** Whether the copy has an object of this key and length. */
    boolean has(ObjectInfo object) {
        return copied.contains(object.key(), object.length());
    }

    /** Whether the copy has something else under this key. */
    boolean isOther(ObjectInfo object) {
        return copied.contains(object.key(), ANY);
    }
}
