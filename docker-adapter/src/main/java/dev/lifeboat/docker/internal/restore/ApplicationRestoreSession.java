package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.image.ImageLoader;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.Location;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.Identity;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.transfer.LayerWriter;
import dev.lifeboat.docker.internal.transfer.PathWriter;
import dev.lifeboat.docker.internal.transfer.TreeWriter;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.docker.plan.StartedContainer;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageLayout;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One restore of a container or an application. Entries come in canonical order, which is the order of restore:
 * configuration, images, networks; then the plan is made; bind mounts are written; then the containers are created, and
 * writable layers and volumes are filled.
 */
public final class ApplicationRestoreSession implements RestoreTarget.Session {
    private static final Logger log = LoggerFactory.getLogger(ApplicationRestoreSession.class);

    private final EngineClient client;
    private final QuiesceJournal journal;
    private final RestoreOptions options;
    private final RestoreRequest request;
    private final Map<String, NetworkSpec> networks = new TreeMap<>();
    /** The chosen containers of the snapshot. */
    private final Map<String, ContainerDocument> documents = new TreeMap<>();

    private final Set<String> services = new TreeSet<>();
    /** Names of all services and containers of the snapshot. */
    private final Set<String> names = new TreeSet<>();

    private final AtomicLong failures = new AtomicLong();
    private Optional<ProjectDocument> project = Optional.empty();
    private @Nullable ImageLoader images;
    private @Nullable ApplicationPlan plan;
    private @Nullable Target target;
    private @Nullable PathWriter pathWriter;
    private EntryPath place = EntryPath.root();
    private @Nullable TreeWriter writer;
    private boolean committed;

    /**
     * What is written into.
     *
     * @param containers that were created, by key; in a dry run those that would be replaced
     * @param paths in view of this process; in a dry run only if some container would be replaced
     */
    private record Target(
            ApplicationPlan plan,
            Optional<RestoreExecutor> executor,
            Map<String, ContainerSpec> containers,
            Optional<HostPaths> paths) {}

    /** Begins a restore; nothing is asked of the engine yet. */
    public ApplicationRestoreSession(
            EngineClient client, QuiesceJournal journal, RestoreOptions options, RestoreRequest request) {
        this.client = client;
        this.journal = journal;
        this.options = options;
        // What the image put into a fresh volume is not part of the snapshot; in place, neither is what came since.
        RestoreRequest.Listener counting = new RestoreRequest.Listener() {
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
        };
        this.request = new RestoreRequest(
                request.dryRun(), request.partial(), true, request.repositoryDirectories(), counting);
    }

    @Override
    public synchronized boolean offer(Entry entry) throws IOException {
        Location location = SnapshotLayout.parse(entry.path());
        return switch (location.part()) {
            case PROJECT, CONTAINER, NETWORK -> entry.isFile();
            case IMAGE -> isChosenImage(location) && images().offer(entry);
            case PATH, PATH_DATA -> paths().offer(location, entry);
            case LAYER, VOLUME_DATA -> offerTo(location, entry);
            case VOLUME, OTHER -> false;
        };
    }

    /** Only the images of the chosen containers are loaded. */
    private boolean isChosenImage(Location location) throws IOException {
        for (ContainerDocument document : documents().values()) {
            if (ImageLayout.hex(document.image().identity()).equals(location.name())) {
                return true;
            }
        }
        return false;
    }

    private PathWriter paths() throws IOException {
        if (pathWriter == null) {
            pathWriter = new PathWriter(plan().paths(), request);
        }
        return pathWriter;
    }

