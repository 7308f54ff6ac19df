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
 * Brings a damaged repository in order; reads all of it. What replicas have whole is taken from there, and they from the first store. What then is whole in damaged objects is saved, the rest of them set apart: moved to where nothing
 * reads it, never deleted. A snapshot whose list of entries is damaged is replaced by one that has what is left, and set apart. A snapshot that has lost
 * content only stays as it is: what it lacks a restore tells by name, and a backup of a source that still has it stores it again, which makes the
 * snapshot whole.
 *
 * <p>Safe beside backups and prunes. If it is stopped anywhere, nothing more is lost, and the next one goes on. What to do with what was set apart is for
 * people to say: {@link Prune#dropQuarantined}.
 */
public final class Repair extends Operation<Repair.Repaired, Repair> {
    private static final Logger log = LoggerFactory.getLogger(Repair.class);

    Repair(OpenRepository repository) {
        super(repository);
    }

    /**
     * What was done.
     *
     * @param quarantined where damaged objects and manifests of broken snapshots are now
     * @param replaced broken snapshots, each with the one that has what is left of it
     * @param recovered damaged objects in whose place a good copy was put, from a replica or in one, and chunks or objects that were lost and taken over from one
     * @param chunksSaved taken out of damaged objects
     * @param postponed damaged objects that could not be set apart since backups or prunes are under way; repair again when these have ended
     * @param findings damages that are left: what is lost until it is stored again
     */
    public record Repaired(
            List<ObjectKey> quarantined,
            Map<SnapshotId, Snapshot> replaced,
            long recovered,
            long chunksSaved,
            List<ObjectKey> postponed,
            List<Verify.Finding> findings) {
        /** Whether nothing was damaged in the first place. */
        public boolean isClean() {
            return recovered == 0 && quarantined.isEmpty() && postponed.isEmpty() && findings.isEmpty();
        }
    }

    @Override
    Repair self() {
        return this;
    }

    @Override
    Repaired execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.REPAIRING);
        long recovered = recover();
        List<ObjectKey> apart = new ArrayList<>(quarantineUnreadable(events));
        List<ObjectKey> postponed = new ArrayList<>();
        long saved = 0;
        for (ArchiveFormat format : repository.formats()) {
            ArchiveFormat.Repaired repaired = format.repair(context(format));
            apart.addAll(repaired.quarantined());
            postponed.addAll(repaired.postponed());
            saved += repaired.saved();
        }
        Map<SnapshotId, Snapshot> replaced = replaceBroken(events, apart);
        List<Verify.Finding> findings = new Verify(repository).readData().run().findings();
        events.progress();
        return new Repaired(
                List.copyOf(apart), Map.copyOf(replaced), recovered, saved, List.copyOf(postponed), findings);
    }

    /** Before anything is set apart: with a good copy elsewhere nothing is lost. */
    private long recover() throws IOException {
        if (repository.replicated().isEmpty()) {
            return 0;
        }
        ReplicatedStorage all = repository.replicated().get();
        ReplicaMaintenance replicas = new ReplicaMaintenance(all, repository.objectVerifier());
        List<Verify.Finding> findings = findings();
        replicas.recover(
                findings.stream().flatMap(finding -> finding.object().stream()).toList());
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

    private List<Verify.Finding> findings() {
        return new Verify(repository).readData().withoutReplicas().run().findings();
    }

    private MaintenanceContext context(ArchiveFormat format) {
        // What a repair sets apart is not gone in replicas.
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

    /** A session that cannot be read is ended first, so that what it refers to need not be known. */
    private List<ObjectKey> quarantineUnreadable(ProgressTracker events) throws IOException {
        Catalog catalog = repository.catalog();
        StorageTarget storage = repository.maintenanceContext(false).storage();
        List<SnapshotId> manifests = new ArrayList<>();
        catalog.snapshots((id, damage) -> manifests.add(id));
        List<ObjectKey> apart = new ArrayList<>();
        for (SnapshotId id : manifests) {
            catalog.quarantine(id, events.clock().instant()).ifPresent(apart::add);
        }
        for (SnapshotId id : catalog.unreadableSessions()) {
            catalog.end(id, events.clock().instant());
            apart.addAll(Quarantine.move(storage, List.of(RepositoryLayout.session(id.value())))
                    .values());
        }
        // Without its last word a prune counts as one that may still act, which is always safe. A record itself is not
        // ours to move.
        List<ObjectKey> words = PendingDeletions.unreadable(repository.maintenanceContext(false)).keySet().stream()
                .filter(PendingDeletions::isCompletionRecord)
                .toList();
        apart.addAll(Quarantine.move(storage, words).values());
        return apart;
    }

    private Map<SnapshotId, Snapshot> replaceBroken(ProgressTracker events, List<ObjectKey> apart) throws IOException {
        Map<SnapshotId, Snapshot> replaced = new LinkedHashMap<>();
        if (repository.formatContext().keys().isEncrypted()
                && !repository.keys().mayRead()) {
            // Who may not read cannot write anew what is left.
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
                    catalog.quarantine(id, events.clock().instant()).ifPresent(apart::add);
                }
            }
        }
        return replaced;
    }

    /** Whether all that tells of its content can be read. */
    private boolean isListed(Snapshot snapshot) throws IOException {
        try (ArchiveReader reader = repository.reader(snapshot, repository.maintenanceContext(false))) {
            reader.checkList();
            return true;
        } catch (DamagedException e) {
            return false;
        }
    }

    /** Commits what is left; what a repair that was stopped has committed already counts. */
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
                    "nothing takes the place of a broken snapshot [id={}, cause={}]",
                    broken.id().value(),
                    e.getMessage());
            return Optional.empty();
        }
    }

    /** Whether nothing of it can be read at all. */
    private boolean isLost(Snapshot broken) throws IOException {
        try (ArchiveReader reader = repository.reader(broken, repository.maintenanceContext(false))) {
            reader.sendTo(new Nowhere(), entry -> true);
            return false;
        } catch (DamagedException e) {
            return true;
        }
    }

    private static final class Nowhere implements EntrySink {
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
