package dev.lifeboat.internal.replica;

import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a copy lacks of the first store, by keys. Manifests of the first store are listed before all else in it, for what they need was stored before them; then the rest, as often as
 * it takes: a prune that moves content from one pack to another while they are listed may hide both. It hides nothing from a listing that lacks nothing of what the one before
 * had, as long as somebody holds the {@link PruneGuard}: then what a prune has moved does not move again. Used by one thread, but for {@link #unsettle}.
 */
final class Comparison {
    /** Beside a key: that it is there, whatever its length. */
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

    /** Lists the copy, and the manifests of the first store. */
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

    /** Manifests that the copy lacks; what they need is in the copy when it has all that two listings gave and the second {@link #isStable}. */
    List<ObjectInfo> manifests() {
        return manifests;
    }

    /** Lists the first store, and gives what of it, manifests aside, was not in the copy and in no such list before. */
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

    /** Whether all content that the listing before the last had was in the last, too. */
    boolean isStable() {
        return stable;
    }

    /** Notes that something that was listed is not there any more. */
    void unsettle() {
        stable = false;
    }

    /** What only the copy has, by the last listing. */
    List<ObjectKey> surplus() throws IOException {
        List<ObjectKey> surplus = new ArrayList<>();
        copy.list("", object -> {
            if (ReplicationPolicy.isReplicated(object.key()) && !there.contains(object.key(), ANY)) {
                surplus.add(object.key());
            }
        });
        return surplus;
    }

    /** What both have, manifests first. */
    List<ObjectInfo> shared() throws IOException {
        List<ObjectInfo> shared = new ArrayList<>();
        first.list("", object -> {
            if (ReplicationPolicy.isReplicated(object.key()) && copied.contains(object.key(), ANY)) {
                shared.add(object);
            }
        });
        return shared;
    }

    /** Whether the copy has so many bytes under this key. */
    boolean isAsLong(ObjectInfo object) {
        return copied.contains(object.key(), object.length());
    }
}
