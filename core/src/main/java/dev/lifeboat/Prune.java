package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.internal.catalog.Catalog;
import dev.lifeboat.internal.catalog.TagStore;
import dev.lifeboat.internal.engine.MaintenanceContext;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.LockedException;
import dev.lifeboat.storage.ObjectInfo;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Removes snapshots that a policy does not keep, then frees what no snapshot needs. Backups and other prunes may run at
 * the same time, in any process. If a prune is stopped at any point, listed snapshots stay complete and the next prune
 * continues.
 */
public final class Prune extends Operation<Prune.Pruned, Prune> {
    private final Retention retention;
    private Duration patience = Duration.ofDays(1);
    private Optional<Duration> budget = Optional.empty();
    /** Ids of the snapshots that were removed so far, for the audit trail. */
    private final List<String> gone = new ArrayList<>();

    private boolean dryRun;
    private boolean dropQuarantined;

    Prune(OpenRepository repository, Retention retention) {
        super(repository);
        this.retention = retention;
    }

    /**
     * What a prune did, or would do.
     *
     * @param kept snapshots, newest first
     * @param removed snapshots, newest first
     * @param locked snapshots that the policy does not keep but the store still locks, newest first; they stay, and so
     *     does everything they need
     * @param endedBackups ids of backups without an outcome that were ended because of their age
     * @param objectsFreed objects removed from the store, manifests not counted
     * @param bytesFreed bytes in these
     * @param lockedUntil when everything that the store still locks may be removed; empty if the store locks nothing
     */
    public record Pruned(
            List<Snapshot> kept,
            List<Snapshot> removed,
            List<Snapshot> locked,
            List<SnapshotId> endedBackups,
            long objectsFreed,
            long bytesFreed,
            Optional<Instant> lockedUntil) {}

    /** Changes nothing; the result is what would be done. */
    @CanIgnoreReturnValue
    public Prune dryRun() {
        checkNotStarted();
        dryRun = true;
        return this;
    }

    /**
     * Sets the age from which a backup without an outcome is ended, so that what it stored is freed; one day unless
     * set. If such a backup is still running, it fails when it commits; no snapshot is harmed.
     *
     * @throws IllegalArgumentException if the duration is negative, or over 36,500 days
     */
    @CanIgnoreReturnValue
    public Prune endBackupsOlderThan(Duration newPatience) {
        checkNotStarted();
        if (newPatience.isNegative() || newPatience.compareTo(Duration.ofDays(36_500)) > 0) {
            throw new IllegalArgumentException("duration is negative or over 36,500 days: " + newPatience);
        }
        patience = newPatience;
        return this;
    }

    /**
     * Sets the time after which the prune begins no more work that can wait for the next one, such as repacking packs
     * that are mostly unused; no limit unless set.
     *
     * @throws IllegalArgumentException if the duration is negative
     */
    @CanIgnoreReturnValue
    public Prune within(Duration newBudget) {
        checkNotStarted();
        if (newBudget.isNegative()) {
            throw new IllegalArgumentException("duration is negative: " + newBudget);
        }
        budget = Optional.of(newBudget);
        return this;
    }

    @Override
    Prune self() {
        return this;
    }

