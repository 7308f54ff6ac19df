package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.PrefixSink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.document.FidelityRecorder;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.ObjectLists;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.model.ClaimImages;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.PodImage;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import dev.lifeboat.kubernetes.internal.transfer.ClaimSnapshot;
import dev.lifeboat.kubernetes.internal.transfer.HelperPod;
import dev.lifeboat.kubernetes.internal.transfer.HostVolume;
import dev.lifeboat.kubernetes.internal.transfer.TarDownload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Reads the files of claims, each by the best means that works. */
final class VolumesCapture {
    private static final ResourceType PODS = new ResourceType("", "v1", "pods", "Pod", true, Set.of());

    private final ApiClient client;
    private final CaptureScope scope;
    private final FidelityRecorder sink;
    private final ClaimImages images;

    VolumesCapture(ApiClient client, CaptureScope scope, FidelityRecorder sink, ClaimImages images) {
        this.client = client;
        this.scope = scope;
        this.sink = sink;
        this.images = images;
    }

    /** What resumes an application before all of its files are read. */
    @FunctionalInterface
    interface Resume {
        void run() throws IOException;
    }

    /**
     * Reads the files of claims.
     *
     * @param claims in canonical order
     * @param resume is run once all that is left to read are snapshots
     * @return the directories of those that were read
     */
    List<String> run(Map<Claim, KubernetesObject> claims, Resume resume) throws IOException {
        List<String> read = new ArrayList<>();
        Map<Claim, KubernetesObject> left = new LinkedHashMap<>();
        for (Map.Entry<Claim, KubernetesObject> claim : claims.entrySet()) {
            Optional<String> obstacle = obstacle(claim.getValue());
            if (obstacle.isPresent()) {
                sink.report(new Problem(claim.getKey().directory(), Problem.Kind.FAILED, obstacle.get()));
            } else {
                left.put(claim.getKey(), claim.getValue());
            }
        }
        if (left.isEmpty()) {
            return read;
        }
        try (ClaimSnapshots snapshots = ClaimSnapshots.take(client, scope, new Reading(), left)) {
            SnapshotDocuments.directory(sink, ClusterLayout.VOLUMES);
            while (!left.isEmpty()) {
                if (snapshots.haveAll(left.keySet())) {
                    resume.run();
                }
                Claim claim = left.keySet().iterator().next();
                capture(claim, Objects.requireNonNull(left.remove(claim)), snapshots);
                read.add(claim.directory().name().toString());
            }
        }
        return read;
    }

    private static Optional<String> obstacle(KubernetesObject claim) throws IOException {
        String phase = claim.status().optionalString("phase").orElse("");
        if (!phase.equals("Bound")) {
            return Optional.of("the claim has no volume: its phase is " + phase);
        }
        return claim.spec().optionalString("volumeMode").orElse("").equals("Block")
                ? Optional.of("its volume is a block device, which is not read")
                : Optional.empty();
    }

    private final class Reading implements ClaimSnapshots.Reading {
        /** As proven by a pod that uses it. */
        @Override
        public boolean isOnHost(Claim claim, KubernetesObject volume) throws IOException {
            if (scope.hostPaths()) {
                for (VolumeUse use : uses(claim)) {
                    if (HostVolume.find(volume, use.podUid(), use.path()).isPresent()) {
                        return true;
                    }
                }
            }
            return false;
        }

        @Override
        public PodImage image(Claim claim) throws IOException {
            return VolumesCapture.this.image(claim, uses(claim));
        }
    }

    private void capture(Claim claim, KubernetesObject object, ClaimSnapshots snapshots) throws IOException {
        SnapshotDocuments.directory(sink, claim.directory());
        // As that of a volume of Docker, so that it can be restored as one.
        JsonObject document = JsonObject.create()
                .put("lifeboat", "volume")
                .put("version", 1)
                .put("name", claim.name())
                .put("anonymous", false)
                .put("driver", "local")
                .put("options", Map.of())
                .put("labels", Map.of());
        SnapshotDocuments.send(sink, claim.directory().resolve("config.json"), document.toPrettyBytes());
        EntrySink data = new PrefixSink(sink, claim.data());
        List<VolumeUse> uses = uses(claim);
        Optional<ClaimSnapshot> snapshot = snapshots.of(claim);
        if (snapshot.isPresent() && fromSnapshot(claim, data, snapshot.get(), uses)) {
            return;
        }
        Optional<String> failed = snapshots.obstacle(claim);
        if (failed.isPresent()) {
            sink.report(new Problem(
                    claim.directory(),
                    Problem.Kind.DEGRADED,
                    "it is read without a snapshot of its volume: " + failed.get()));
        }
        String volumeName = object.spec().string("volumeName");
        Optional<KubernetesObject> volume = scope.hostPaths() ? HostVolume.read(client, volumeName) : Optional.empty();
        for (VolumeUse use : uses) {
            if (volume.isPresent() && fromHost(claim, data, volume.get(), use.podUid(), use.path(), "")) {
                return;
            }
        }
        if (scope.readerImage().isEmpty()) {
            for (VolumeUse use : uses) {
                if (use.hasMountsBelow() || !isRoot(use.place())) {
                    continue;
                }
                if (byCommand(claim, data, use.place(), use.path(), "tar in " + use.place())) {
                    return;
                }
            }
        }
        byHelper(claim, data, volume, uses);
    }

