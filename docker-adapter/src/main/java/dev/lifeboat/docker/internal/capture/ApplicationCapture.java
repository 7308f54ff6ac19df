package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.image.ImageCapture;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.FidelityRecorder;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.layout.VolumeDocument;
import dev.lifeboat.docker.internal.layout.VolumeKeys;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.ImageContent;
import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.quiesce.QuiesceBarrier;
import dev.lifeboat.docker.internal.quiesce.QuiescedContainer;
import dev.lifeboat.docker.internal.transfer.LayerReader;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One capture of an application, in the order in which it can be restored: docs/FORMAT.md, section 7. */
public final class ApplicationCapture {
    private static final Logger log = LoggerFactory.getLogger(ApplicationCapture.class);

    private final EngineClient client;
    private final QuiesceJournal journal;
    private final Application application;
    private final CaptureOptions options;
    /** Images of the containers, by key; empty for those that are not captured. */
    private final Map<String, Optional<ImageCapture>> images = new TreeMap<>();

    /** A volume and where to read it. */
    private record Source(CapturedVolume volume, JsonObject inspect) {
        String name() {
            return volume.volume().name();
        }
    }

    /** A volume and, if a container mounts it, that container. */
    private record Read(Source source, Optional<ContainerSpec> container) {}

    /** Captures an application as its containers were inspected. */
    public ApplicationCapture(
            EngineClient client, QuiesceJournal journal, Application application, CaptureOptions options) {
        this.client = client;
        this.journal = journal;
        this.application = application;
        this.options = options;
    }

    /**
     * Quiesces an application as a capture does.
     *
     * @throws IOException if that is impossible; all is as it was
     */
    public static QuiesceHandle quiesce(
            EngineClient client, QuiesceJournal journal, Application application, CaptureOptions options)
            throws IOException {
        ApplicationCapture capture = new ApplicationCapture(client, journal, application, options);
        return QuiesceBarrier.begin(client, journal, application.model(), capture.requests())
                .handle();
    }

    private Map<String, ContainerSpec> members() {
        return application.model().members();
    }

