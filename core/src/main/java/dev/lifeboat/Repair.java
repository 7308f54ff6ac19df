package dev.lifeboat;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.catalog.Catalog;
import dev.lifeboat.internal.engine.MaintenanceContext;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.internal.io.RandomIds;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.internal.maintenance.Quarantine;
import dev.lifeboat.internal.replica.ReplicaMaintenance;
import dev.lifeboat.internal.replica.ReplicatedStorage;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.ObjectKey;
import dev.lifeboat.storage.StorageTarget;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repairs a damaged repository. Reads all of it.
 *
 * <ul>
 *   <li>Damaged objects are replaced by intact copies from replicas, and those in replicas by intact copies from the
 *       primary store.
 *   <li>Chunks that are intact in the remaining damaged objects are saved. The objects are then quarantined: moved to
 *       keys that no operation reads, never deleted.
 *   <li>A snapshot whose list of entries is damaged is quarantined, and replaced by one that has the entries that are
 *       left.
 *   <li>A snapshot that has lost only content stays as it is. A restore reports each lost file by name. A later backup
 *       of a source that still has the content stores it again, which completes the snapshot.
 * </ul>
 *
 * <p>Backups and prunes may run at the same time. If a repair is stopped at any point, nothing more is lost and the
 * next repair continues. {@link Prune#dropQuarantined} removes what was quarantined.
 */
public final class Repair extends Operation<Repair.Repaired, Repair> {
    private static final Logger log = LoggerFactory.getLogger(Repair.class);

    Repair(OpenRepository repository) {
        super(repository);
    }

    /**
     * What a repair did.
     *
     * @param quarantined the new keys of damaged objects and of the manifests of broken snapshots
     * @param replaced broken snapshots, each with the snapshot that has what is left of it
     * @param recovered number of damaged objects replaced by an intact copy, in the primary store or in a replica, and
     *     of lost chunks or objects copied from a replica
     * @param chunksSaved number of chunks saved from damaged objects
     * @param postponed damaged objects that could not be quarantined since backups or prunes are running; repair again
     *     when these have ended
     * @param findings remaining damage: content that is lost until it is stored again
     */
    public record Repaired(
            List<ObjectKey> quarantined,
            Map<SnapshotId, Snapshot> replaced,
            long recovered,
            long chunksSaved,
            List<ObjectKey> postponed,
            List<Verify.Finding> findings) {
        /** Returns whether the repair found no damage. */
        public boolean isClean() {
            return recovered == 0 && quarantined.isEmpty() && postponed.isEmpty() && findings.isEmpty();
        }
    }

    @Override
    Repair self() {
        return this;
    }

    @Override
    String outcome(Optional<Repaired> result) {
        return result.map(repaired -> "quarantined " + repaired.quarantined() + ", replaced "
                        + repaired.replaced().keySet().stream()
                                .map(SnapshotId::value)
                                .toList())
                .orElse("");
    }

    @Override
    Repaired execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.REPAIRING);
        long recovered = recover();
        List<ObjectKey> quarantined = new ArrayList<>(quarantineUnreadable(events));
        List<ObjectKey> postponed = new ArrayList<>();
        long saved = 0;
        for (ArchiveFormat format : repository.formats()) {
            ArchiveFormat.Repaired repaired = format.repair(context(format));
            quarantined.addAll(repaired.quarantined());
            postponed.addAll(repaired.postponed());
            saved += repaired.saved();
        }
        Map<SnapshotId, Snapshot> replaced = replaceBroken(events, quarantined);
        List<Verify.Finding> findings = new Verify(repository).readData().run().findings();
        events.progress();
        return new Repaired(
                List.copyOf(quarantined), Map.copyOf(replaced), recovered, saved, List.copyOf(postponed), findings);
    }

    /** Recovers from replicas, before anything is quarantined: with an intact copy elsewhere nothing is lost. */
    private long recover() throws IOException {
        if (repository.replicated().isEmpty()) {
            return 0;
        }
        ReplicatedStorage all = repository.replicated().get();
        ReplicaMaintenance replicas = new ReplicaMaintenance(all, repository.objectVerifier());
        List<Verify.Finding> findings = findings();
        List<ObjectKey> damaged = new ArrayList<>(
                findings.stream().flatMap(finding -> finding.object().stream()).toList());
        // No snapshot needs them, so that a verify without replicas does not read them.
        repository.primary().list(RepositoryLayout.AUDIT, object -> damaged.add(object.key()));
        damaged.removeIf(key -> key.value().startsWith(RepositoryLayout.AUDIT) && isIntact(key));
        replicas.recover(damaged);
        long recovered = repository.heal();
        if (recovered > 0) {
            findings = findings();
        }
        if (!findings.isEmpty()) {
            recovered += replicas.salvage((copy, objects) -> {
                long taken = 0;
                for (ArchiveFormat format : repository.formats()) {
                    taken += format.salvage(context(format), repository.formatContext(copy), objects);
                }
                return taken;
            });
        }
        return recovered + replicas.renew();
    }

    private boolean isIntact(ObjectKey key) {
        try {
            return repository.objectVerifier().isIntact(repository.primary(), key);
        } catch (IOException e) {
            return true;
        }
    }

    private List<Verify.Finding> findings() {
        return new Verify(repository).readData().withoutReplicas().run().findings();
    }

    private MaintenanceContext context(ArchiveFormat format) {
        // Replicas keep what a repair quarantines.
        return new MaintenanceContext(
                repository,
                repository.maintenanceContext(false),
                format.id(),
                RandomIds.next(),
                false,
                false,
                () -> true,
                id -> true);
    }

    /**
     * Quarantines documents that cannot be read. A session is ended first, so that what it refers to need not be known.
     */
    private List<ObjectKey> quarantineUnreadable(ProgressTracker events) throws IOException {
        Catalog catalog = repository.catalog();
        StorageTarget storage = repository.maintenanceContext(false).storage();
        List<SnapshotId> manifests = new ArrayList<>();
        catalog.snapshots((id, damage) -> manifests.add(id));
        List<ObjectKey> quarantined = new ArrayList<>();
        for (SnapshotId id : manifests) {
            catalog.quarantine(id, events.clock().instant()).ifPresent(quarantined::add);
        }
        List<ObjectKey> tags = new ArrayList<>();
        catalog.tags().check((key, damage) -> tags.add(key));
        quarantined.addAll(Quarantine.move(storage, tags).values());
        for (SnapshotId id : catalog.unreadableSessions()) {
            catalog.end(id, events.clock().instant());
            quarantined.addAll(Quarantine.move(storage, List.of(RepositoryLayout.session(id.value())))
                    .values());
        }
        // A prune without a completion record is assumed to be still running, which is always safe. The record of the
        // deletions itself stays: only its prune may remove it.
        List<ObjectKey> completions =
                PendingDeletions.unreadable(repository.maintenanceContext(false)).keySet().stream()
                        .filter(PendingDeletions::isCompletionRecord)
                        .toList();
        quarantined.addAll(Quarantine.move(storage, completions).values());
        return quarantined;
    }

    private Map<SnapshotId, Snapshot> replaceBroken(ProgressTracker events, List<ObjectKey> quarantined)
            throws IOException {
        Map<SnapshotId, Snapshot> replaced = new LinkedHashMap<>();
        if (repository.formatContext().keys().isEncrypted()
                && !repository.keys().mayRead()) {
            // Without a key that may read, what is left cannot be copied.
            return replaced;
        }
        Set<SnapshotId> suspects = new LinkedHashSet<>();
        for (Verify.Finding finding : new Verify(repository).run().findings()) {
            finding.snapshot().ifPresent(suspects::add);
        }
        Catalog catalog = repository.catalog();
        for (SnapshotId id : suspects) {
            Optional<Snapshot> broken = catalog.find(id);
            if (broken.isPresent() && !isListed(broken.get())) {
                Optional<Snapshot> rest = rest(broken.get(), events);
                rest.ifPresent(snapshot -> replaced.put(id, snapshot));
                if (rest.isPresent() || isLost(broken.get())) {
                    catalog.quarantine(id, events.clock().instant()).ifPresent(quarantined::add);
                }
            }
        }
        return replaced;
    }

    /** Returns whether the list of entries can be read completely. */
    private boolean isListed(Snapshot snapshot) throws IOException {
        try (ArchiveReader reader = repository.reader(snapshot, repository.maintenanceContext(false))) {
            reader.checkList();
            return true;
        } catch (DamagedException e) {
            return false;
        }
    }

    /**
     * Commits what is left of a snapshot, unless a repair that was stopped has done so. Returns empty if that fails.
     */
    private Optional<Snapshot> rest(Snapshot broken, ProgressTracker events) throws IOException {
        Optional<Snapshot> earlier = repository
                .catalog()
                .newest(
                        broken.source(),
                        snapshot -> broken.id().value().equals(snapshot.tags().get(SnapshotCopy.REPLACES))
                                && snapshot.time().equals(broken.time()));
        if (earlier.isPresent()) {
            return earlier;
        }
        try (ArchiveReader reader = repository.reader(broken, repository.maintenanceContext(false))) {
            return Optional.of(new SnapshotCopy(broken, reader)
                    .into(repository)
                    .tag(SnapshotCopy.REPLACES, broken.id().value())
                    .onEvent(events::send)
                    .run());
        } catch (DamagedException | BackupException.Corrupt e) {
            log.warn(
                    "broken snapshot is not replaced, what is left of it cannot be read [id={}, cause={}]",
                    broken.id().value(),
                    e.getMessage());
            return Optional.empty();
        }
    }

    /** Returns whether no part of a snapshot can be read. */
    private boolean isLost(Snapshot broken) throws IOException {
        try (ArchiveReader reader = repository.reader(broken, repository.maintenanceContext(false))) {
            reader.sendTo(new DiscardingSink(), entry -> true);
            return false;
        } catch (DamagedException e) {
            return true;
        }
    }

    private static final class DiscardingSink implements EntrySink {
        @Override
        public boolean offer(Entry entry) {
            return false;
        }

        @Override
        public void content(Entry entry, InputStream in) {}

        @Override
        public void report(Problem problem) {}
    }

    @Override
    String describe() {
        return "cannot repair " + repository.location();
    }
}
