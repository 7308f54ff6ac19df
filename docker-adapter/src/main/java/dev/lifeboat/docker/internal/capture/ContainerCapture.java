package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.client.Networks;
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
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.internal.quiesce.QuiescedContainer;
import dev.lifeboat.docker.internal.transfer.ArchiveDownload;
import dev.lifeboat.docker.internal.transfer.LayerReader;
import dev.lifeboat.docker.quiesce.Quiesce;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.PrefixSink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One capture of a container, in the order in which it can be restored: docs/FORMAT.md, section 7. */
public final class ContainerCapture {
    private static final Logger log = LoggerFactory.getLogger(ContainerCapture.class);
    private static final Comparator<String> BY_BYTES =
            (a, b) -> ByteString.utf8(a).compareTo(ByteString.utf8(b));

    private final EngineClient client;
    private final QuiesceJournal journal;
    private final ContainerSpec container;
    private final Options options;

    /**
     * What is captured.
     *
     * @param bindMounts whether the content of bind mounts is
     * @param image whether the image is
     */
    public record Options(Quiesce quiesce, boolean bindMounts, boolean image) {}

    /** A volume and where to read it. */
    private record Source(CapturedVolume volume, JsonObject inspect) {}

    /** Captures a container as it was inspected. */
    public ContainerCapture(EngineClient client, QuiesceJournal journal, ContainerSpec container, Options options) {
        this.client = client;
        this.journal = journal;
        this.container = container;
        this.options = options;
    }

    /** Sends all to a sink. */
    public void sendTo(EntrySink target, QuiesceHandle.Holder holder) throws IOException {
        Instant begun = Instant.now();
        FidelityRecorder sink = new FidelityRecorder(target);
        HostPaths paths = HostPaths.of(client, container.id());
        Optional<ImageCapture> capture = imageCapture();
        ImageSpec image = capture.isPresent() ? capture.get().image() : knownImage();
        List<Source> volumes = volumes();
        EntryPath place = SnapshotLayout.container(container.name());
        SnapshotLayout.directory(sink, SnapshotLayout.CONTAINERS);
        SnapshotLayout.directory(sink, place);
        SnapshotLayout.send(
                sink,
                place.resolve("config.json"),
                document(image, volumes, paths).toBytes());
        sendImage(sink, capture, place);
        // Only now: sending the image may take long, and the image does not change.
        QuiescedContainer.Result quiesced = QuiescedContainer.begin(client, journal, container.id(), options.quiesce());
        holder.hold(quiesced.handle());
        if (!quiesced.reached()) {
            sink.report(new Problem(
                    place,
                    Problem.Kind.CHANGED,
                    "the engine restarts the container again and again, so it was not quiesced: its files may be a mix"
                            + " of states"));
        }
        sink.offerDocuments();
        sendBinds(sink, paths);
        sendNetworks(sink);
        SnapshotLayout.directory(sink, SnapshotLayout.ROOTFS);
        new LayerReader(client, container.id(), mountPlaces())
                .sendTo(sink, SnapshotLayout.layer(container.name()), paths.writableLayer(client, container));
        SnapshotLayout.directory(sink, SnapshotLayout.VOLUMES);
        for (Source source : volumes) {
            String destination = source.volume().destination();
            VolumeCapture.capture(
                    sink,
                    source.volume().key(),
                    VolumeDocument.of(source.volume().volume(), source.volume().anonymous(), destination),
                    paths.volume(source.inspect()),
                    client,
                    new VolumeCapture.Mount(container.id(), destination, mountsWithin(destination)));
        }
        ContainerSpec atEnd = checkStillThere(volumes);
        boolean stayed = quiesced.reached() && staysQuiet(quiesced, atEnd, sink);
        sink.sendDocuments(app(begun, quiesced, stayed, image));
    }

