package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ObjectKey;
import java.util.Set;

/**
 * Which objects replicas have. Objects that only arbitrate between writers and prunes are in the primary store alone, since
 * there must be one truth about these; quarantined objects are for people to look at.
 */
final class ReplicationPolicy {
    private static final Set<String> PRIMARY_ONLY = Set.of(
            RepositoryLayout.SESSIONS,
            RepositoryLayout.DELETIONS,
            RepositoryLayout.COMPLETIONS,
            RepositoryLayout.QUARANTINE);
    /** Objects whose absence has a meaning. */
    private static final Set<String> NO_CONTENT = Set.of(
            RepositoryLayout.SNAPSHOTS,
            RepositoryLayout.KEY_SLOTS,
            RepositoryLayout.INDEX,
            RepositoryLayout.DESCRIPTOR.value());

    private ReplicationPolicy() {}

    /** Whether replicas have such objects. */
    static boolean isReplicated(ObjectKey key) {
        return !PRIMARY_ONLY.contains(RepositoryLayout.top(key));
    }

    /** Whether a snapshot counts by it, so that it comes after all that it needs. */
    static boolean isManifest(ObjectKey key) {
        return key.value().startsWith(RepositoryLayout.SNAPSHOTS);
    }

    /** Whether it is a key slot, which lets somebody in. */
    static boolean isKeySlot(ObjectKey key) {
        return key.value().startsWith(RepositoryLayout.KEY_SLOTS);
    }

    /** Whether it holds content of snapshots: if the primary lacks it while a snapshot needs it, it was lost. */
    static boolean isContent(ObjectKey key) {
        return isReplicated(key) && !NO_CONTENT.contains(RepositoryLayout.top(key));
    }
}
