package dev.lifeboat.internal.catalog;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.ConcurrentReads;
import dev.lifeboat.internal.io.Recovery;
import dev.lifeboat.internal.json.Envelope;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.maintenance.Quarantine;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
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
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sessions and their outcomes. An outcome is put once, under the id of its session, and only if there is none. So
 * either the commit of a backup or the aborted outcome that ends a dead backup succeeds, never both. Outcomes that were
 * read are cached as long as the listing of the store does not change. Thread-safe.
 */
public final class Catalog {
    private static final Logger log = LoggerFactory.getLogger(Catalog.class);
    private static final Comparator<Snapshot> NEWEST_FIRST =
            Comparator.comparing(Snapshot::time).thenComparing(Snapshot::id).reversed();
    private static final int BATCH = 32;

    private final StorageTarget storage;
    private final Envelope envelope;
    private final SnapshotIdGenerator ids;
    private final Executor executor;
    private final TagStore tags;
    private final Map<SnapshotId, Known> known = new ConcurrentHashMap<>();
    /** The objects of outcomes, as last listed. */
    private final Map<SnapshotId, ObjectInfo> stored = new ConcurrentHashMap<>();

    /**
     * Creates a catalog of a store.
     *
     * @param executor runs concurrent reads of outcomes
     */
    public Catalog(StorageTarget storage, Envelope envelope, SnapshotIdGenerator ids, Executor executor) {
        this.storage = storage;
        this.envelope = envelope;
        this.ids = ids;
        this.executor = executor;
        this.tags = new TagStore(storage, envelope, executor);
    }

    /** An outcome, and its object as listed before it was read; null if it was not listed. */
    private record Known(@Nullable ObjectInfo listed, Optional<Snapshot> snapshot) {}

    /** Receives outcomes that cannot be read. */
    @FunctionalInterface
    public interface OnDamage {
        void damaged(SnapshotId id, DamagedException damage) throws IOException;
    }

    /** Returns the changes of tags. */
    public TagStore tags() {
        return tags;
    }

    /** Lists committed snapshots, newest first. A change of tags that is damaged is skipped, with a warning. */
    public List<Snapshot> snapshots(OnDamage onDamage) throws IOException {
        return tags.apply(read(outcomes(), onDamage), RepositoryLayout.TAGS, Catalog::skipped);
    }

    private static void skipped(ObjectKey key, DamagedException damage) {
        log.warn("tags skipped that are damaged; run verify [key={}, cause={}]", key, damage.getMessage());
    }

    /** Lists committed snapshots of a series, newest first. */
    public List<Snapshot> snapshots(String series, OnDamage onDamage) throws IOException {
        String digits = ids.series(series);
        List<Snapshot> all = read(outcomes(RepositoryLayout.snapshotsOf(digits)), onDamage).stream()
                .filter(snapshot -> snapshot.source().equals(series))
                .toList();
        return tags.apply(all, RepositoryLayout.tagsOf(digits), Catalog::skipped);
    }