    private List<VolumeUse> uses(Claim claim) throws IOException {
        List<VolumeUse> uses = new ArrayList<>();
        // Anew for each claim: reading the one before may have taken hours.
        ObjectLists.list(client, PODS, Optional.of(claim.namespace()), Optional.empty(), new ObjectLists.Visitor() {
            @Override
            public void restart() {
                uses.clear();
            }

            @Override
            public void visit(KubernetesObject pod) throws IOException {
                uses.addAll(VolumeUse.of(pod, claim.name()));
            }
        });
        return uses;
    }

    private boolean fromHost(
            Claim claim, EntrySink data, KubernetesObject volume, String podUid, String path, String of)
            throws IOException {
        Optional<Path> directory = HostVolume.find(volume, podUid, path);
        if (directory.isEmpty()) {
            return false;
        }
        sink.note(claim.data(), of + "host path");
        DirectorySource.of(directory.get())
                .oneFileSystem(Problem.Kind.FAILED)
                .asPart()
                .sendTo(data);
        return true;
    }

    /** Another user cannot read all files of a volume, such as what is lost and found on it. */
    private boolean isRoot(PodExec.Place place) throws IOException {
        try {
            return PodExec.run(client, place, List.of("id", "-u"))
                    .output()
                    .strip()
                    .equals("0");
        } catch (KubernetesException e) {
            if (e.kind() == Kind.UNREACHABLE || e.kind() == Kind.UNAUTHORIZED) {
                throw e;
            }
            return false;
        }
    }

    private boolean byCommand(Claim claim, EntrySink data, PodExec.Place place, String path, String how)
            throws IOException {
        Optional<TarDownload> tar = TarDownload.of(client, place);
        if (tar.isEmpty()) {
            return false;
        }
        sink.noteLoss(
                claim.data(),
                how + (tar.get().isGnu() ? "" : ", not GNU tar"),
                tar.get().loses());
        tar.get().sendTo(data, path);
        return true;
    }

    private void byHelper(Claim claim, EntrySink data, Optional<KubernetesObject> volume, List<VolumeUse> uses)
            throws IOException {
        PodImage image = image(claim, uses);
        Optional<String> node = uses.stream().map(VolumeUse::node).findFirst();
        try (HelperPod helper = HelperPod.mount(client, claim.namespace(), claim.name(), true, image, node)) {
            fromHelper(claim, data, volume, helper, image, "");
        }
    }

    /** Returns false, with a problem, if the snapshot cannot be mounted: its volume is read, as it is by now. */
    private boolean fromSnapshot(Claim claim, EntrySink data, ClaimSnapshot snapshot, List<VolumeUse> uses)
            throws IOException {
        PodImage image = image(claim, uses);
        try (snapshot) {
            HelperPod pod;
            try {
                pod = snapshot.mount(image);
            } catch (KubernetesException e) {
                if (e.kind() == Kind.UNREACHABLE || e.kind() == Kind.UNAUTHORIZED) {
                    throw e;
                }
                sink.report(new Problem(
                        claim.directory(),
                        Problem.Kind.CHANGED,
                        "it is read at a later moment than others, and while it may be written: " + e.getMessage()));
                return false;
            }
            try (pod) {
                Optional<KubernetesObject> volume = scope.hostPaths() ? snapshot.volume() : Optional.empty();
                fromHelper(claim, data, volume, pod, image, "volume snapshot, ");
            }
        }
        for (String leftover : snapshot.leftovers()) {
            sink.report(new Problem(claim.directory(), Problem.Kind.DEGRADED, leftover));
        }
        return true;
    }

    private PodImage image(Claim claim, List<VolumeUse> uses) throws IOException {
        return scope.readerImage()
                .map(PodImage::of)
                .or(() -> images.find(claim.namespace(), claim.name()))
                .or(() -> uses.stream().map(VolumeUse::image).map(PodImage::of).findFirst())
                .orElseThrow(() -> new KubernetesException(
                        Kind.NOT_FOUND,
                        "cannot read claim " + claim + ": no pod uses it, so there is no image to read it with."
                                + " Give one that has sh and tar: .helperImage(..); or leave its files out:"
                                + " .withoutVolume(\"" + claim.name() + "\")"));
    }

    /** Reads through a pod of ours. */
    private void fromHelper(
            Claim claim, EntrySink data, Optional<KubernetesObject> volume, HelperPod helper, PodImage image, String of)
            throws IOException {
        if (volume.isPresent() && fromHost(claim, data, volume.get(), helper.uid(), HelperPod.DIRECTORY, of)) {
            return;
        }
        if (!byCommand(claim, data, helper.place(), HelperPod.DIRECTORY, of + "tar in a pod of image " + image)) {
            throw new KubernetesException(
                    Kind.NOT_FOUND,
                    "cannot read claim " + claim + ": image " + image
                            + " has no tar. Give one that has sh and tar: .helperImage(..)");
        }
    }
}
