package dev.lifeboat;

import dev.lifeboat.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveReader;
import dev.lifeboat.format.DamagedException;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.repair.Apart;
import dev.lifeboat.storage.ObjectKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a damaged repository in order; reads all of it. What is whole in damaged objects is saved, the rest of them set apart: moved to where nothing
 * reads it, never deleted. A snapshot whose list of entries is damaged is replaced by one that has what is left, and set apart. A snapshot that has lost
 * content only stays as it is: what it lacks a restore tells by name, and a backup of a source that still has it stores it again, which makes the
 * snapshot whole.
 *
 * <p>Safe beside backups and prunes. If it is stopped anywhere, nothing more is lost, and the next one goes on. What to do with what was set apart is for
 * people to say: {@link Prune#dropSetApart}.
 */
public final class Repair extends Operation<Repair.Repaired, Repair> {
    private static final Logger log = LoggerFactory.getLogger(Repair.class);

    Repair(Repository repository) {
        super(repository);
    }

    /**
     * What was done.
     *
     * @param setApart where damaged objects and manifests of broken snapshots are now
     * @param replaced broken snapshots, each with the one that has what is left of it
     * @param chunksSaved taken out of damaged objects
     * @param postponed damaged objects that could not be set apart since backups are under way; repair again when these have ended
     * @param findings damages that are left: what is lost until it is stored again
     */
    public record Repaired(
            List<ObjectKey> setApart,
            Map<SnapshotId, Snapshot> replaced,
            long chunksSaved,
            List<ObjectKey> postponed,
            List<Verify.Finding> findings) {
        /** Whether all that there is can be restored now. */
        public boolean isClean() {
            return findings.isEmpty() && postponed.isEmpty();
        }
    }

    @Override
    Repair self() {
        return this;
    }

    @Override
    Repaired execute(Events events) throws IOException {
        events.phase(Phase.REPAIRING);
        List<ObjectKey> apart = new ArrayList<>(setUnreadableApart(events));
        List<ObjectKey> postponed = new ArrayList<>();
        long saved = 0;
        for (ArchiveFormat format : repository.formats()) {
            ArchiveFormat.Repaired repaired = format.repair(new MaintenanceContext(
                    repository, format.id(), Repository.randomId(), false, () -> true, id -> true));
            repaired.apart().forEach(key -> apart.add(Apart.key(key)));
            postponed.addAll(repaired.postponed());
            saved += repaired.saved();
        }
        Map<SnapshotId, Snapshot> replaced = replaceBroken(events, apart);
        List<Verify.Finding> findings = repository.verify().run().findings();
        events.progress();
        return new Repaired(List.copyOf(apart), Map.copyOf(replaced), saved, List.copyOf(postponed), findings);
    }

    /** A session that cannot be read is ended first, so that what it refers to need not be known. */
    private List<ObjectKey> setUnreadableApart(Events events) throws IOException {
        Catalog catalog = repository.catalog();
        List<SnapshotId> manifests = new ArrayList<>();
        catalog.snapshots((id, damage) -> manifests.add(id));
        List<ObjectKey> apart = new ArrayList<>();
        for (SnapshotId id : manifests) {
            apart.add(catalog.setApart(id, events.clock().instant()));
        }
        for (SnapshotId id : catalog.unreadableSessions()) {
            catalog.end(id, events.clock().instant());
            List<ObjectKey> moved = Apart.move(repository.storage(), List.of(RepositoryObjects.sessionKey(id)));
            moved.forEach(key -> apart.add(Apart.key(key)));
        }
        return apart;
    }

    private Map<SnapshotId, Snapshot> replaceBroken(Events events, List<ObjectKey> apart) throws IOException {
        Set<SnapshotId> suspects = new TreeSet<>(java.util.Comparator.comparing(SnapshotId::value));
        for (Verify.Finding finding : repository.verify().run().findings()) {
            finding.snapshot().ifPresent(suspects::add);
        }
        Map<SnapshotId, Snapshot> replaced = new LinkedHashMap<>();
        if (repository.formatContext().keys().isEncrypted() && !repository.mayRead()) {
            // Who may not read cannot write anew what is left.
            return replaced;
        }
        for (SnapshotId id : suspects) {
            Snapshot snapshot = repository.snapshot(id);
            if (!isListed(snapshot)) {
                try (ArchiveReader reader = repository.reader(snapshot)) {
                    replaced.put(
                            id,
                            new SnapshotCopy(snapshot, reader)
                                    .into(repository)
                                    .onEvent(events::send)
                                    .run());
                } catch (DamagedException | BackupException.Corrupt e) {
                    log.warn(
                            "nothing of a snapshot can be listed, so nothing takes its place [id={}, cause={}]",
                            id.value(),
                            e.getMessage());
                }
                apart.add(repository.catalog().setApart(id, events.clock().instant()));
            }
        }
        return replaced;
    }

    /** Whether its list of entries is whole. */
    private boolean isListed(Snapshot snapshot) throws IOException {
        try (ArchiveReader reader = repository.reader(snapshot);
                ArchiveReader.Cursor cursor = reader.entries()) {
            boolean more = true;
            while (more) {
                Io.checkInterrupt();
                more = cursor.next().isPresent();
            }
            return true;
        } catch (DamagedException e) {
            return false;
        }
    }

    @Override
    String describe() {
        return "cannot repair " + repository.location();
    }
}
