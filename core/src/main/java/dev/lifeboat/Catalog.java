package dev.lifeboat;

import dev.lifeboat.RepositoryObjects.Session;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.internal.io.TrackedTask;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.repair.Apart;
import dev.lifeboat.storage.Content;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.PreconditionFailedException;
import dev.lifeboat.storage.PutCondition;
import dev.lifeboat.storage.StorageTarget;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sessions and their outcomes. An outcome is put once, under the id of its session, and only if there is none: so of a commit and of
 * the void that ends a dead backup exactly one happens. What was read once is kept, as long as the store
 * lists the same. Thread-safe.
 */
final class Catalog {
    private static final Logger log = LoggerFactory.getLogger(Catalog.class);
    /** At once, if there are more than a few to read. */
    private static final int READERS = 8;

    private static final int FEW = 4;
    private static final int BATCH = 32;
    private static final int ID_DIGITS = 32;

    private final StorageTarget storage;
    private final Envelope envelope;
    private final SnapshotIds ids;
    private final Executor executor;
    private final Map<SnapshotId, Known> known = new ConcurrentHashMap<>();
    /** What the store said of outcomes when they were listed last. */
    private final Map<SnapshotId, ObjectInfo> stored = new ConcurrentHashMap<>();

    /**
     * Reads and writes in a store.
     *
     * @param executor runs what reads many outcomes at once
     */
    Catalog(StorageTarget storage, Envelope envelope, SnapshotIds ids, Executor executor) {
        this.storage = storage;
        this.envelope = envelope;
        this.ids = ids;
        this.executor = executor;
    }

    /** An outcome, and what the store said of it before it was read; nothing if it was not listed. */
    private record Known(@Nullable ObjectInfo listed, Optional<Snapshot> snapshot) {}

    /** Hears of outcomes that cannot be read. */
    @FunctionalInterface
    interface OnDamage {
        void damaged(SnapshotId id, DamagedException damage) throws IOException;
    }

    /** Lists committed snapshots, newest first. */
    List<Snapshot> snapshots(OnDamage onDamage) throws IOException {
        return read(outcomes(), onDamage);
    }

    /** Lists committed snapshots of a series, newest first. */
    List<Snapshot> snapshots(String series, OnDamage onDamage) throws IOException {
        return read(outcomes(RepositoryObjects.series(ids.series(series))), onDamage).stream()
                .filter(snapshot -> snapshot.source().equals(series))
                .toList();
    }

    /**
     * Finds the snapshot of a series that was begun last, as ids tell (docs/FORMAT.md, section 4), of those that are wanted. Reads the newest outcomes, and others only if none of them
     * is; damaged ones are passed over.
     */
    Optional<Snapshot> newest(String series, Predicate<Snapshot> wanted) throws IOException {
        List<SnapshotId> newestFirst =
                new ArrayList<>(new TreeSet<>(outcomes(RepositoryObjects.series(ids.series(series)))).descendingSet());
        for (int i = 0; i < newestFirst.size(); i++) {
            if (i >= FEW && (i - FEW) % BATCH == 0) {
                readAhead(newestFirst.subList(i, Math.min(i + BATCH, newestFirst.size())));
            }
            SnapshotId id = newestFirst.get(i);
            try {
                Optional<Snapshot> snapshot = find(id);
                if (snapshot.isPresent() && snapshot.get().source().equals(series) && wanted.test(snapshot.get())) {
                    return snapshot;
                }
            } catch (DamagedException e) {
                log.debug("outcome passed over [id={}]", id.value(), e);
            }
        }
        return Optional.empty();
    }

    private List<Snapshot> read(Set<SnapshotId> outcomes, OnDamage onDamage) throws IOException {
        readAhead(outcomes);
        List<Snapshot> snapshots = new ArrayList<>();
        for (SnapshotId id : outcomes) {
            try {
                find(id).ifPresent(snapshots::add);
            } catch (DamagedException e) {
                onDamage.damaged(id, e);
            }
        }
        snapshots.sort(Repository.newestFirst());
        return snapshots;
    }

