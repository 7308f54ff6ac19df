package dev.lifeboat;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.event.OperationEvent.Phase;
import dev.lifeboat.format.ArchiveFormat;
import dev.lifeboat.format.ArchiveRoot;
import dev.lifeboat.format.Damage;
import dev.lifeboat.format.FormatContext;
import dev.lifeboat.format.UnsupportedVersionException;
import dev.lifeboat.internal.catalog.Catalog;
import dev.lifeboat.internal.catalog.ManifestCodec;
import dev.lifeboat.internal.engine.OpenRepository;
import dev.lifeboat.internal.engine.ProgressTracker;
import dev.lifeboat.internal.engine.RunningOperations;
import dev.lifeboat.internal.engine.TaggedStorage;
import dev.lifeboat.internal.json.SealedDocument;
import dev.lifeboat.internal.layout.RepositoryLayout;
import dev.lifeboat.internal.maintenance.PendingDeletions;
import dev.lifeboat.internal.replica.ReplicaMaintenance;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotId;
import dev.lifeboat.storage.ObjectKey;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Checks that the stored data is what was written: all objects exist, are undamaged and are consistent with each other.
 * With {@link #readData} every byte of content is checked, too. Replicas are compared with the primary store: they must
 * have all of its objects and, if all content is read, the same content. Writes nothing. Damage is reported in the
 * result, not by an exception.
 */
public final class Verify extends Operation<Verify.Verified, Verify> {
    private ArchiveFormat.Depth depth = ArchiveFormat.Depth.structure();
    private boolean withReplicas = true;

    Verify(OpenRepository repository) {
        super(repository);
    }

    /**
     * Damage, and what it affects.
     *
     * @param snapshot the affected snapshot; empty if there is none, or more than one
     * @param object the damaged or missing object, if known
     * @param path path of the lost entry; empty if there is none, or more than one
     * @param detail description of the damage
     */
    public record Finding(
            Optional<SnapshotId> snapshot, Optional<ObjectKey> object, Optional<EntryPath> path, String detail) {}

    /**
     * What was checked.
     *
     * @param snapshots number of snapshots checked
     * @param objects number of objects checked
     * @param bytesRead bytes read from the store
     * @param findings all damage found; empty if everything checked is intact
     */
    public record Verified(long snapshots, long objects, long bytesRead, List<Finding> findings) {
        /** Returns whether no damage was found. */
        public boolean isClean() {
            return findings.isEmpty();
        }
    }

    /** Also reads all content and checks it. */
    @CanIgnoreReturnValue
    public Verify readData() {
        return depth(ArchiveFormat.Depth.allData());
    }

    /**
     * Also reads a random share of the content and checks it; each run chooses anew. A format that cannot select a
     * share reads all content.
     *
     * @param percent share of the content, 0 to 100
     * @param budget time after which no further read begins
     * @throws IllegalArgumentException if the share is out of range, or the budget is negative
     */
    @CanIgnoreReturnValue
    public Verify readSample(double percent, Duration budget) {
        if (!(percent >= 0 && percent <= 100) || budget.isNegative()) {
            throw new IllegalArgumentException("sample is out of range: " + percent + " percent, " + budget);
        }
        return depth(new ArchiveFormat.Depth(percent / 100, Optional.of(budget)));
    }

    /** Leaves replicas out, for a repair and a sync, which compare them themselves. */
    @CanIgnoreReturnValue
    Verify withoutReplicas() {
        withReplicas = false;
        return this;
    }

    private Verify depth(ArchiveFormat.Depth newDepth) {
        checkNotStarted();
        depth = newDepth;
        return this;
    }

    @Override
    Verify self() {
        return this;
    }

    @Override
    Verified execute(ProgressTracker events, RunningOperations.Running running) throws IOException {
        events.phase(Phase.VERIFYING);
        List<Finding> findings = new ArrayList<>();
        // The primary store alone: what only a replica has intact counts as damaged.
        FormatContext context = repository.formatContext(repository.primary());
        Catalog catalog = repository.primaryCatalog();
        checkDescriptor(findings);
        PendingDeletions.unreadable(context)
                .forEach((key, damage) -> findings.add(new Finding(
                        Optional.empty(),
                        Optional.of(key),
                        Optional.empty(),
                        damage.getMessage()
                                + "; make sure that no prune is running in any process, then remove this object")));
        for (SnapshotId id : catalog.unreadableSessions()) {
            findings.add(new Finding(
                    Optional.empty(),
                    Optional.of(RepositoryLayout.session(id.value())),
                    Optional.empty(),
                    "a session without an outcome cannot be read; run repair"));
        }
        catalog.tags()
                .check((key, damage) -> findings.add(new Finding(
                        Optional.empty(), Optional.of(key), Optional.empty(), damage.getMessage() + "; run repair")));
        List<Snapshot> snapshots = catalog.snapshots((id, damage) -> findings.add(new Finding(
                Optional.of(id),
                Optional.of(RepositoryLayout.snapshot(id.value())),
                Optional.empty(),
                String.valueOf(damage.getMessage()))));
        Map<ArchiveRoot, SnapshotId> owners = new LinkedHashMap<>();
        Map<String, List<ArchiveRoot>> byFormat = new LinkedHashMap<>();
        for (Snapshot snapshot : snapshots) {
            owners.put(snapshot.archive(), snapshot.id());
            byFormat.computeIfAbsent(snapshot.archive().format(), f -> new ArrayList<>())
                    .add(snapshot.archive());
        }
        long objects = 1L + snapshots.size();
        long bytes = 0;
        for (Map.Entry<String, List<ArchiveRoot>> format : byFormat.entrySet()) {
            ArchiveFormat.Verified verified = repository
                    .formatOf(format.getKey())
                    .verify(context, format.getValue(), depth, damage -> findings.add(finding(damage, owners)));
            objects += verified.objects();
            bytes += verified.bytes();
        }
        // A snapshot that was pruned during the verify is not damaged.
        Set<SnapshotId> left = catalog.outcomes();
        findings.removeIf(finding -> finding.snapshot().isPresent()
                && !left.contains(finding.snapshot().get()));
        if (withReplicas && repository.replicated().isPresent()) {
            ReplicaMaintenance replicas =
                    new ReplicaMaintenance(repository.replicated().get(), repository.objectVerifier());
            replicas.compare(depth.share() == 1).forEach(damage -> findings.add(finding(damage, owners)));
            objects += replicas.objects();
            bytes += replicas.bytes();
        }
        events.read(bytes);
        events.progress();
        return new Verified(snapshots.size(), objects, bytes, List.copyOf(findings));
    }

    private static Finding finding(Damage damage, Map<ArchiveRoot, SnapshotId> owners) {
        return new Finding(damage.root().map(owners::get), damage.object(), damage.path(), damage.detail());
    }

    private void checkDescriptor(List<Finding> findings) throws IOException {
        try {
            SealedDocument.read(
                    repository.primary(),
                    RepositoryLayout.DESCRIPTOR,
                    ManifestCodec.REPOSITORY,
                    ManifestCodec.DESCRIPTOR_VERSION);
        } catch (UnsupportedVersionException | TaggedStorage.Failed e) {
            throw e;
        } catch (FileNotFoundException | dev.lifeboat.format.DamagedException e) {
            findings.add(new Finding(
                    Optional.empty(),
                    Optional.of(RepositoryLayout.DESCRIPTOR),
                    Optional.empty(),
                    String.valueOf(e.getMessage())));
        }
    }

    @Override
    String describe() {
        return "cannot verify " + repository.location();
    }
}