    /** Sends all to a sink. */
    public void sendTo(EntrySink target, QuiesceHandle.Holder holder) throws IOException {
        Instant begun = Instant.now();
        Map<String, Quiesce> requests = requests();
        FidelityRecorder sink = new FidelityRecorder(target);
        HostPaths paths = members().isEmpty()
                ? HostPaths.of(client)
                : HostPaths.of(client, members().values().iterator().next().id());
        prepareImages();
        Map<String, List<Source>> volumes = volumes();
        List<Source> unmounted = unmounted();
        NetworkCapture networks = new NetworkCapture(client, application);
        networks.prepare(sink);
        if (application.project().isPresent()) {
            new ComposeCapture(application, paths, options)
                    .sendTo(sink, unmounted.stream().map(Source::volume).toList());
        }
        SnapshotLayout.directory(sink, SnapshotLayout.CONTAINERS);
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            EntryPath place = SnapshotLayout.container(member.getKey());
            SnapshotLayout.directory(sink, place);
            ContainerDocument document =
                    document(member.getKey(), volumes.getOrDefault(member.getKey(), List.of()), paths);
            SnapshotLayout.send(sink, place.resolve("config.json"), document.toBytes());
        }
        sendImages(sink);
        // Only now: sending the images may take long, and they do not change.
        QuiesceBarrier.Result quiesced = QuiesceBarrier.begin(client, journal, application.model(), requests);
        holder.hold(quiesced.handle());
        reportObstacles(quiesced, sink);
        sink.offerDocuments();
        networks.sendTo(sink);
        new PathCapture(client, paths, application, options).sendTo(sink);
        SnapshotLayout.directory(sink, SnapshotLayout.ROOTFS);
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            ContainerSpec container = member.getValue();
            LayerReader reader = new LayerReader(client, container.id(), mountPlaces(container));
            try {
                reader.sendTo(sink, SnapshotLayout.layer(member.getKey()), paths.writableLayer(client, container));
            } catch (DockerException e) {
                // Not every engine says that it is gone.
                still("container " + container.name(), () -> new Containers(client).inspect(container.id()));
                throw e;
            }
        }
        SnapshotLayout.directory(sink, SnapshotLayout.VOLUMES);
        for (Map.Entry<String, Read> volume : byKey(volumes, unmounted).entrySet()) {
            still("volume " + volume.getValue().source().name() + " or its container", () -> {
                sendVolume(sink, paths, volume.getValue());
                return volume;
            });
        }
        Map<String, ContainerSpec> atEnd = checkStillThere(volumes, unmounted);
        Set<String> torn = torn(quiesced, atEnd, sink);
        sink.sendDocuments(app(begun, quiesced, torn));
    }

    private Map<String, Quiesce> requests() throws IOException {
        Selection.check(application, options.quiesceOf().keySet());
        Map<String, Quiesce> requests = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            requests.put(member.getKey(), options.quiesceOf(member.getValue()));
        }
        return requests;
    }

    private static void reportObstacles(QuiesceBarrier.Result quiesced, EntrySink sink) throws IOException {
        for (Map.Entry<String, QuiescedContainer.Result> member :
                quiesced.members().entrySet()) {
            if (!member.getValue().reached()) {
                sink.report(new Problem(
                        SnapshotLayout.container(member.getKey()),
                        Problem.Kind.CHANGED,
                        "the container was not quiesced, since "
                                + member.getValue().obstacle() + ": its files may be a mix of states"));
            }
        }
    }

    /** Returns those that another backup, or an administrator, has resumed while they were read. */
    private Set<String> torn(QuiesceBarrier.Result quiesced, Map<String, ContainerSpec> atEnd, EntrySink sink)
            throws IOException {
        Set<String> torn = new HashSet<>();
        for (Map.Entry<String, QuiescedContainer.Result> member :
                quiesced.members().entrySet()) {
            QuiescedContainer.Result result = member.getValue();
            ContainerSpec now = atEnd.get(member.getKey());
            if (!result.reached()) {
                torn.add(member.getKey());
            } else if (result.quiesce().level() != Quiesce.Level.NONE
                    && now != null
                    && now.state().isActive()) {
                torn.add(member.getKey());
                sink.report(new Problem(
                        SnapshotLayout.container(member.getKey()),
                        Problem.Kind.CHANGED,
                        "the container was " + (result.container().state().paused() ? "unpaused" : "started")
                                + " by another while it was read: its files may be a mix of states"));
            }
        }
        return torn;
    }

    private JsonObject app(Instant begun, QuiesceBarrier.Result quiesced, Set<String> torn) throws IOException {
        List<@Nullable Object> members = new ArrayList<>();
        for (Map.Entry<String, QuiescedContainer.Result> member :
                quiesced.members().entrySet()) {
            QuiescedContainer.Result result = member.getValue();
            members.add(JsonObject.create()
                    .put("key", member.getKey())
                    .put("name", result.container().name())
                    .put("id", result.container().id())
                    .put("image", image(member.getKey()).identity())
                    .put("quiesce", result.quiesce().name())
                    .put("quiesced", !torn.contains(member.getKey()))
                    .put("wasRunning", result.container().state().running())
                    .members());
        }
        return JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", application.kind())
                .put("name", application.name())
                .put("engine", client.info().version())
                .put("members", members)
                .put("begun", begun.toString())
                .put("ended", Instant.now().toString());
    }

    /** What was removed meanwhile is not a snapshot with some files less, but none. */
    private Map<String, ContainerSpec> checkStillThere(Map<String, List<Source>> volumes, List<Source> unmounted)
            throws IOException {
        Map<String, ContainerSpec> now = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            String what = "container " + member.getValue().name() + " or a volume of it";
            now.put(
                    member.getKey(),
                    still(
                            what,
                            () -> new Containers(client)
                                    .inspect(member.getValue().id())));
            for (Source source : volumes.getOrDefault(member.getKey(), List.of())) {
                still(what, () -> new Volumes(client).inspect(source.name()));
            }
        }
        for (Source source : unmounted) {
            still("volume " + source.name(), () -> new Volumes(client).inspect(source.name()));
        }
        return now;
    }

    @FunctionalInterface
    private interface Inspection<T> {
        T run() throws IOException;
    }

    private static <T> T still(String what, Inspection<T> inspection) throws IOException {
        try {
            return inspection.run();
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND, what + " was removed while it was read: " + e.getMessage(), e);
        }
    }

    /** The volumes of each container. */
    private Map<String, List<Source>> volumes() throws IOException {
        Map<String, List<Source>> volumes = new TreeMap<>();
        Map<String, JsonObject> inspects = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            Map<ByteString, Source> byKey = new TreeMap<>();
            for (MountSpec mount : member.getValue().mounts()) {
                if (!mount.isVolume()) {
                    continue;
                }
                JsonObject inspect = inspects.get(mount.name());
                if (inspect == null) {
                    inspect = new Volumes(client).inspect(mount.name());
                    inspects.put(mount.name(), inspect);
                }
                String key = VolumeKeys.of(mount.name(), keyOfOwner(member.getKey(), mount), mount.destination());
                CapturedVolume volume = new CapturedVolume(
                        key, mount.destination(), VolumeSpec.isAnonymous(mount.name()), VolumeSpec.ofInspect(inspect));
                byKey.putIfAbsent(ByteString.utf8(key), new Source(volume, inspect));
            }
            volumes.put(member.getKey(), List.copyOf(byKey.values()));
        }
        return volumes;
    }

    /**
     * The first container, in the order of start, that mounts a volume at that place: one that gets it from there, by
     * {@code VolumesFrom}, mounts the same.
     */
    private String keyOfOwner(String member, MountSpec mount) {
        for (String other : application.model().graph().startOrder()) {
            ContainerSpec container = members().get(other);
            boolean mounts = container != null
                    && container.mounts().stream()
                            .anyMatch(m -> m.isVolume()
                                    && m.name().equals(mount.name())
                                    && m.destination().equals(mount.destination()));
            if (mounts) {
                return other;
            }
        }
        return member;
    }

    private List<Source> unmounted() throws IOException {
        List<Source> unmounted = new ArrayList<>();
        if (application.project().isPresent()) {
            for (JsonObject inspect : application.project().get().unmounted()) {
                VolumeSpec volume = VolumeSpec.ofInspect(inspect);
                unmounted.add(new Source(new CapturedVolume(volume.name(), "", false, volume), inspect));
            }
        }
        return unmounted;
    }

    /** All volumes in canonical order; one that several containers mount is read once. */
    private Map<String, Read> byKey(Map<String, List<Source>> volumes, List<Source> unmounted) {
        Map<ByteString, Read> sorted = new TreeMap<>();
        unmounted.forEach(
                source -> sorted.put(ByteString.utf8(source.volume().key()), new Read(source, Optional.empty())));
        volumes.forEach((member, sources) -> sources.forEach(source -> sorted.putIfAbsent(
                ByteString.utf8(source.volume().key()),
                new Read(source, Optional.ofNullable(members().get(member))))));
        Map<String, Read> byKey = new LinkedHashMap<>();
        sorted.forEach((key, read) -> byKey.put(key.toString(), read));
        return byKey;
    }

    private void sendVolume(FidelityRecorder sink, HostPaths paths, Read read) throws IOException {
        CapturedVolume volume = read.source().volume();
        JsonObject document = VolumeDocument.of(volume.volume(), volume.anonymous(), volume.destination());
        if (options.withoutVolumes().contains(volume.volume().name())) {
            EntryPath place = SnapshotLayout.volume(volume.key());
            SnapshotLayout.directory(sink, place);
            SnapshotLayout.send(sink, place.resolve("config.json"), document.toPrettyBytes());
            sink.report(new Problem(
                    place,
                    Problem.Kind.SKIPPED,
                    "the content of volume " + volume.volume().name() + " is left out by withoutVolumes(..)"));
            return;
        }
        Optional<Path> path = paths.volume(read.source().inspect());
        if (read.container().isPresent()) {
            ContainerSpec container = read.container().get();
            Set<EntryPath> others = mountsWithin(container, volume.destination());
            VolumeCapture.Mount mount = new VolumeCapture.Mount(container.id(), volume.destination(), others);
            VolumeCapture.capture(sink, volume.key(), document, path, client, mount);
            return;
        }
        if (path.isPresent()) {
            VolumeCapture.capture(
                    sink, volume.key(), document, path, client, new VolumeCapture.Mount("", "", Set.of()));
            return;
        }
        try (HelperContainer helper =
                HelperContainer.mount(client, volume.volume().name())) {
            VolumeCapture.Mount mount = new VolumeCapture.Mount(helper.id(), HelperContainer.DESTINATION, Set.of());
            VolumeCapture.capture(sink, volume.key(), document, path, client, mount);
        }
    }

    private ContainerDocument document(String key, List<Source> volumes, HostPaths paths) throws IOException {
        return new ContainerDocument(
                member(key),
                image(key),
                volumes.stream().map(Source::volume).toList(),
                names(member(key)),
                new PathCapture(client, paths, application, options).captured(member(key)),
                client.info().os() + "/" + client.info().architecture(),
                paths.hostName());
    }

    private ContainerSpec member(String key) {
        return Objects.requireNonNull(members().get(key), key);
    }

    /**
     * Names of the containers and networks that the configuration refers to by id: ids change when these are made
     * anew.
     */
    private Map<String, String> names(ContainerSpec container) throws IOException {
        Map<String, String> names = new TreeMap<>();
        Set<String> references = new HashSet<>();
        for (String field : new String[] {"NetworkMode", "PidMode", "IpcMode"}) {
            ContainerSpec.containerOf(container.mode(field)).ifPresent(references::add);
        }
        for (String owner : container.hostConfig().strings("VolumesFrom")) {
            references.add(ContainerSpec.volumesOwner(owner));
        }
        for (String reference : references) {
            try {
                names.put(reference, new Containers(client).inspect(reference).name());
            } catch (DockerException e) {
                // It is gone; the plan of a restore says so.
                if (e.kind() != DockerException.Kind.NOT_FOUND) {
                    throw e;
                }
            }
        }
        String mode = container.mode("NetworkMode");
        for (Map.Entry<String, JsonObject> endpoint : container.endpoints().entrySet()) {
            if (endpoint.getValue().optionalString("NetworkID").orElse("").equals(mode)) {
                names.put(mode, endpoint.getKey());
            }
        }
        return names;
    }

    /** Finds out what each image consists of; containers that use the same one share it. */
    private void prepareImages() throws IOException {
        Map<String, Optional<ImageCapture>> prepared = new TreeMap<>();
        for (Map.Entry<String, ContainerSpec> member : members().entrySet()) {
            ContainerSpec container = member.getValue();
            String use = container.imageId() + " " + container.manifestDigest().orElse("");
            Optional<ImageCapture> image = prepared.get(use);
            if (image == null) {
                image = imageCapture(container);
                prepared.put(use, image);
            }
            images.put(member.getKey(), image);
        }
    }

    private ImageSpec image(String key) throws IOException {
        Optional<ImageCapture> captured = images.getOrDefault(key, Optional.empty());
        if (captured.isPresent()) {
            return captured.get().image();
        }
        String id = member(key).imageId();
        return new Images(client).find(id).orElse(ImageSpec.missing(id));
    }

    /** The image, if it is asked for and there. */
    private Optional<ImageCapture> imageCapture(ContainerSpec container) throws IOException {
        Optional<ImageSpec> image = options.images() ? new Images(client).find(container.imageId()) : Optional.empty();
        if (image.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(ImageCapture.of(client, image.get(), container.manifestDigest()));
        } catch (ImageContent.NotWholeException e) {
            log.warn("an image is not captured [image={}, cause={}]", container.imageName(), e.getMessage());
            return Optional.empty();
        }
    }

    private void sendImages(FidelityRecorder sink) throws IOException {
        if (!options.images()) {
            return;
        }
        Map<String, ImageCapture> byDigest = new TreeMap<>();
        for (Map.Entry<String, Optional<ImageCapture>> image : images.entrySet()) {
            if (image.getValue().isPresent()) {
                ImageCapture captured = image.getValue().get();
                byDigest.put(captured.image().identity(), captured);
                continue;
            }
            ContainerSpec container = member(image.getKey());
            sink.report(new Problem(
                    SnapshotLayout.container(image.getKey()),
                    Problem.Kind.FAILED,
                    "the engine does not have image " + container.imageId() + " any more, or not all of it ("
                            + container.imageName() + "), so it is not in the snapshot"));
        }
        if (byDigest.isEmpty()) {
            return;
        }
        SnapshotLayout.directory(sink, SnapshotLayout.IMAGES);
        for (ImageCapture image : byDigest.values()) {
            image.sendTo(sink);
        }
    }

    /** What else is mounted below a mount, as seen from there. */
    private static Set<EntryPath> mountsWithin(ContainerSpec container, String destination) {
        Set<EntryPath> within = new HashSet<>();
        EntryPath outer =
                EntryPath.of(Path.of(destination).normalize().toString().substring(1));
        for (EntryPath place : mountPlaces(container)) {
            if (place.startsWith(outer) && !place.equals(outer)) {
                within.add(place.relativeTo(outer));
            }
        }
        return within;
    }

    private static Set<EntryPath> mountPlaces(ContainerSpec container) {
        Set<EntryPath> places = new HashSet<>();
        for (MountSpec mount : container.mounts()) {
            if (mount.destination().length() > 1) {
                places.add(EntryPath.of(mount.destination().substring(1)));
            }
        }
        return places;
    }
}