    /** Reads outcomes that are not known, several at once. What goes wrong does so again for who reads them one by one. */
    private void readAhead(Collection<SnapshotId> outcomes) throws IOException {
        Queue<SnapshotId> unknown = new ConcurrentLinkedQueue<>(outcomes);
        unknown.removeAll(known.keySet());
        if (unknown.size() < FEW) {
            return;
        }
        List<TrackedTask<?>> readers = new ArrayList<>();
        try {
            for (int i = 0; i < READERS; i++) {
                TrackedTask<?> reader = new TrackedTask<>(
                        () -> {
                            for (SnapshotId id; (id = unknown.poll()) != null; ) {
                                try {
                                    find(id);
                                } catch (DamagedException e) {
                                    continue;
                                }
                            }
                            return null;
                        },
                        () -> {});
                readers.add(reader);
                reader.startOn(executor);
            }
            for (TrackedTask<?> reader : readers) {
                Io.await(reader);
            }
        } finally {
            readers.forEach(reader -> reader.cancel(true));
            readers.forEach(TrackedTask::awaitLeft);
        }
    }

    /** Lists committed snapshots, newest first; any damage ends it. */
    List<Snapshot> allSnapshots() throws IOException {
        return snapshots((id, damage) -> {
            throw damage;
        });
    }

    /** Lists ids that have an outcome, void or not. */
    Set<SnapshotId> outcomes() throws IOException {
        return outcomes(RepositoryObjects.SNAPSHOTS);
    }

    private Set<SnapshotId> outcomes(String prefix) throws IOException {
        Map<SnapshotId, ObjectInfo> listed = new HashMap<>();
        storage.list(
                prefix,
                object -> id(object.key(), RepositoryObjects::snapshotKey).ifPresent(id -> listed.put(id, object)));
        Predicate<SnapshotId> gone =
                id -> RepositoryObjects.snapshotKey(id).value().startsWith(prefix) && !listed.containsKey(id);
        stored.keySet().removeIf(gone);
        known.keySet().removeIf(gone);
        stored.putAll(listed);
        // A repair puts a void in the place of a snapshot.
        listed.forEach((id, object) ->
                known.computeIfPresent(id, (same, outcome) -> object.equals(outcome.listed()) ? outcome : null));
        return new HashSet<>(listed.keySet());
    }

    /** Empty if there is no outcome, or a void. */
    Optional<Snapshot> find(SnapshotId id) throws IOException {
        Known outcome = known.get(id);
        if (outcome == null) {
            ObjectInfo listed = stored.get(id);
            try {
                // What is whole may still be another's, put in its place.
                outcome =
                        new Known(listed, Recovery.reading(storage, RepositoryObjects.snapshotKey(id), () -> read(id)));
            } catch (FileNotFoundException e) {
                return Optional.empty();
            }
            known.put(id, outcome);
        }
        return outcome.snapshot();
    }

    private Optional<Snapshot> read(SnapshotId id) throws IOException {
        Optional<Snapshot> snapshot = RepositoryObjects.snapshot(
                envelope.open(
                        storage,
                        RepositoryObjects.snapshotKey(id),
                        RepositoryObjects.OUTCOME,
                        RepositoryObjects.VERSION),
                envelope);
        if (snapshot.isPresent() && !snapshot.get().id().equals(id)) {
            throw new DamagedException("the manifest of snapshot " + id.value() + " in " + storage.location()
                    + " is that of " + snapshot.get().id().value());
        }
        return snapshot;
    }

    /** Whether a snapshot is there, asked of the store now. */
    boolean exists(SnapshotId id) throws IOException {
        known.remove(id);
        try {
            return find(id).isPresent();
        } catch (DamagedException e) {
            return false;
        }
    }

    private void put(ObjectKey key, JsonObject document) throws IOException {
        storage.put(key, Content.of(envelope.close(key, document)), PutCondition.IF_ABSENT);
    }

    void open(Session session, Instant now) throws IOException {
        put(RepositoryObjects.sessionKey(session.id()), session.toJson(now));
    }

    /**
     * Makes a snapshot count.
     *
     * @throws PreconditionFailedException if its session was ended
     */
    void commit(Snapshot snapshot) throws IOException {
        put(RepositoryObjects.snapshotKey(snapshot.id()), RepositoryObjects.outcome(snapshot, envelope));
    }

    /** Ends a backup that has no outcome; false if it has one by now. */
    boolean end(SnapshotId id, Instant now) throws IOException {
        try {
            put(RepositoryObjects.snapshotKey(id), RepositoryObjects.voidOutcome(id, now));
            return true;
        } catch (PreconditionFailedException e) {
            return false;
        }
    }

    /** Lists sessions, with what the store knows of them. */
    Map<SnapshotId, ObjectInfo> sessions() throws IOException {
        Map<SnapshotId, ObjectInfo> sessions = new LinkedHashMap<>();
        storage.list(
                RepositoryObjects.SESSIONS,
                object -> id(object.key(), RepositoryObjects::sessionKey).ifPresent(id -> sessions.put(id, object)));
        return sessions;
    }

