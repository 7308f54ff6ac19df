package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ObjectKey;
import java.util.Set;

/**
 * Decides which objects are replicated. Objects that coordinate writers and prunes are only in the primary store, since
 * there must be one authoritative copy of them. Quarantined objects are for people to examine.
 */
final class ReplicationPolicy {
    private static final Set<String> PRIMARY_ONLY = Set.of(
            RepositoryLayout.SESSIONS,
            RepositoryLayout.DELETIONS,
            RepositoryLayout.COMPLETIONS,
            RepositoryLayout.LOGS,
            RepositoryLayout.QUARANTINE);
    /** Objects whose absence has a meaning. */
    private static final Set<String> NO_CONTENT = Set.of(
            RepositoryLayout.SNAPSHOTS,
            RepositoryLayout.KEY_SLOTS,
            RepositoryLayout.INDEX,
            RepositoryLayout.AUDIT,
            RepositoryLayout.TAGS,
            RepositoryLayout.DESCRIPTOR.value());

    private ReplicationPolicy() {}

    /** Returns whether replicas hold such objects. */
    static boolean isReplicated(ObjectKey key) {
        return !PRIMARY_ONLY.contains(RepositoryLayout.top(key));
    }

    /**
     * Returns whether the object is a manifest. It makes a snapshot visible, so it is copied after everything the
     * snapshot needs.
     */
    static boolean isManifest(ObjectKey key) {
        return key.value().startsWith(RepositoryLayout.SNAPSHOTS);
    }

    /** Returns whether the object is a key slot, which gives access. */
    static boolean isKeySlot(ObjectKey key) {
        return key.value().startsWith(RepositoryLayout.KEY_SLOTS);
    }

    /** Returns whether the object is an entry of the audit trail. No snapshot needs it. */
    static boolean isAudit(ObjectKey key) {
        return key.value().startsWith(RepositoryLayout.AUDIT);
    }

    /**
     * Returns whether the object holds content of snapshots. If the primary lacks it while a snapshot needs it, it was
     * lost.
     */
    static boolean isContent(ObjectKey key) {
        return isReplicated(key) && !NO_CONTENT.contains(RepositoryLayout.top(key));
    }
}
