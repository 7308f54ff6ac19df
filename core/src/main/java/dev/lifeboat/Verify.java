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
 * Checks that what is stored is what was written: that all objects are there and whole and agree with each other; with {@link #readData}
 * also every byte of content. ReplicaMaintenance are compared with the first store: that they lack nothing and, where all content is read, that they have the same. Writes nothing. Damage is in the result, not an exception.
 */
public final class Verify extends Operation<Verify.Verified, Verify> {
    private ArchiveFormat.Depth depth = ArchiveFormat.Depth.structure();
    private boolean withReplicas = true;

    Verify(OpenRepository repository) {
        super(repository);
    }

    /**
     * A damage, and whom it hits.
     *
     * @param snapshot that suffers; empty if it is none alone
     * @param object that is damaged or missing, where it is known
     * @param path of the entry that is lost; empty if it is not one alone
     * @param detail how it shows
     */
    public record Finding(
            Optional<SnapshotId> snapshot, Optional<ObjectKey> object, Optional<EntryPath> path, String detail) {}

    /**
     * What was checked.
     *
     * @param snapshots looked at
     * @param objects looked at
     * @param bytesRead from the store
     * @param findings all damages; none means that everything checked is well
     */
    public record Verified(long snapshots, long objects, long bytesRead, List<Finding> findings) {
        /** Whether nothing is damaged. */
        public boolean isClean() {
            return findings.isEmpty();
        }
    }

    /** Reads all content back, too. */
    @CanIgnoreReturnValue
    public Verify readData() {
        return depth(ArchiveFormat.Depth.allData());
    }

    /**
     * Reads a share of the content back, too, chosen at random: who does that every day has read all of it some day. A format that cannot choose
     * reads all.
     *
     * @param percent of the content, 0 to 100
     * @param budget after which no more is begun
     * @throws IllegalArgumentException if the share is out of range, or the budget negative
     */
    @CanIgnoreReturnValue
    public Verify readSample(double percent, Duration budget) {
        if (!(percent >= 0 && percent <= 100) || budget.isNegative()) {
            throw new IllegalArgumentException("sample is out of range: " + percent + " percent, " + budget);
        }
        return depth(new ArchiveFormat.Depth(percent / 100, Optional.of(budget)));
    }

    /** For a repair, which compares them by itself. */
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
        // What a replica could give is damaged all the same.
        FormatContext context = repository.formatContext(repository.primary());
        Catalog catalog = repository.primaryCatalog();
        checkDescriptor(findings);
        PendingDeletions.unreadable(context)
                .forEach((key, damage) -> findings.add(new Finding(
                        Optional.empty(),
                        Optional.of(key),
                        Optional.empty(),
                        damage.getMessage()
                                + "; make sure that no prune is running anywhere, then remove this object")));
        for (SnapshotId id : catalog.unreadableSessions()) {
            findings.add(new Finding(
                    Optional.empty(),
                    Optional.of(RepositoryLayout.session(id.value())),
                    Optional.empty(),
                    "a session without an outcome cannot be read; run repair"));
        }
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
        // A snapshot that was pruned while we looked is not damaged but gone.
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
