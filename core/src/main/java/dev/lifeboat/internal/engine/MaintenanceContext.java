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
 * What a format that prunes or repairs asks the engine.
 *
 * @param format what it works with
 * @param formatId of the format that asks
 * @param dropsQuarantined whether what was set apart is taken for gone
 * @param time whether there is time left
 * @param counts the snapshots and sessions that are not taken for gone already
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