    /** Another backup, or an administrator, may have resumed it while it was read. */
    private boolean staysQuiet(QuiescedContainer.Result quiesced, ContainerSpec atEnd, EntrySink sink)
            throws IOException {
        if (options.quiesce() == Quiesce.NONE || !atEnd.state().isActive()) {
            return true;
        }
        sink.report(new Problem(
                SnapshotLayout.container(container.name()),
                Problem.Kind.CHANGED,
                "the container was " + (quiesced.container().state().paused() ? "unpaused" : "started")
                        + " by another while it was read: its files may be a mix of states"));
        return false;
    }

    private JsonObject app(Instant begun, QuiescedContainer.Result quiesced, boolean stayed, ImageSpec image)
            throws IOException {
        return JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", "container")
                .put("name", container.name())
                .put("id", container.id())
                .put("image", image.identity())
                .put("engine", client.info().version())
                .put("quiesce", options.quiesce().name())
                .put("quiesced", stayed)
                .put("wasRunning", quiesced.container().state().running())
                .put("begun", begun.toString())
                .put("ended", Instant.now().toString());
    }

    /** What was removed meanwhile is not a snapshot with some files less, but none. */
    private ContainerSpec checkStillThere(List<Source> volumes) throws IOException {
        try {
            ContainerSpec now = new Containers(client).inspect(container.id());
            for (Source source : volumes) {
                new Volumes(client).inspect(source.volume().volume().name());
            }
            return now;
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND,
                    "container " + container.name() + " or a volume of it was removed while it was read: "
                            + e.getMessage(),
                    e);
        }
    }

    private List<Source> volumes() throws IOException {
        Map<String, Source> volumes = new TreeMap<>(BY_BYTES);
        for (MountSpec mount : container.mounts()) {
            if (mount.isVolume()) {
                JsonObject inspect = new Volumes(client).inspect(mount.name());
                String key = VolumeKeys.of(mount.name(), container.name(), mount.destination());
                CapturedVolume volume = new CapturedVolume(
                        key, mount.destination(), VolumeSpec.isAnonymous(mount.name()), VolumeSpec.ofInspect(inspect));
                volumes.putIfAbsent(key, new Source(volume, inspect));
            }
        }
        return List.copyOf(volumes.values());
    }

    private ContainerDocument document(ImageSpec image, List<Source> volumes, HostPaths paths) throws IOException {
        return new ContainerDocument(
                container, image, volumes.stream().map(Source::volume).toList(), names(), paths.hostName());
    }

    /**
     * Names of the containers and networks that the configuration refers to by id: ids change when these are made
     * anew.
     */
    private Map<String, String> names() throws IOException {
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

    private ImageSpec knownImage() throws IOException {
        return new Images(client).find(container.imageId()).orElse(ImageSpec.missing(container.imageId()));
    }

    /** The image, if it is asked for and there. */
    private Optional<ImageCapture> imageCapture() throws IOException {
        Optional<ImageSpec> image = options.image() ? new Images(client).find(container.imageId()) : Optional.empty();
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

    private void sendImage(FidelityRecorder sink, Optional<ImageCapture> image, EntryPath place) throws IOException {
        if (!options.image()) {
            return;
        }
        if (image.isEmpty()) {
            sink.report(new Problem(
                    place,
                    Problem.Kind.FAILED,
                    "the engine does not have image " + container.imageId() + " any more, or not all of it ("
                            + container.imageName() + "), so it is not in the snapshot"));
            return;
        }
        SnapshotLayout.directory(sink, SnapshotLayout.IMAGES);
        image.get().sendTo(sink);
    }

    /** What else is mounted below a mount, as seen from there. */
    private Set<EntryPath> mountsWithin(String destination) {
        Set<EntryPath> within = new HashSet<>();
        EntryPath outer =
                EntryPath.of(Path.of(destination).normalize().toString().substring(1));
        for (EntryPath place : mountPlaces()) {
            if (place.startsWith(outer) && !place.equals(outer)) {
                within.add(place.relativeTo(outer));
            }
        }
        return within;
    }

    private Set<EntryPath> mountPlaces() {
        Set<EntryPath> places = new HashSet<>();
        for (MountSpec mount : container.mounts()) {
            if (mount.destination().length() > 1) {
                places.add(EntryPath.of(mount.destination().substring(1)));
            }
        }
        return places;
    }

    private void sendBinds(FidelityRecorder sink, HostPaths paths) throws IOException {
        List<MountSpec> binds = new ArrayList<>();
        for (MountSpec mount : container.mounts()) {
            if (mount.isBind()) {
                binds.add(mount);
            }
        }
        if (binds.isEmpty()) {
            return;
        }
        if (!options.bindMounts()) {
            for (MountSpec bind : binds) {
                sink.report(new Problem(
                        SnapshotLayout.MOUNTS,
                        Problem.Kind.SKIPPED,
                        "the content of bind mount " + bind.source() + " at " + bind.destination()
                                + " is not captured; withBindMounts() captures it"));
            }
            return;
        }
        SnapshotLayout.directory(sink, SnapshotLayout.MOUNTS);
        int width = Integer.toString(binds.size()).length();
        for (int i = 0; i < binds.size(); i++) {
            String number = String.format("%0" + width + "d", i);
            sendBind(sink, paths, SnapshotLayout.MOUNTS.resolve(number), binds.get(i));
        }
    }

    private void sendBind(FidelityRecorder sink, HostPaths paths, EntryPath place, MountSpec bind) throws IOException {
        SnapshotLayout.directory(sink, place);
        SnapshotLayout.send(sink, place.resolve("bind.json"), bind.json().toPrettyBytes());
        Optional<Path> path = paths.bind(bind.source());
        EntryPath data = place.resolve("data");
        if (path.isPresent() && Files.isDirectory(path.get())) {
            sink.note(data, "host path");
            DirectorySource.of(path.get()).oneFileSystem(Problem.Kind.FAILED).sendTo(new PrefixSink(sink, data));
        } else {
            sink.noteLoss(data, "engine API", ArchiveDownload.loses(client));
            ArchiveDownload archive = new ArchiveDownload(client, container.id());
            archive.sendOne(sink, bind.destination(), data);
            if (path.isEmpty()) {
                PrefixSink moved = new PrefixSink(sink, data);
                archive.sendTo(moved, bind.destination(), EntryPath::isRoot);
            }
        }
    }

    private void sendNetworks(FidelityRecorder sink) throws IOException {
        SnapshotLayout.directory(sink, SnapshotLayout.NETWORKS);
        // By file name: in canonical order "a-b.json" comes before "a.json".
        Map<String, JsonObject> networks = new TreeMap<>(BY_BYTES);
        for (Map.Entry<String, JsonObject> endpoint : container.endpoints().entrySet()) {
            if (NetworkSpec.isBuiltIn(endpoint.getKey())) {
                continue;
            }
            NetworkSpec network = new Networks(client).inspect(endpoint.getKey());
            networks.put(network.name() + ".json", network.inspect());
            String address = endpoint.getValue().optionalString("IPAddress").orElse("");
            // Only in an address range of the user's own can an address be fixed.
            boolean mayBeFixed =
                    client.info().product() == Product.PODMAN && !address.isEmpty() && !network.hasChosenSubnets();
            if (mayBeFixed) {
                sink.report(new Problem(
                        SnapshotLayout.NETWORKS.resolve(ByteString.utf8(network.name() + ".json")),
                        Problem.Kind.DEGRADED,
                        "Podman does not tell whether address " + address + " in network " + network.name()
                                + " is fixed; after a restore the container gets any address of that network"));
            }
        }
        for (Map.Entry<String, JsonObject> network : networks.entrySet()) {
            JsonObject document = JsonObject.create()
                    .put("lifeboat", "network")
                    .put("version", 1)
                    // Which containers are in it changes all the time, and belongs to these.
                    .put("inspect", network.getValue().remove("Containers"));
            SnapshotLayout.send(
                    sink, SnapshotLayout.NETWORKS.resolve(ByteString.utf8(network.getKey())), document.toPrettyBytes());
        }
    }
}
