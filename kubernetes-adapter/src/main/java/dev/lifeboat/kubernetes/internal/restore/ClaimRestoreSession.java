package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.model.PodImage;
import dev.lifeboat.kubernetes.internal.transfer.AbandonedHelpers;
import dev.lifeboat.kubernetes.internal.transfer.ClaimUsers;
import dev.lifeboat.kubernetes.plan.Conflict;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One restore of the files of a volume into a claim that exists. */
public final class ClaimRestoreSession implements RestoreTarget.Session {
    private final ApiClient client;
    private final String volume;
    private final Claim claim;
    private final RestoreOptions options;
    private final RestoreRequest request;
    private final SortedSet<String> others = new TreeSet<>();
    private boolean found;
    private @Nullable VolumeWriter writer;

    private ClaimRestoreSession(
            ApiClient client, String volume, Claim claim, RestoreOptions options, RestoreRequest request) {
        this.client = client;
        this.volume = volume;
        this.claim = claim;
        this.options = options;
        this.request = request;
    }

    /**
     * Begins a restore.
     *
     * @param volume name of its directory in the snapshot
     * @throws KubernetesException if there is no such claim, or a pod uses it; nothing is changed
     */
    public static RestoreTarget.Session begin(
            ApiClient client, String volume, Claim claim, RestoreOptions options, RestoreRequest request)
            throws IOException {
        String path = "/api/v1/namespaces/" + claim.namespace() + "/persistentvolumeclaims/" + claim.name();
        if (client.find(path, "look for claim " + claim).isEmpty()) {
            throw new KubernetesException(Kind.NOT_FOUND, "there is no claim " + claim + " to write into");
        }
        if (!request.dryRun()) {
            AbandonedHelpers.remove(client, Optional.of(claim.namespace()), ProcessIdentity::isGoneOfThisBoot);
        }
        Optional<String> user = ClaimUsers.find(client, claim.namespace(), claim.name());
        if (user.isPresent()) {
            throw KubernetesException.of(List.of(new Conflict(
                    Conflict.Kind.VOLUME_IN_USE,
                    "claim " + claim,
                    "pod " + user.get() + " uses it, and its files are to be replaced",
                    "scale what uses it to zero first")));
        }
        return new ClaimRestoreSession(client, volume, claim, options, request);
    }

    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        EntryPath data = ClusterLayout.VOLUMES.resolve(volume).resolve("data");
        if (!entry.path().startsWith(data)) {
            if (entry.path().startsWith(ClusterLayout.VOLUMES)
                    && entry.path().segments().size() == 2) {
                others.add(entry.path().name().toString());
            }
            return false;
        }
        found = true;
        if (request.dryRun()) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        return writer(data).offer(entry);
    }

    private VolumeWriter writer(EntryPath data) throws IOException {
        VolumeWriter open = writer;
        if (open == null) {
            String image = options.helperImage()
                    .orElseThrow(() -> new KubernetesException(
                            Kind.NOT_FOUND,
                            "cannot write claim " + claim + ": give an image that has sh and tar: .helperImage(..)"));
            open = VolumeWriter.open(client, data, claim, PodImage.of(image), options.hostPaths(), request);
            writer = open;
        }
        return open;
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        VolumeWriter open = writer;
        if (open == null) {
            throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
        }
        open.content(entry, in);
    }

    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    @Override
    public void commit() throws IOException {
        if (!found) {
            others.remove(volume);
            throw new IOException(
                    "the snapshot has no volume '" + volume + "'; it has " + (others.isEmpty() ? "none" : others));
        }
        if (writer != null) {
            writer.finish();
        }
    }

    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.close();
        }
    }
}
