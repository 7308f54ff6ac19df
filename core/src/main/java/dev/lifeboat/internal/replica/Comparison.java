package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds what a copy lacks of the primary store, by keys. Manifests of the primary are listed before everything else in
 * it, since what they refer to was stored before them. Then the rest is listed, repeatedly if necessary: a prune that
 * moves content from one pack to another during a listing may hide both packs from it. A listing is complete if it
 * contains all content of the previous one and a {@link PruneGuard} was held throughout, since then moved content does
 * not move again. Used by one thread, except for {@link #unsettle}.
 */
final class Comparison {
    /** Recorded with a key: the key exists, with any length. */
    private static final long ANY = -1;

    private final StorageTarget first;
    private final StorageTarget copy;
    private final KeySet copied = new KeySet();
    private final List<ObjectInfo> manifests = new ArrayList<>();
    private KeySet there = new KeySet();
    private KeySet content = new KeySet();
    private int listings;
    private volatile boolean stable;

    private Comparison(StorageTarget first, StorageTarget copy) {
        this.first = first;
        this.copy = copy;
    }

    /** Lists the copy, and the manifests of the primary. */
    static Comparison of(StorageTarget first, StorageTarget copy) throws IOException {
        Comparison comparison = new Comparison(first, copy);
        copy.list("", object -> {
            if (ReplicationPolicy.isReplicated(object.key())) {
                comparison.copied.add(object.key(), object.length());
                comparison.copied.add(object.key(), ANY);
            }
        });
        first.list(RepositoryLayout.SNAPSHOTS, object -> {
            if (!comparison.copied.contains(object.key(), ANY)) {
                comparison.manifests.add(object);
            }
        });
        return comparison;
    }

    /**
     * Returns the manifests that the copy lacks. Everything they refer to is in the copy once it has all objects of two
     * listings, of which the second {@link #isStable}.
     */
    List<ObjectInfo> manifests() {
        return manifests;
    }

    /**
     * Lists the primary. Returns its objects, without manifests, that were neither in the copy nor in an earlier
     * result.
     */
    List<ObjectInfo> lacking() throws IOException {
        KeySet before = content;
        content = new KeySet();
        there = new KeySet();
        List<ObjectInfo> lacking = new ArrayList<>();
        first.list("", object -> {
            ObjectKey key = object.key();
            there.add(key, ANY);
            if (ReplicationPolicy.isContent(key)) {
                content.add(key, ANY);
            }
            if (ReplicationPolicy.isReplicated(key) && !ReplicationPolicy.isManifest(key) && copied.add(key, ANY)) {
                lacking.add(object);
            }
        });
        stable = listings++ > 0 && content.containsAll(before);
        return lacking;
    }

    /** Returns whether the last listing contains all content of the one before. */
    boolean isStable() {
        return stable;
    }

    /** Records that a listed object no longer exists. */
    void unsettle() {
        stable = false;
    }

    /** Returns the objects that only the copy has, by the last listing. */
    List<ObjectKey> surplus() throws IOException {
        List<ObjectKey> surplus = new ArrayList<>();
        copy.list("", object -> {
            if (ReplicationPolicy.isReplicated(object.key()) && !there.contains(object.key(), ANY)) {
                surplus.add(object.key());
            }
        });
        return surplus;
    }

    /** Returns the objects that both have, manifests first. */
    List<ObjectInfo> shared() throws IOException {
        List<ObjectInfo> shared = new ArrayList<>();
        first.list("", object -> {
            if (ReplicationPolicy.isReplicated(object.key()) && copied.contains(object.key(), ANY)) {
                shared.add(object);
            }
        });
        return shared;
    }

    /** Returns whether the object in the copy has the same length. */
    boolean isAsLong(ObjectInfo object) {
        return copied.contains(object.key(), object.length());
    }
}
