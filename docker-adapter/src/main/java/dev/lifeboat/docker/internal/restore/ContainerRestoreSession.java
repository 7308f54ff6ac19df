package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.image.ImageLoader;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.Location;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.transfer.LayerWriter;
import dev.lifeboat.docker.internal.transfer.TreeWriter;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One restore of a container. Entries come in canonical order, which is the order of restore: configuration, image,
 * networks; then the plan is made and the container created; then its writable layer and its volumes are filled.
 */
public final class ContainerRestoreSession implements RestoreTarget.Session {
    private final EngineClient client;
    private final ContainerRestoreOptions options;
    private final RestoreRequest request;
    private final Map<String, NetworkSpec> networks = new TreeMap<>();
    private final AtomicLong failures = new AtomicLong();
    private @Nullable ContainerDocument document;
    private @Nullable ImageLoader images;
    private @Nullable Target target;
    private EntryPath place = EntryPath.root();
    private @Nullable TreeWriter writer;
    private boolean committed;

    /**
     * What is written into.
     *
     * @param container that was created; in a dry run the one that would be replaced
     */
    private record Target(
            ContainerPlan plan,
            Optional<RestoreExecutor> executor,
            Optional<ContainerSpec> container,
            Optional<HostPaths> paths) {}

    /** Begins a restore; nothing is asked of the engine yet. */
    public ContainerRestoreSession(EngineClient client, ContainerRestoreOptions options, RestoreRequest request) {
        this.client = client;
        this.options = options;
        // What the image put into a fresh volume is not part of the snapshot; in place, neither is what came since.
        this.request = new RestoreRequest(request.dryRun(), request.partial(), true, new RestoreRequest.Listener() {
            @Override
            public void changed(RestoreChange change) {
                request.listener().changed(change);
            }

            @Override
            public void problem(Problem problem) {
                if (problem.kind() == Problem.Kind.FAILED) {
                    failures.incrementAndGet();
                }
                request.listener().problem(problem);
            }
        });
    }

    @Override
    public synchronized boolean offer(Entry entry) throws IOException {
        Location location = SnapshotLayout.parse(entry.path());
        return switch (location.part()) {
            case CONTAINER, NETWORK -> entry.isFile();
            case IMAGE -> images().offer(entry);
            case LAYER, VOLUME_DATA -> offerTo(location.root(), entry);
            case VOLUME, OTHER -> false;
        };
    }

    private boolean offerTo(EntryPath root, Entry entry) throws IOException {
        if (target().container().isEmpty()) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        if (writer == null || !root.equals(place)) {
            finishWriter();
            writer = open(root);
            place = root;
        }
        return writer.offer(entry);
    }

    private void finishWriter() throws IOException {
        TreeWriter last = writer;
        if (last != null) {
            last.finish();
            last.close();
            writer = null;
        }
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        switch (SnapshotLayout.parse(entry.path()).part()) {
            case CONTAINER -> takeDocument(entry.path(), in);
            case IMAGE -> images().content(entry, in);
            case NETWORK -> {
                NetworkSpec network =
                        NetworkSpec.of(SnapshotLayout.read(entry.path(), in).object("inspect"));
                networks.put(network.name(), network);
            }
            default -> {
                TreeWriter to = writer;
                if (to == null) {
                    throw new IllegalStateException("content of '" + entry.path() + "' was not wanted");
                }
                to.content(entry, in);
            }
        }
    }

    private void takeDocument(EntryPath path, InputStream in) throws IOException {
        if (document != null) {
            throw new IOException("the snapshot has more than one container; restore them one by one");
        }
        JsonObject json = SnapshotLayout.read(path, in);
        document = ContainerDocument.from(json);
    }

    private ContainerDocument document() throws IOException {
        if (document == null) {
            throw new IOException("the snapshot is not one of a container: it has no " + SnapshotLayout.CONTAINERS);
        }
        return document;
    }

    private ImageLoader images() {
        if (images == null) {
            images = new ImageLoader(client, request);
        }
        return images;
    }

    /** From here on the image is loaded and all networks are known: makes the plan and creates the container. */
    private Target target() throws IOException {
        if (target == null) {
            ContainerDocument captured = document();
            Optional<String> loaded = images().idOf(captured.image());
            EngineView engine = EngineView.of(client, captured, loaded);
            boolean imageFollows = images().wouldLoad(captured.image());
            ContainerPlan plan = new Planner(captured, networks, options, engine, imageFollows).plan();
            options.onPlan().accept(plan.plan());
            target = request.dryRun() ? planned(plan) : created(plan);
        }
        return target;
    }

    /** A dry run reports conflicts, and compares with the container that would be replaced. */
    private Target planned(ContainerPlan plan) throws IOException {
        for (Conflict conflict : plan.plan().conflicts()) {
            report(Problem.Kind.FAILED, conflict.toString());
        }
        plan.plan().warnings().forEach(warning -> report(Problem.Kind.DEGRADED, warning));
        Optional<ContainerSpec> replaced = plan.replaced();
        if (replaced.isEmpty()) {
            changed(RestoreChange.Action.CREATE);
            return new Target(plan, Optional.empty(), Optional.empty(), Optional.empty());
        }
        changed(RestoreChange.Action.REPLACE);
        HostPaths paths = HostPaths.of(client, replaced.get().id());
        return new Target(plan, Optional.empty(), replaced, Optional.of(paths));
    }