    /**
     * Returns the latest matching snapshot of a series, in the order of the ids (docs/FORMAT.md, section 4). Reads the
     * newest outcomes, and others only if none of them matches; damaged ones are skipped.
     */
    public Optional<Snapshot> newest(String series, Predicate<Snapshot> wanted) throws IOException {
        List<SnapshotId> newestFirst = new ArrayList<>(
                new TreeSet<>(outcomes(RepositoryLayout.snapshotsOf(ids.series(series)))).descendingSet());
        for (int i = 0; i < newestFirst.size(); i++) {
            if (i >= ConcurrentReads.FEW && (i - ConcurrentReads.FEW) % BATCH == 0) {
                readAhead(newestFirst.subList(i, Math.min(i + BATCH, newestFirst.size())));
            }
            SnapshotId id = newestFirst.get(i);
            try {
                Optional<Snapshot> snapshot = find(id);
                if (snapshot.isPresent() && snapshot.get().source().equals(series) && wanted.test(snapshot.get())) {
                    return snapshot;
                }
            } catch (DamagedException e) {
                log.debug("damaged outcome skipped [id={}]", id.value(), e);
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
        snapshots.sort(NEWEST_FIRST);
        return snapshots;
    }

    /**
     * Reads outcomes that are not cached, concurrently. Damage is ignored, since the subsequent sequential read finds
     * it again.
     */
    private void readAhead(Collection<SnapshotId> outcomes) throws IOException {
        List<SnapshotId> unknown =
                outcomes.stream().filter(id -> !known.containsKey(id)).toList();
        ConcurrentReads.run(executor, unknown, id -> {
            try {
                find(id);
            } catch (DamagedException e) {
                return;
            }
        });
    }

    /** Lists committed snapshots, newest first; throws at the first damaged one. */
    public List<Snapshot> allSnapshots() throws IOException {
        List<Snapshot> all = read(outcomes(), (id, damage) -> {
            throw damage;
        });
        // A prune that does not know a tag might remove what it keeps.
        return tags.apply(all, RepositoryLayout.TAGS, (key, damage) -> {
            throw damage;
        });
    }

    /** Lists ids that have an outcome, aborted or not. */
    public Set<SnapshotId> outcomes() throws IOException {
        return outcomes(RepositoryLayout.SNAPSHOTS);
    }

    private Set<SnapshotId> outcomes(String prefix) throws IOException {
        Map<SnapshotId, ObjectInfo> listed = new HashMap<>();
        storage.list(
                prefix,
                object -> id(object.key(), id -> RepositoryLayout.snapshot(id.value()))
                        .ifPresent(id -> listed.put(id, object)));
        Predicate<SnapshotId> gone =
                id -> RepositoryLayout.snapshot(id.value()).value().startsWith(prefix) && !listed.containsKey(id);
        stored.keySet().removeIf(gone);
        known.keySet().removeIf(gone);
        stored.putAll(listed);
        // A repair replaces a snapshot with an aborted outcome.
        listed.forEach((id, object) ->
                known.computeIfPresent(id, (same, outcome) -> object.equals(outcome.listed()) ? outcome : null));
        return new HashSet<>(listed.keySet());
    }

    /** Returns a snapshot with its tags as they are now; empty if there is no outcome, or an aborted one. */
    public Optional<Snapshot> findTagged(SnapshotId id) throws IOException {
        Optional<Snapshot> found = find(id);
        return found.isEmpty()
                ? found
                : Optional.of(
                        tags.apply(List.of(found.get()), RepositoryLayout.tagsOfSnapshot(id.value()), Catalog::skipped)
                                .get(0));
    }

    /** Returns a snapshot as it was committed; empty if there is no outcome, or an aborted one. */
    public Optional<Snapshot> find(SnapshotId id) throws IOException {
        Known outcome = known.get(id);
        if (outcome == null) {
            ObjectInfo listed = stored.get(id);
            try {
                // An intact object may still be that of another snapshot, put in its place.
                outcome = new Known(
                        listed, Recovery.reading(storage, RepositoryLayout.snapshot(id.value()), () -> read(id)));
            } catch (FileNotFoundException e) {
                return Optional.empty();
            }
            known.put(id, outcome);
        }
        return outcome.snapshot();
    }

    private Optional<Snapshot> read(SnapshotId id) throws IOException {
        Optional<Snapshot> snapshot = ManifestCodec.snapshot(
                envelope.open(
                        storage, RepositoryLayout.snapshot(id.value()), ManifestCodec.OUTCOME, ManifestCodec.VERSION),
                envelope);
        if (snapshot.isPresent() && !snapshot.get().id().equals(id)) {
            throw new DamagedException("the manifest of snapshot " + id.value() + " in " + storage.location()
                    + " is the manifest of " + snapshot.get().id().value());
        }
        return snapshot;
    }

    /** Returns whether a snapshot exists; bypasses the cache. */
    public boolean exists(SnapshotId id) throws IOException {
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

    public void open(Session session, Instant now) throws IOException {
        put(RepositoryLayout.session(session.id().value()), ManifestCodec.toJson(session, now));
    }

    /**
     * Commits a snapshot.
     *
     * @throws PreconditionFailedException if its session was ended
     */
    public void commit(Snapshot snapshot) throws IOException {
        put(RepositoryLayout.snapshot(snapshot.id().value()), ManifestCodec.outcome(snapshot, envelope));
    }

    /** Puts an aborted outcome for a backup that has no outcome; returns false if it has one by now. */
    public boolean end(SnapshotId id, Instant now) throws IOException {
        try {
            put(RepositoryLayout.snapshot(id.value()), ManifestCodec.abortedOutcome(id, now));
            return true;
        } catch (PreconditionFailedException e) {
            return false;
        }
    }

    /** Lists sessions and their objects. */
    public Map<SnapshotId, ObjectInfo> sessions() throws IOException {
        Map<SnapshotId, ObjectInfo> sessions = new LinkedHashMap<>();
        storage.list(
                RepositoryLayout.SESSIONS,
                object -> id(object.key(), id -> RepositoryLayout.session(id.value()))
                        .ifPresent(id -> sessions.put(id, object)));
        return sessions;
    }

    /**
     * Returns sessions that may still commit. Sessions are listed before outcomes, so one that commits meanwhile is
     * found among the outcomes.
     */
    public List<Session> openSessions() throws IOException {
        Set<SnapshotId> ids = new HashSet<>(sessions().keySet());
        ids.removeAll(outcomes());
        List<Session> open = new ArrayList<>();
        for (SnapshotId id : ids) {
            try {
                open.add(session(id));
            } catch (FileNotFoundException e) {
                // It was removed after the listing, so it had an outcome.
                continue;
            }
        }
        return open;
    }

    private Session session(SnapshotId id) throws IOException {
        return ManifestCodec.session(envelope.open(
                storage, RepositoryLayout.session(id.value()), ManifestCodec.SESSION, ManifestCodec.VERSION));
    }

    /** Returns whether a session exists; bypasses the cache. */
    public boolean hasSession(SnapshotId id) throws IOException {
        return storage.find(RepositoryLayout.session(id.value())).isPresent();
    }

    /** Removes a session that has an outcome. */
    public void removeSession(SnapshotId id) throws IOException {
        storage.delete(List.of(RepositoryLayout.session(id.value())));
    }

    /** Removes a snapshot. Its session is removed first, since it would otherwise look like a backup in progress. */
    public void remove(SnapshotId id) throws IOException {
        removeSession(id);
        storage.delete(List.of(RepositoryLayout.snapshot(id.value())));
        known.remove(id);
    }

    /**
     * Quarantines an outcome. An aborted outcome replaces it, since the writer of an unreadable session may still be
     * running. Returns empty if the outcome no longer exists.
     */
    public Optional<ObjectKey> quarantine(SnapshotId id, Instant now) throws IOException {
        ObjectKey key = RepositoryLayout.snapshot(id.value());
        Optional<ObjectKey> place = Quarantine.copy(storage, key);
        if (place.isEmpty()) {
            return place;
        }
        storage.put(key, Content.of(envelope.close(key, ManifestCodec.abortedOutcome(id, now))), PutCondition.ALWAYS);
        known.remove(id);
        removeSession(id);
        return place;
    }

    /**
     * Returns the archives of quarantined snapshots.
     *
     * @throws DamagedException if a manifest cannot be read, so that what it needs is not known
     */
    public List<ArchiveRoot> quarantinedRoots() throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        storage.list(RepositoryLayout.QUARANTINE + RepositoryLayout.SNAPSHOTS, object -> keys.add(object.key()));
        List<ArchiveRoot> roots = new ArrayList<>();
        for (ObjectKey key : keys) {
            ObjectKey place = RepositoryLayout.outcomeBeforeQuarantine(key);
            try {
                ManifestCodec.snapshot(
                                envelope.open(storage, key, place, ManifestCodec.OUTCOME, ManifestCodec.VERSION),
                                envelope)
                        .ifPresent(snapshot -> roots.add(snapshot.archive()));
            } catch (FileNotFoundException e) {
                // Another process has dropped it since it was listed.
                continue;
            } catch (DamagedException e) {
                throw new DamagedException(
                        e.getMessage()
                                + "; nothing was freed, since what this quarantined snapshot needs is not"
                                + " known. Prune with dropQuarantined() if it is no longer needed",
                        e);
            }
        }
        return roots;
    }

    /** Returns sessions without an outcome that cannot be read. */
    public List<SnapshotId> unreadableSessions() throws IOException {
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

    /**
     * Returns the id of an object, only if its key is the expected one: a listing must not show an object that a
     * commit, which writes to the expected key, would not conflict with.
     */
    private static Optional<SnapshotId> id(ObjectKey key, Function<SnapshotId, ObjectKey> place) {
        String last = key.lastSegment();
        return last.matches("[0-9a-f]{32}")
                ? Optional.of(new SnapshotId(last)).filter(id -> place.apply(id).equals(key))
                : Optional.empty();
    }
}
