package dev.lifeboat.internal.replica;

import dev.lifeboat.storage.ObjectKey;
import java.util.Set;

/**
 * Which objects replicas have. What only arbitrates between writers and prunes lies in the first store alone, for there is one truth about that; what was
 * set apart is for people.
 */
final class Kept {
    static final ObjectKey DESCRIPTOR = new ObjectKey("lifeboat.json");

    private static final String MANIFESTS = "snapshots";
    private static final String KEYS = "keys";
    private static final Set<String> FIRST_ONLY = Set.of("sessions", "condemned", "waiting", "apart");
    /** That one of them is not there means something. */
    private static final Set<String> SAID_BY_FIRST = Set.of(MANIFESTS, KEYS, "index", DESCRIPTOR.value());

    private Kept() {}

    /** Whether replicas have such objects. */
    static boolean isKept(ObjectKey key) {
        return !FIRST_ONLY.contains(top(key));
    }

    /** Whether a snapshot counts by it, so that it comes after all it needs. */
    static boolean isManifest(ObjectKey key) {
        return top(key).equals(MANIFESTS);
    }

    /** Whether somebody is let in by it. */
    static boolean isKeySlot(ObjectKey key) {
        return top(key).equals(KEYS);
    }

    /** Whether it holds content of snapshots: if the first store lacks it while somebody needs it, it was lost. */
    static boolean isContent(ObjectKey key) {
        return isKept(key) && !SAID_BY_FIRST.contains(top(key));
    }

    private static String top(ObjectKey key) {
        String value = key.value();
        int slash = value.indexOf('/');
        return slash < 0 ? value : value.substring(0, slash);
    }
}
