package dev.lifeboat.internal.engine;

import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.PruneContext;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/**
 * What the engine provides to a format that prunes or repairs.
 *
 * @param format the context of the operation
 * @param formatId id of the format
 * @param name of the prune
 * @param dropsQuarantined whether quarantined snapshots are left out
 * @param time returns whether there is time left
 * @param counts accepts the snapshots and sessions that are not left out as removed
 */
public record MaintenanceContext(
        OpenRepository repository,
        FormatContext format,
        String formatId,
        String name,
        boolean dryRun,
        boolean dropsQuarantined,
        BooleanSupplier time,
        Predicate<SnapshotId> counts)
        implements PruneContext {
    @Override
    public boolean hasTime() {
        return time.getAsBoolean();
    }

    @Override
    public Collection<ArchiveRoot> roots() throws IOException {
        return repository.catalog().allSnapshots().stream()
                .filter(snapshot -> counts.test(snapshot.id()))
                .map(Snapshot::archive)
                .filter(this::isOurs)
                .toList();
    }

    @Override
    public Collection<ArchiveRoot> quarantinedRoots() throws IOException {
        return dropsQuarantined
                ? List.of()
                : repository.catalog().quarantinedRoots().stream()
                        .filter(this::isOurs)
                        .toList();
    }

    private boolean isOurs(ArchiveRoot root) {
        return root.format().equals(formatId);
    }

    @Override
    public Collection<OpenSession> openSessions() throws IOException {
        return repository.catalog().openSessions().stream()
                .filter(session -> counts.test(session.id()))
                .map(session -> new OpenSession(session.id().value(), session.parent()))
                .toList();
    }
}