    @Override
    Pruned execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.PRUNING);
        Catalog catalog = repository.catalog();
        // Before the snapshots: a change is of one that was there.
        List<ObjectKey> tags = catalog.tags().all();
        List<Snapshot> all = catalog.allSnapshots();
        Set<SnapshotId> keep = retention.keep(all);
        List<Snapshot> kept = all.stream().filter(s -> keep.contains(s.id())).toList();
        List<Snapshot> removed =
                all.stream().filter(s -> !keep.contains(s.id())).toList();
        List<Snapshot> locked = new ArrayList<>();
        Optional<Instant> lockedUntil = Optional.empty();
        List<SnapshotId> ended = endAbandonedBackups(events.clock().instant());
        if (!dryRun) {
            for (Snapshot snapshot : removed) {
                try {
                    catalog.remove(snapshot.id());
                    gone.add(snapshot.id().value());
                } catch (LockedException e) {
                    locked.add(snapshot);
                    lockedUntil = latest(lockedUntil, Optional.of(e.until()));
                }
            }
            if (!tags.isEmpty()) {
                catalog.tags().remove(TagStore.withoutSnapshot(tags, catalog.outcomes()));
            }
            if (dropQuarantined) {
                removeQuarantined();
            }
        }
        Set<SnapshotId> removedIds = removed.stream().map(Snapshot::id).collect(Collectors.toUnmodifiableSet());
        long objects = 0;
        long bytes = 0;
        for (ArchiveFormat format : repository.formats()) {
            ArchiveFormat.Pruned freed = format.prune(context(format, removedIds, Set.copyOf(ended), events));
            objects += freed.objects();
            bytes += freed.bytes();
            lockedUntil = latest(lockedUntil, freed.lockedUntil());
        }
        if (!dryRun) {
            keepLonger(locked, tags);
            repository.settleReplicas();
        }
        events.progress();
        removed =
                removed.stream().filter(snapshot -> !locked.contains(snapshot)).toList();
        return new Pruned(kept, removed, locked, ended, objects, bytes, lockedUntil);
    }

    private static Optional<Instant> latest(Optional<Instant> one, Optional<Instant> other) {
        return one.isPresent() && (other.isEmpty() || one.get().isAfter(other.get())) ? one : other;
    }

    /**
     * Extends the locks of what snapshots that stay need except for their content. Formats extend the locks of content.
     */
    private void keepLonger(List<Snapshot> locked, List<ObjectKey> tags) throws IOException {
        List<ObjectKey> keys = new ArrayList<>(List.of(RepositoryLayout.DESCRIPTOR));
        repository.storage().list(RepositoryLayout.KEY_SLOTS, object -> keys.add(object.key()));
        Set<SnapshotId> going = locked.stream().map(Snapshot::id).collect(Collectors.toUnmodifiableSet());
        repository.catalog().outcomes().stream()
                .filter(id -> !going.contains(id))
                .map(id -> RepositoryLayout.snapshot(id.value()))
                .forEach(keys::add);
        keys.addAll(tags);
        repository.storage().keep(keys);
    }

    /** Ends old sessions without an outcome, by the timestamps of the store; removes sessions that have an outcome. */
    private List<SnapshotId> endAbandonedBackups(Instant now) throws IOException {
        Catalog catalog = repository.catalog();
        Map<SnapshotId, ObjectInfo> sessions = catalog.sessions();
        Set<SnapshotId> outcomes = catalog.outcomes();
        List<SnapshotId> ended = new ArrayList<>();
        for (Map.Entry<SnapshotId, ObjectInfo> session : sessions.entrySet()) {
            SnapshotId id = session.getKey();
            boolean over = outcomes.contains(id);
            if (!over && session.getValue().lastModified().plus(patience).isBefore(now)) {
                // hasSession: another prune may have removed both the session and its outcome since the listing.
                over = dryRun || catalog.hasSession(id) && catalog.end(id, now);
                if (over) {
                    ended.add(id);
                }
            }
            if (over && !dryRun) {
                catalog.removeSession(id);
            }
        }
        return ended;
    }

    @Override
    String auditDescription() {
        return super.auditDescription() + (dryRun ? " (dry run)" : "") + ": " + retention + ", end backups older than "
                + patience + (dropQuarantined ? ", drop what is quarantined" : "");
    }

    @Override
    String outcome(Optional<Pruned> result) {
        String ended =
                result.map(pruned -> values(pruned.endedBackups()).toString()).orElse("not known");
        return "removed " + gone + ", ended " + ended;
    }

    private static List<String> values(List<SnapshotId> ids) {
        return ids.stream().map(SnapshotId::value).toList();
    }

    @Override
    String describe() {
        return "cannot prune " + repository.location();
    }

    /**
     * Removes what a repair has quarantined: damaged objects and broken snapshots. Unless set, they are kept, with
     * everything that such snapshots need. If what they need cannot be determined any more, a prune frees nothing and
     * throws {@link BackupException.Corrupt}.
     */
    @CanIgnoreReturnValue
    public Prune dropQuarantined() {
        checkNotStarted();
        dropQuarantined = true;
        return this;
    }

    /** Creates the context of a format. In a dry run it leaves out the snapshots and sessions that would be removed. */
    private PruneContext context(
            ArchiveFormat format, Set<SnapshotId> removed, Set<SnapshotId> ended, ProgressTracker events) {
        Predicate<SnapshotId> counts = id -> !(dryRun && (removed.contains(id) || ended.contains(id)));
        return new MaintenanceContext(
                repository,
                repository.maintenanceContext(true),
                format.id(),
                RandomIds.next(),
                dryRun,
                dropQuarantined,
                () -> budget.isEmpty() || events.elapsed().compareTo(budget.get()) < 0,
                counts);
    }

    private void removeQuarantined() throws IOException {
        List<ObjectKey> keys = new ArrayList<>();
        repository.storage().list(RepositoryLayout.QUARANTINE, object -> keys.add(object.key()));
        repository.storage().delete(keys);
    }
}