    private Target created(ContainerPlan plan) throws IOException {
        if (!plan.plan().conflicts().isEmpty()) {
            throw DockerException.of(plan.plan().conflicts());
        }
        RestoreExecutor executor = new RestoreExecutor(client, plan);
        // Known before anything is done, so that close() undoes it.
        target = new Target(plan, Optional.of(executor), Optional.empty(), Optional.empty());
        ContainerSpec container = executor.create();
        plan.plan().warnings().forEach(warning -> report(Problem.Kind.DEGRADED, warning));
        for (String difference : ConfigurationCheck.differences(document().container(), plan.body(), container)) {
            report(Problem.Kind.DEGRADED, difference + ": the engine did not take it as it was");
        }
        HostPaths paths = HostPaths.of(client, container.id());
        if (!paths.seesFiles() && !plan.captured().isEmpty()) {
            report(
                    Problem.Kind.DEGRADED,
                    "volumes are mounted with nocopy, since the engine's API, through which they are written, deletes nothing");
        }
        changed(plan.replaced().isPresent() ? RestoreChange.Action.REPLACE : RestoreChange.Action.CREATE);
        return new Target(plan, Optional.of(executor), Optional.of(container), Optional.of(paths));
    }

    private void report(Problem.Kind kind, String detail) {
        request.listener().problem(new Problem(documentPath(), kind, detail));
    }

    private void changed(RestoreChange.Action action) {
        request.listener().changed(new RestoreChange(SnapshotLayout.CONTAINERS, action));
    }

    private EntryPath documentPath() {
        return document == null
                ? SnapshotLayout.CONTAINERS
                : SnapshotLayout.container(document.container().name());
    }

    /** Opens the way to the writable layer or the volume that lies at a place of the snapshot. */
    private TreeWriter open(EntryPath root) throws IOException {
        Target to = target();
        ContainerSpec container = to.container().orElseThrow();
        HostPaths paths = to.paths().orElseThrow();
        if (root.startsWith(SnapshotLayout.ROOTFS)) {
            return LayerWriter.open(root, client, container, paths.writableLayer(client, container), request);
        }
        String key = root.parent().name().toString();
        for (CapturedVolume volume : to.plan().captured()) {
            if (volume.key().equals(key)) {
                return volumeWriter(root, to, volume);
            }
        }
        throw new IOException("the snapshot has a volume '" + key + "' that its container does not mount");
    }

    private TreeWriter volumeWriter(EntryPath root, Target to, CapturedVolume volume) throws IOException {
        ContainerSpec container = to.container().orElseThrow();
        for (MountSpec mount : container.mounts()) {
            if (!mount.isVolume() || !mount.destination().equals(volume.destination())) {
                continue;
            }
            String expected = to.plan().volumeNames().getOrDefault(volume.key(), "");
            boolean right = volume.anonymous()
                    ? VolumeSpec.isAnonymous(mount.name())
                    : mount.name().equals(expected);
            if (!right) {
                throw new IOException("at " + volume.destination() + " the container mounts volume " + mount.name()
                        + ", not the one that belongs there; it is not written to");
            }
            Optional<Path> path = to.paths().orElseThrow().volume(new Volumes(client).inspect(mount.name()));
            if (path.isEmpty() && options.isInPlace() && !request.dryRun()) {
                TreeWriter.reportNoDeletion(root, request);
            }
            return path.isPresent()
                    ? TreeWriter.toHost(root, path.get(), request)
                    : TreeWriter.toContainer(root, client, container.id(), volume.destination(), request);
        }
        throw new IOException("the container has no volume at " + volume.destination());
    }

    /** The configuration says what to create, and so on. */
    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    @Override
    public synchronized void commit() throws IOException {
        Target to = target();
        finishWriter();
        if (to.executor().isEmpty()) {
            committed = true;
            return;
        }
        if (options.isInPlace() && failures.get() > 0) {
            // The old one may be the only good copy of what could not be restored.
            throw new IOException(failures.get() + " entries could not be restored, so the old container was not"
                    + " replaced; its volumes were written to. Restore under a new name to have the rest");
        }
        String report = to.executor().get().finish(to.container().orElseThrow(), options.healthTimeout());
        if (!report.isEmpty()) {
            report(Problem.Kind.DEGRADED, report);
        }
        committed = true;
    }

    @Override
    public synchronized void close() throws IOException {
        try {
            if (writer != null) {
                writer.close();
                writer = null;
            }
            if (images != null) {
                images.close();
            }
        } finally {
            Target undone = target;
            if (undone != null && !committed) {
                target = null;
                if (undone.executor().isPresent()) {
                    undone.executor().get().undo();
                }
            }
        }
    }
}
