package dev.lifeboat.internal.replica;

import dev.lifeboat.storage.ObjectKey;
import java.util.Set;

/**
 * Which objects replicas have. What only arbitrates between writers and prunes lies in the first store alone, for there is one truth about that; what was
 * set apart is for people.
 */
final class Kept {
    private static final String MANIFESTS = "snapshots";
    private static final Set<String> FIRST_ONLY = Set.of("sessions", "condemned", "waiting", "apart");

    private Kept() {}

    /** Whether replicas have such objects. */
    static boolean isKept(ObjectKey key) {
        return !FIRST_ONLY.contains(top(key));
    }

    /** Whether a snapshot counts by it, so that it comes after all it needs. */
    static boolean isManifest(ObjectKey key) {
        return top(key).equals(MANIFESTS);
    }

    private static String top(ObjectKey key) {
        String value = key.value();
        int slash = value.indexOf('/');
        return slash < 0 ? value : value.substring(0, slash);
    }
}
