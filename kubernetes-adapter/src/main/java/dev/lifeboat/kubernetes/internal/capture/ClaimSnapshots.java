package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.PodImage;
import dev.lifeboat.kubernetes.internal.transfer.ClaimSnapshot;
import dev.lifeboat.kubernetes.internal.transfer.HostVolume;
import dev.lifeboat.kubernetes.internal.transfer.SnapshotClasses;
import dev.lifeboat.kubernetes.internal.transfer.SnapshotClasses.SnapshotClass;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Snapshots of volumes, all asked for before the first one is awaited, so that they are of one moment if the
 * application is quiesced. Closing deletes those that are left.
 */
final class ClaimSnapshots implements AutoCloseable {
    /** What concerns the whole backup, and not one snapshot. */
    private static final Set<Kind> OF_SERVER = Set.of(Kind.UNREACHABLE, Kind.UNAUTHORIZED);

    private final Map<Claim, ClaimSnapshot> snapshots = new LinkedHashMap<>();
    private final Map<Claim, String> obstacles = new HashMap<>();

    private ClaimSnapshots() {}

    /** How claims are read. */
    interface Reading {
        /** Whether a claim needs no snapshot, since its files are read from the host. */
        boolean isOnHost(Claim claim, KubernetesObject volume) throws IOException;

        /** Returns the image of a pod that reads the snapshot. */
        PodImage image(Claim claim) throws IOException;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    /** Takes snapshots of volumes that have a class of snapshots. */
    static ClaimSnapshots take(
            ApiClient client, CaptureScope scope, Reading reading, Map<Claim, KubernetesObject> claims)
            throws IOException {
        ClaimSnapshots all = new ClaimSnapshots();
        Optional<SnapshotClasses> classes =
                scope.snapshots() ? SnapshotClasses.read(client, scope.snapshotClass()) : Optional.empty();
        if (classes.isEmpty()) {
            return all;
        }
        boolean done = false;
        try {
            for (Map.Entry<Claim, KubernetesObject> claim : claims.entrySet()) {
                all.create(client, scope, classes.get(), reading, claim.getKey(), claim.getValue());
            }
            for (Map.Entry<Claim, ClaimSnapshot> snapshot :
                    Map.copyOf(all.snapshots).entrySet()) {
                Claim claim = snapshot.getKey();
                all.attempt(claim, () -> snapshot.getValue().awaitTaken(reading.image(claim)));
            }
            done = true;
            return all;
        } finally {
            if (!done) {
                all.close();
            }
        }
    }

    private void create(
            ApiClient client,
            CaptureScope scope,
            SnapshotClasses classes,
            Reading reading,
            Claim claim,
            KubernetesObject object)
            throws IOException {
        boolean chosen = scope.snapshotClass().isPresent();
        Optional<KubernetesObject> volume =
                HostVolume.read(client, object.spec().string("volumeName"));
        if (volume.isEmpty()) {
            if (chosen) {
                obstacles.put(claim, "its persistent volume may not be read, which names the driver");
            }
            return;
        }
        Optional<SnapshotClass> how = classes.of(volume.get());
        if (how.isEmpty() || reading.isOnHost(claim, volume.get())) {
            return;
        }
        attempt(claim, () -> {
            if (ClaimSnapshot.couldBeRead(client, object, how.get())) {
                snapshots.put(claim, ClaimSnapshot.create(client, classes, how.get(), object));
            } else if (chosen) {
                obstacles.put(
                        claim, "it has no storage class of driver " + how.get().driver());
            }
        });
    }

    /** A volume without a snapshot is read by other means, while the application is still quiesced. */
    private void attempt(Claim claim, Step step) throws IOException {
        try {
            step.run();
        } catch (KubernetesException e) {
            if (OF_SERVER.contains(e.kind())) {
                throw e;
            }
            StringBuilder obstacle = new StringBuilder(String.valueOf(e.getMessage()));
            ClaimSnapshot failed = snapshots.remove(claim);
            if (failed != null) {
                failed.close();
                failed.leftovers().forEach(leftover -> obstacle.append("; ").append(leftover));
            }
            obstacles.put(claim, obstacle.toString());
        }
    }

    /** Returns the snapshot of a claim, which the caller closes. */
    Optional<ClaimSnapshot> of(Claim claim) {
        return Optional.ofNullable(snapshots.get(claim));
    }

    /** Returns why a claim has no snapshot that should have one. */
    Optional<String> obstacle(Claim claim) {
        return Optional.ofNullable(obstacles.get(claim));
    }

    boolean haveAll(Collection<Claim> claims) {
        return snapshots.keySet().containsAll(claims);
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (ClaimSnapshot snapshot : snapshots.values()) {
            try {
                snapshot.close();
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
