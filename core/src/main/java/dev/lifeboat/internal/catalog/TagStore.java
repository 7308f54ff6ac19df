package dev.lifeboat.internal.catalog;

import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.ConcurrentReads;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes of the tags of snapshots, each an object that never changes: docs/FORMAT.md, section 4. A manifest is not
 * rewritten, since a prune may be removing it. What was read is cached. Thread-safe.
 */
public final class TagStore {
    private static final Logger log = LoggerFactory.getLogger(TagStore.class);
    private static final String KIND = "tags";
    private static final int VERSION = 1;
    private static final int MAX_LENGTH = 255;

    private final StorageTarget storage;
    private final Envelope envelope;
    private final Executor executor;
    private final Map<ObjectKey, TagChange> known = new ConcurrentHashMap<>();

    TagStore(StorageTarget storage, Envelope envelope, Executor executor) {
        this.storage = storage;
        this.envelope = envelope;
        this.executor = executor;
    }

    /**
     * A change of the tags of a snapshot.
     *
     * @param set values of tags
     * @param removed names of tags
     */
    private record TagChange(
            ObjectKey key, SnapshotId snapshot, Instant time, Map<String, String> set, List<String> removed) {
        static final Comparator<TagChange> OLDEST_FIRST = Comparator.comparing(TagChange::time)
                .thenComparing(change -> change.key().value());

        void apply(Map<String, String> tags) {
            removed.forEach(tags::remove);
            tags.putAll(set);
        }
    }

    /**
     * Checks a tag.
     *
     * @throws IllegalArgumentException if the name is empty, or either is longer than 255 characters
     */
    public static void check(String name, String value) {
        if (name.isEmpty() || name.length() > MAX_LENGTH || value.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("name or value of a tag is not in 1..255 characters: '" + name + "'");
        }
    }

    /** Receives objects that cannot be read. */
    @FunctionalInterface
    public interface OnDamage {
        void damaged(ObjectKey key, DamagedException damage) throws IOException;
    }

    /**
     * Returns snapshots with their tags as they are now.
     *
     * @param prefix of the changes that are looked at
     */
    List<Snapshot> apply(List<Snapshot> snapshots, String prefix, OnDamage onDamage) throws IOException {
        Map<SnapshotId, List<TagChange>> changes = changes(prefix, onDamage);
        if (changes.isEmpty()) {
            return snapshots;
        }
        return snapshots.stream()
                .map(snapshot -> tagged(snapshot, changes.getOrDefault(snapshot.id(), List.of())))
                .toList();
    }

    private static Snapshot tagged(Snapshot snapshot, List<TagChange> changes) {
        if (changes.isEmpty()) {
            return snapshot;
        }
        TreeMap<String, String> tags = new TreeMap<>(snapshot.tags());
        changes.stream().sorted(TagChange.OLDEST_FIRST).forEach(change -> change.apply(tags));
        return new Snapshot(
                snapshot.id(),
                snapshot.source(),
                snapshot.time(),
                snapshot.strategy(),
                snapshot.parent(),
                tags,
                snapshot.archive(),
                snapshot.stats(),
                snapshot.problems());
    }

    /** Reads all changes, to find those that are damaged. */
    public void check(OnDamage onDamage) throws IOException {
        changes(RepositoryLayout.TAGS, onDamage);
    }

    private Map<SnapshotId, List<TagChange>> changes(String prefix, OnDamage onDamage) throws IOException {
        List<ObjectKey> keys = list(prefix);
        known.keySet().removeIf(key -> key.value().startsWith(prefix) && !keys.contains(key));
        ConcurrentReads.run(
                executor, keys.stream().filter(key -> !known.containsKey(key)).toList(), key -> {
                    try {
                        find(key);
                    } catch (DamagedException e) {
                        // Found again below.
                        return;
                    }
                });
        Map<SnapshotId, List<TagChange>> changes = new HashMap<>();
        for (ObjectKey key : keys) {
            try {
                TagChange change = find(key);
                changes.computeIfAbsent(change.snapshot(), id -> new ArrayList<>())
                        .add(change);
            } catch (FileNotFoundException e) {
                // A prune has removed it, with its snapshot.
                continue;
            } catch (DamagedException e) {
                onDamage.damaged(key, e);
            }
        }
        return changes;
    }

    private List<ObjectKey> list(String prefix) throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(prefix, object -> {
            if (RepositoryLayout.snapshotOfTags(object.key()).isPresent()) {
                keys.add(object.key());
            }
        });
        return keys;
    }

    private TagChange find(ObjectKey key) throws IOException {
        TagChange change = known.get(key);
        if (change == null) {
            change = read(key);
            known.put(key, change);
        }
        return change;
    }

    private TagChange read(ObjectKey key) throws IOException {
        JsonObject json = envelope.open(storage, key, KIND, VERSION);
        try {
            SnapshotId id = new SnapshotId(json.string("id"));
            if (!RepositoryLayout.snapshotOfTags(key).orElse("").equals(id.value())) {
                throw new DamagedException(key + " in " + storage.location() + " is of snapshot " + id.value());
            }
            return new TagChange(
                    key, id, Instant.parse(json.string("time")), json.stringMap("set"), json.strings("removed"));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new DamagedException(key + " in " + storage.location() + " is damaged: " + e.getMessage(), e);
        }
    }

    /** Stores a change. Its time is later than that of all others of the snapshot, whatever the clocks say. */
    public synchronized ObjectKey put(SnapshotId id, Instant now, Map<String, String> set, List<String> removed)
            throws IOException {
        Instant time = now;
        List<TagChange> earlier = changes(RepositoryLayout.tagsOfSnapshot(id.value()), (key, damage) -> {})
                .getOrDefault(id, List.of());
        for (TagChange change : earlier) {
            if (!change.time().isBefore(time)) {
                time = change.time().plusNanos(1);
            }
        }
        ObjectKey key = RepositoryLayout.tags(id.value(), RandomIds.next());
        JsonObject json = SealedDocument.start(KIND, VERSION)
                .put("id", id.value())
                .put("time", time.toString())
                .put("set", new TreeMap<>(set))
                .put("removed", removed);
        storage.put(key, Content.of(envelope.close(key, json)), PutCondition.IF_ABSENT);
        return key;
    }

    /** Removes changes. Those that the store still locks are left to a later prune. */
    public void remove(List<ObjectKey> keys) throws IOException {
        if (keys.isEmpty()) {
            return;
        }
        try {
            storage.delete(keys);
        } catch (LockedException e) {
            log.debug("changes of tags are locked, and stay [cause={}]", e.getMessage());
        }
    }

    /** Lists all changes. To be called before the snapshots are listed that some of them may not have any more. */
    public List<ObjectKey> all() throws IOException {
        return list(RepositoryLayout.TAGS);
    }

    /** Returns those of some changes whose snapshots are not among these. */
    public static List<ObjectKey> withoutSnapshot(List<ObjectKey> keys, Set<SnapshotId> snapshots) {
        return keys.stream()
                .filter(key -> RepositoryLayout.snapshotOfTags(key)
                        .filter(id -> !snapshots.contains(new SnapshotId(id)))
                        .isPresent())
                .toList();
    }
}
