package dev.lifeboat.docker.internal.transfer;

import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.EntryType;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.document.SnapshotDocuments;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Converts the OCI whiteouts of a captured writable layer for the new container. Where the overlayfs directory can be
 * written, they become overlayfs whiteouts, which is safe as long as the container has never been started. Through the
 * API nothing can be deleted, which is reported.
 */
public final class LayerWriter implements EntrySink {
    private final EntrySink sink;
    private final RestoreRequest.Listener listener;
    private final boolean overlay;
    /** Through the API, a write to a mount point goes to what is mounted there. */
    private final Set<EntryPath> mounts;

    private final Map<EntryPath, Entry> directories = new HashMap<>();

    private LayerWriter(EntrySink sink, RestoreRequest.Listener listener, boolean overlay, Set<EntryPath> mounts) {
        this.sink = sink;
        this.listener = listener;
        this.overlay = overlay;
        this.mounts = mounts;
    }

    public static TreeWriter open(
            EntryPath place, EngineClient client, ContainerSpec container, Optional<Path> upper, RestoreRequest request)
            throws IOException {
        // The engine creates mount points in a new layer; they are kept.
        RestoreRequest additive = request.withoutDeletions();
        TreeWriter writer = upper.isPresent()
                ? TreeWriter.toHost(place, upper.get(), additive)
                : TreeWriter.toContainer(place, client, container.id(), "/", additive);
        Set<EntryPath> mounts = new HashSet<>();
        for (MountSpec mount : container.mounts()) {
            mounts.add(EntryPath.of(mount.destination().substring(1)));
        }
        return writer.through(inner -> new LayerWriter(inner, request.listener(), upper.isPresent(), mounts));
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        if (!overlay && mounts.stream().anyMatch(entry.path()::startsWith)) {
            return false;
        }
        if (entry.type() == EntryType.DIRECTORY) {
            directories.put(entry.path(), entry);
            return sink.offer(entry);
        }
        Optional<EntryPath> deleted = Whiteouts.deletedBy(entry.path());
        boolean opaque = entry.path().name().equals(Whiteouts.OPAQUE_NAME);
        if (deleted.isEmpty() && !opaque) {
            return sink.offer(entry);
        }
        if (!overlay) {
            listener.problem(new Problem(
                    entry.path(),
                    Problem.Kind.FAILED,
                    "was deleted in the container, but exists again from the image: the engine's API cannot delete"));
            return false;
        }
        if (opaque) {
            opaque(entry.path().parent());
            return false;
        }
        return sink.offer(Whiteouts.overlayWhiteout(deleted.get()));
    }

    /** Offers a directory again, now with the opaque attribute. */
    private void opaque(EntryPath path) throws IOException {
        Entry directory = directories.get(path);
        if (directory == null) {
            throw new IOException("the snapshot marks '" + path + "' as opaque, but does not contain it");
        }
        SnapshotDocuments.offerOnly(sink, Whiteouts.withOpaqueAttribute(directory));
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        sink.content(entry, in);
    }

    @Override
    public void report(Problem problem) throws IOException {
        sink.report(problem);
    }
}
