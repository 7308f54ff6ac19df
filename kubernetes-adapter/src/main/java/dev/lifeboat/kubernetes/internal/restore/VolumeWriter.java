package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.directory.DirectoryRestore;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.PodImage;
import dev.lifeboat.kubernetes.internal.transfer.ClaimUsers;
import dev.lifeboat.kubernetes.internal.transfer.HelperPod;
import dev.lifeboat.kubernetes.internal.transfer.HostVolume;
import dev.lifeboat.kubernetes.internal.transfer.TarDownload;
import dev.lifeboat.kubernetes.internal.transfer.TarUpload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Writes the files of a claim: on the host if its directory is proven to be there, else by tar in a pod. */
final class VolumeWriter implements EntrySink, AutoCloseable {
    private final ApiClient client;
    private final Claim claim;
    private final HelperPod pod;
    private final EntryPath place;
    private final EntrySink sink;
    private final AutoCloseable resource;
    private final Finish finish;

    @FunctionalInterface
    private interface Finish {
        void run() throws IOException;
    }

    private VolumeWriter(
            ApiClient client,
            Claim claim,
            HelperPod pod,
            EntryPath place,
            EntrySink sink,
            AutoCloseable resource,
            Finish finish) {
        this.client = client;
        this.claim = claim;
        this.pod = pod;
        this.place = place;
        this.sink = sink;
        this.resource = resource;
        this.finish = finish;
    }

    /**
     * Opens the volume of a claim.
     *
     * @param place of its files in the snapshot
     * @param claim that is written
     * @param image of the pod that mounts it
     * @param hostPaths whether files may be written on the host
     */
    static VolumeWriter open(
            ApiClient client, EntryPath place, Claim claim, PodImage image, boolean hostPaths, RestoreRequest request)
            throws IOException {
        if (request.dryRun()) {
            throw new IllegalStateException("a dry run writes nothing");
        }
        checkUnused(client, claim);
        HelperPod pod = HelperPod.mount(client, claim.namespace(), claim.name(), false, image, Optional.empty());
        boolean opened = false;
        try {
            VolumeWriter writer = open(client, pod, place, claim, image, hostPaths, request);
            opened = true;
            return writer;
        } finally {
            if (!opened) {
                pod.close();
            }
        }
    }

    private static VolumeWriter open(
            ApiClient client,
            HelperPod pod,
            EntryPath place,
            Claim claim,
            PodImage image,
            boolean hostPaths,
            RestoreRequest request)
            throws IOException {
        RestoreRequest moved = request.below(place);
        String path = "/api/v1/namespaces/" + claim.namespace() + "/persistentvolumeclaims/" + claim.name();
        KubernetesObject object = KubernetesObject.of(client.get(path, "look at claim " + claim));
        Optional<KubernetesObject> volume =
                hostPaths ? HostVolume.read(client, object.spec().string("volumeName")) : Optional.empty();
        Optional<Path> directory =
                volume.isPresent() ? HostVolume.find(volume.get(), pod.uid(), HelperPod.DIRECTORY) : Optional.empty();
        if (directory.isPresent()) {
            RestoreTarget.Session session =
                    DirectoryRestore.into(directory.get()).begin(moved);
            return new VolumeWriter(client, claim, pod, place, session, session, session::commit);
        }
        boolean gnu = TarDownload.of(client, pod.place())
                .orElseThrow(() -> new KubernetesException(
                        Kind.NOT_FOUND,
                        "cannot write claim " + claim + ": image " + image
                                + " has no tar. Give one that has sh and tar: .helperImage(..)"))
                .isGnu();
        if (!gnu) {
            request.listener()
                    .problem(new Problem(
                            place,
                            Problem.Kind.DEGRADED,
                            "written by a tar that is not GNU tar: times are truncated to seconds; times of"
                                    + " links, extended attributes, ACLs and holes are lost"));
        }
        if (request.deleteExtra()) {
            empty(client, pod.place());
        }
        TarUpload upload = TarUpload.start(client, pod.place(), HelperPod.DIRECTORY, gnu, moved);
        return new VolumeWriter(client, claim, pod, place, upload, upload, upload::finish);
    }

    /** Tar deletes nothing, so everything is extra. */
    private static void empty(ApiClient client, PodExec.Place place) throws IOException {
        String all = "cd " + HelperPod.DIRECTORY + " && rm -rf -- ..?* .[!.]* *";
        PodExec.Result result = PodExec.run(client, place, List.of("sh", "-c", all));
        if (result.exitCode() != 0) {
            throw new KubernetesException(
                    Kind.COMMAND_FAILED, "cannot empty the volume in " + place + ": " + result.errors());
        }
    }

    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        return sink.offer(entry.relativeTo(place));
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        sink.content(entry.relativeTo(place), in);
    }

    @Override
    public void report(Problem problem) throws IOException {
        sink.report(problem);
    }

    /**
     * Completes the volume after all of it was sent.
     *
     * @throws KubernetesException if someone has begun to use it meanwhile
     */
    void finish() throws IOException {
        finish.run();
        checkUnused(client, claim);
    }

    /** A plan has checked it, but that may have been hours ago. */
    private static void checkUnused(ApiClient client, Claim claim) throws IOException {
        Optional<String> user = ClaimUsers.find(client, claim.namespace(), claim.name());
        if (user.isPresent()) {
            throw new KubernetesException(
                    Kind.CONFLICT, "pod " + user.get() + " uses claim " + claim + ", whose files are being replaced");
        }
    }

    @Override
    public void close() throws IOException {
        try {
            resource.close();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        } finally {
            pod.close();
        }
    }
}