    /** Sessions that may still commit. They are listed first: one that commits meanwhile is found among the outcomes later. */
    List<Session> openSessions() throws IOException {
        Set<SnapshotId> ids = new HashSet<>(sessions().keySet());
        ids.removeAll(outcomes());
        List<Session> open = new ArrayList<>();
        for (SnapshotId id : ids) {
            try {
                open.add(session(id));
            } catch (FileNotFoundException e) {
                // Removed since it was listed, so it had an outcome.
                continue;
            }
        }
        return open;
    }

    private Session session(SnapshotId id) throws IOException {
        return Session.from(envelope.open(
                storage, RepositoryObjects.sessionKey(id), RepositoryObjects.SESSION, RepositoryObjects.VERSION));
    }

    /** Whether a session is there, asked of the store now. */
    boolean hasSession(SnapshotId id) throws IOException {
        return storage.find(RepositoryObjects.sessionKey(id)).isPresent();
    }

    /** Removes a session that has an outcome. */
    void removeSession(SnapshotId id) throws IOException {
        storage.delete(List.of(RepositoryObjects.sessionKey(id)));
    }

    /** Removes a snapshot; its session first, lest it looks like one under way. */
    void remove(SnapshotId id) throws IOException {
        removeSession(id);
        storage.delete(List.of(RepositoryObjects.snapshotKey(id)));
        known.remove(id);
    }

    /**
     * Takes an outcome out of the list and keeps it apart. A void takes its place, for its writer may still wake up, if it was one that could not be
     * read. Empty if it is not there any more.
     */
    Optional<ObjectKey> setApart(SnapshotId id, Instant now) throws IOException {
        ObjectKey key = RepositoryObjects.snapshotKey(id);
        Optional<ObjectKey> place = Apart.copy(storage, key);
        if (place.isEmpty()) {
            return place;
        }
        storage.put(key, Content.of(envelope.close(key, RepositoryObjects.voidOutcome(id, now))), PutCondition.ALWAYS);
        known.remove(id);
        removeSession(id);
        return place;
    }

    /**
     * Archives of the snapshots that were set apart.
     *
     * @throws DamagedException if a manifest cannot be read, so that what it needs is not known
     */
    List<ArchiveRoot> rootsSetApart() throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(Apart.PREFIX + RepositoryObjects.SNAPSHOTS, object -> keys.add(object.key()));
        List<ArchiveRoot> roots = new ArrayList<>();
        for (ObjectKey key : keys) {
            // With a suffix if there was one of the same key before.
            String name = key.value().substring(Apart.PREFIX.length());
            int suffix = name.lastIndexOf('/') + 1 + ID_DIGITS;
            ObjectKey place = new ObjectKey(suffix < name.length() ? name.substring(0, suffix) : name);
            try {
                RepositoryObjects.snapshot(
                                envelope.open(
                                        storage, key, place, RepositoryObjects.OUTCOME, RepositoryObjects.VERSION),
                                envelope)
                        .ifPresent(snapshot -> roots.add(snapshot.archive()));
            } catch (FileNotFoundException e) {
                // Somebody has dropped it since it was listed.
                continue;
            } catch (DamagedException e) {
                throw new DamagedException(
                        e.getMessage()
                                + "; nothing was freed, for what that snapshot, which was set apart, needs is not"
                                + " known. Prune with dropSetApart() when it is not wanted any more",
                        e);
            }
        }
        return roots;
    }

    /** Sessions without an outcome that cannot be read. */
    List<SnapshotId> unreadableSessions() throws IOException {
        Set<SnapshotId> ids = new HashSet<>(sessions().keySet());
        ids.removeAll(outcomes());
        List<SnapshotId> unreadable = new ArrayList<>();
        for (SnapshotId id : ids) {
            try {
                session(id);
            } catch (FileNotFoundException e) {
                continue;
            } catch (DamagedException e) {
                unreadable.add(id);
            }
        }
        return unreadable;
    }

    /** Only of what lies in its place: a listing must not show what a commit, which goes to that place, would not meet. */
    private static Optional<SnapshotId> id(ObjectKey key, Function<SnapshotId, ObjectKey> place) {
        String last = key.lastSegment();
        return last.matches("[0-9a-f]{32}")
                ? Optional.of(new SnapshotId(last)).filter(id -> place.apply(id).equals(key))
                : Optional.empty();
    }
}