    private boolean offerTo(Location location, Entry entry) throws IOException {
        boolean layer = location.part() == Location.Part.LAYER;
        Target to = target();
        boolean chosen = layer
                ? documents.containsKey(location.name())
                : to.plan().captured().containsKey(location.name());
        if (!chosen) {
            return false;
        }
        Optional<ContainerSpec> container =
                layer ? Optional.ofNullable(to.containers().get(location.name())) : Optional.empty();
        if (to.executor().isEmpty()
                && (layer ? container.isEmpty() : user(to, location.name()).isEmpty())) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        if (writer == null || !location.root().equals(place)) {
            finishWriter();
            writer = layer
                    ? layerWriter(location.root(), container.orElseThrow(), to)
                    : volumeWriter(location.root(), to, location.name());
            place = location.root();
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
        Location location = SnapshotLayout.parse(entry.path());
        switch (location.part()) {
            case PROJECT -> takeProject(SnapshotDocuments.read(entry.path(), in));
            case CONTAINER -> takeDocument(location.name(), SnapshotDocuments.read(entry.path(), in));
            case IMAGE -> images().content(entry, in);
            case PATH, PATH_DATA -> paths().content(location, entry, in);
            case NETWORK -> {
                NetworkSpec network =
                        NetworkSpec.of(SnapshotDocuments.read(entry.path(), in).object("inspect"));
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

    private void takeProject(JsonObject json) throws IOException {
        project = Optional.of(ProjectDocument.from(json));
    }

    private void takeDocument(String key, JsonObject json) throws IOException {
        ContainerDocument document = ContainerDocument.from(json);
        if (!options.isApplication() && !documents.isEmpty()) {
            throw new IOException(
                    "the snapshot has more than one container; restore it with composeProjectInPlace(),"
                            + " newComposeProject(..), containersInPlace() or newContainers(..), and choose some of them with services(..)");
        }
        String service = new ComposeLabels(document.container().labels())
                .service()
                .orElse(document.container().name());
        services.add(service);
        names.addAll(List.of(service, document.container().name()));
        Set<String> chosen = options.services();
        if (chosen.isEmpty()
                || chosen.contains(service)
                || chosen.contains(document.container().name())) {
            checkPlatform(document);
            documents.put(key, document);
        }
    }

    /** Images are loaded before the plan is made, so what the engine cannot run is refused here. */
    private void checkPlatform(ContainerDocument document) throws IOException {
        String here = client.info().os() + "/" + client.info().architecture();
        String image = document.image().platform();
        boolean emulated = document.platform().equals(here);
        if (image.isEmpty()
                || image.equals(here)
                || emulated
                || document.platform().isEmpty()) {
            return;
        }
        throw DockerException.of(List.of(new Conflict(
                Conflict.Kind.OTHER_PLATFORM,
                "container " + document.container().name(),
                "its image is for " + image + ", and the engine at " + client.uri() + " runs " + here,
                "restore it to an engine for " + image + ", or only its volumes: newVolume(..)")));
    }

    private Map<String, ContainerDocument> documents() throws IOException {
        if (options.isApplication() && options.isProject() != project.isPresent()) {
            throw new IOException(
                    project.isPresent()
                            ? "the snapshot is one of a Compose project; restore it with composeProjectInPlace() or"
                                    + " newComposeProject(..)"
                            : "the snapshot is not one of a Compose project; restore it with containersInPlace(),"
                                    + " newContainers(..), or as a container");
        }
        Set<String> unknown = new TreeSet<>(options.services());
        unknown.removeAll(names);
        if (!unknown.isEmpty()) {
            throw new IOException("the snapshot has no services or containers " + unknown + "; it has " + services);
        }
        boolean orphans = project.isPresent() && options.services().isEmpty();
        if (documents.isEmpty() && !orphans) {
            throw new IOException("the snapshot is not one of a container: it has no " + SnapshotLayout.CONTAINERS);
        }
        return documents;
    }

    private ImageLoader images() {
        if (images == null) {
            images = new ImageLoader(client, request);
        }
        return images;
    }

    /** From here on the images are loaded and all networks are known. */
    private ApplicationPlan plan() throws IOException {
        if (plan == null) {
            recover();
            Optional<ProjectDocument> whole =
                    options.services().isEmpty() ? project : project.map(this::withoutVolumes);
            EngineView engine = EngineView.of(client, documents().values(), images()::idOf);
            ApplicationPlan made = options.isolation().isPresent()
                    ? isolated(options.isolation().get(), whole, engine)
                    : new Planner(
                                    CapturedApplication.of(documents(), networks, whole),
                                    options,
                                    engine,
                                    images()::wouldLoad)
                            .plan();
            options.onPlan().accept(made.plan());
            if (!request.dryRun() && !made.plan().conflicts().isEmpty()) {
                throw DockerException.of(made.plan().conflicts());
            }
            plan = made;
        }
        return plan;
    }

    private ApplicationPlan isolated(Isolation isolation, Optional<ProjectDocument> whole, EngineView engine)
            throws IOException {
        IsolatedApplication alone = IsolatedApplication.of(documents(), networks, options, isolation, engine);
        CapturedApplication application =
                CapturedApplication.of(alone.members(), alone.networks(), whole.map(IsolatedApplication::local));
        ApplicationPlan made = new Planner(application, alone.options(), engine, images()::wouldLoad).plan();
        List<String> warnings = new ArrayList<>(made.plan().warnings());
        warnings.addAll(alone.warnings());
        return made.with(new RestorePlan(made.plan().steps(), made.plan().conflicts(), warnings))
                .labelled(Identity.DRILL, isolation.owner());
    }

    /** All bind mounts are there by now, since engines look for some of them when a container is created. */
    private Target target() throws IOException {
        if (target == null) {
            ApplicationPlan made = plan();
            if (pathWriter != null) {
                pathWriter.finish();
            }
            target = request.dryRun() ? planned(made) : created(made);
        }
        return target;
    }

    /** What a restore has left that was killed is in the way of this one. */
    private void recover() throws IOException {
        if (request.dryRun()) {
            return;
        }
        journal.ready();
        try {
            new RestoreRecovery(client, journal).run();
        } catch (IOException e) {
            log.warn("a restore that was killed is not undone [cause={}]", e.toString());
        }
    }

    /** Volumes that no container mounts belong to the project as a whole. */
    private ProjectDocument withoutVolumes(ProjectDocument document) {
        return new ProjectDocument(document.name(), document.workingDirectory(), document.files(), List.of());
    }

    /** A dry run reports conflicts, and compares with the containers that would be replaced. */
    private Target planned(ApplicationPlan plan) throws IOException {
        for (Conflict conflict : plan.plan().conflicts()) {
            report(Problem.Kind.FAILED, conflict.toString());
        }
        plan.plan().warnings().forEach(warning -> report(Problem.Kind.DEGRADED, warning));
        Map<String, ContainerSpec> replaced = new TreeMap<>();
        for (ApplicationPlan.Member member : plan.members()) {
            member.replaced().ifPresent(old -> replaced.put(member.key(), old));
            changed(member);
        }
        Optional<HostPaths> paths = replaced.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        HostPaths.of(client, replaced.values().iterator().next().id()));
        return new Target(plan, Optional.empty(), replaced, paths);
    }

    private Target created(ApplicationPlan plan) throws IOException {
        RestoreExecutor executor = new RestoreExecutor(client, journal, plan);
        // Known before anything is done, so that close() undoes it.
        target = new Target(plan, Optional.of(executor), Map.of(), Optional.empty());
        Map<String, ContainerSpec> containers = executor.create();
        options.isolation().ifPresent(isolation -> isolation.created().accept(containers));
        plan.plan().warnings().forEach(warning -> report(Problem.Kind.DEGRADED, warning));
        for (ApplicationPlan.Member member : plan.members()) {
            ContainerSpec container = containers.get(member.key());
            if (container != null) {
                reportDifferences(member, container);
            }
            changed(member);
        }
        HostPaths paths = containers.isEmpty()
                ? HostPaths.of(client)
                : HostPaths.of(client, containers.values().iterator().next().id());
        if (!paths.seesFiles() && !plan.captured().isEmpty()) {
            report(
                    Problem.Kind.DEGRADED,
                    "volumes are mounted with nocopy, since the engine's API, through which they are written, deletes nothing");
        }
        return new Target(plan, Optional.of(executor), containers, Optional.of(paths));
    }

    private void reportDifferences(ApplicationPlan.Member member, ContainerSpec created) throws IOException {
        ContainerSettings settings = ContainerSettings.of(options.settings(), member.document());
        for (String difference :
                ConfigurationCheck.differences(member.document().container(), settings, member.body(), created)) {
            request.listener()
                    .problem(new Problem(
                            SnapshotLayout.container(member.key()),
                            Problem.Kind.DEGRADED,
                            difference + ": the engine did not take it as it was"));
        }
    }

    private void report(Problem.Kind kind, String detail) {
        request.listener().problem(new Problem(documentPath(), kind, detail));
    }

    private void changed(ApplicationPlan.Member member) {
        request.listener()
                .changed(new RestoreChange(
                        options.isApplication() ? SnapshotLayout.container(member.key()) : SnapshotLayout.CONTAINERS,
                        member.replaced().isPresent() ? RestoreChange.Action.REPLACE : RestoreChange.Action.CREATE));
    }

    private EntryPath documentPath() {
        return documents.size() == 1
                ? SnapshotLayout.container(documents.keySet().iterator().next())
                : SnapshotLayout.CONTAINERS;
    }

    private TreeWriter layerWriter(EntryPath root, ContainerSpec container, Target to) throws IOException {
        HostPaths paths = to.paths().orElseThrow();
        return LayerWriter.open(root, client, container, paths.writableLayer(client, container), request);
    }

    /** A container that mounts a volume of the snapshot, and where. */
    private record User(ContainerSpec container, CapturedVolume volume, MountSpec mount) {}

    /** Preferably one that may write to it: through the API that is necessary. */
    private static Optional<User> user(Target to, String key) {
        Optional<User> found = Optional.empty();
        for (ApplicationPlan.Member member : to.plan().members()) {
            ContainerSpec container = to.containers().get(member.key());
            for (CapturedVolume volume : member.document().volumes()) {
                if (container == null || !volume.key().equals(key)) {
                    continue;
                }
                for (MountSpec mount : container.mounts()) {
                    boolean there = mount.isVolume() && mount.destination().equals(volume.destination());
                    if (there
                            && (found.isEmpty()
                                    || mount.writable() && !found.get().mount().writable())) {
                        found = Optional.of(new User(container, volume, mount));
                    }
                }
            }
        }
        return found;
    }

    private TreeWriter volumeWriter(EntryPath root, Target to, String key) throws IOException {
        Optional<User> user = user(to, key);
        if (user.isPresent()) {
            return volumeWriter(root, to, user.get());
        }
        String name = to.plan().volumeNames().get(key);
        boolean mounted = to.plan().members().stream()
                .anyMatch(member -> member.document().volumes().stream()
                        .anyMatch(v -> v.key().equals(key)));
        if (name == null || mounted) {
            throw new IOException("no container mounts volume '" + key + "' of the snapshot; it is not written");
        }
        return MountedVolume.writer(client, root, name, request);
    }

    private TreeWriter volumeWriter(EntryPath root, Target to, User user) throws IOException {
        CapturedVolume volume = user.volume();
        String mounted = user.mount().name();
        String expected = to.plan().volumeNames().getOrDefault(volume.key(), "");
        boolean right = volume.anonymous() ? VolumeSpec.isAnonymous(mounted) : mounted.equals(expected);
        if (!right) {
            throw new IOException("at " + volume.destination() + " the container mounts volume " + mounted
                    + ", not the one that belongs there; it is not written to");
        }
        Optional<Path> path = to.paths().orElseThrow().volume(new Volumes(client).inspect(mounted));
        if (path.isEmpty() && options.isInPlace() && !request.dryRun()) {
            TreeWriter.reportNoDeletion(root, request);
        }
        return path.isPresent()
                ? TreeWriter.toHost(root, path.get(), request)
                : TreeWriter.toContainer(root, client, user.container().id(), volume.destination(), request);
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
        boolean replaces = to.plan().replacesAny();
        if (options.isApplication() && failures.get() > 0 && !replaces) {
            // A database that lacks a file may damage the others.
            report(
                    Problem.Kind.FAILED,
                    failures.get() + " entries could not be restored, so no container was started; look at them first");
            to.executor().get().keep();
            committed = true;
            return;
        }
        if (options.isInPlace() && failures.get() > 0) {
            // The old one may be the only good copy of what could not be restored.
            throw new IOException(failures.get() + " entries could not be restored, so the old container was not"
                    + " replaced; its volumes were written to. Restore under a new name to have the rest");
        }
        start(to, replaces);
        for (String left : to.executor().get().keep()) {
            report(Problem.Kind.DEGRADED, left);
        }
        committed = true;
    }

    /**
     * Starts what is to run. What replaces a container that ran has to show that it runs, or the old one is brought
     * back. An application that replaces nothing stays, so that it can be examined.
     */
    private void start(Target to, boolean replaces) throws IOException {
        Startup startup = new Startup(new Containers(client), to.plan(), to.containers(), options.healthTimeout());
        to.executor().orElseThrow().starting(to.containers());
        startup.start();
        boolean replacesRunning = false;
        for (ApplicationPlan.Member member : to.plan().members()) {
            replacesRunning |= member.replaced().isPresent()
                    && member.replaced().get().state().running();
        }
        if (!options.isApplication() && !replacesRunning) {
            return;
        }
        List<StartedContainer> all = startup.await();
        all.forEach(options.onStarted());
        for (StartedContainer started : all) {
            boolean failed = !started.isGood() && started.state() != StartedContainer.State.STARTING;
            boolean ended = started.state() == StartedContainer.State.COMPLETED && !options.isApplication();
            if (replaces && (failed || ended)) {
                throw new DockerException(
                        DockerException.Kind.REFUSED,
                        started.detail()
                                + "; the old container was brought back. Restore under a new name to examine it");
            }
            if (failed) {
                report(Problem.Kind.FAILED, started.detail());
            } else if (!started.detail().isEmpty()) {
                report(
                        Problem.Kind.DEGRADED,
                        started.detail() + (replaces ? "; the container was replaced all the same" : ""));
            }
        }
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
            if (!committed) {
                undo();
            }
        }
    }

    /** Containers first: they may write to the paths that are to be removed. */
    private void undo() throws IOException {
        Target undone = target;
        target = null;
        try {
            if (undone != null && undone.executor().isPresent()) {
                undone.executor().get().undo();
            }
        } finally {
            if (pathWriter != null) {
                pathWriter.undo();
                pathWriter = null;
            }
        }
    }
}
