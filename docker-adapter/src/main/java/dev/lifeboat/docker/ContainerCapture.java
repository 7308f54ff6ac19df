package dev.lifeboat.docker;

import dev.lifeboat.directory.DirectorySource;
import dev.lifeboat.entry.ByteString;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One capture of a container, laid out as docs/FORMAT.md, section 7, says: in an order in which it can be restored. */
final class ContainerCapture {
    private final EngineClient client;
    private final JsonObject inspect;
    private final String id;
    private final String name;
    private final Quiesce quiesce;
    private final boolean bindMounts;
    private final boolean withImage;

    /** A mount of the container; {@code key} is the volume's, stable over re-creations. */
    private record Volume(String key, String destination, JsonObject inspect, JsonObject document) {}

    ContainerCapture(EngineClient client, JsonObject inspect, Quiesce quiesce, boolean bindMounts, boolean withImage)
            throws IOException {
        this.client = client;
        this.inspect = inspect;
        this.id = inspect.string("Id");
        this.name = ContainerSource.nameOf(inspect);
        this.quiesce = quiesce;
        this.bindMounts = bindMounts;
        this.withImage = withImage;
    }

    void sendTo(EntrySink target, QuiesceHandle.Holder keeper) throws IOException {
        Instant begun = Instant.now();
        FidelitySink sink = new FidelitySink(target);
        LocalPaths local = LocalPaths.of(client, id);
        JsonObject image = ImageSource.inspect(client, inspect.string("Image"));
        Map<String, Volume> volumes = volumes();
        sendConfiguration(sink, image, volumes);
        if (withImage) {
            Documents.directory(sink, Documents.IMAGES);
            new ImageCapture(client, image).sendTo(sink);
        }
        // Looked at again: sending the image may have taken long.
        keeper.hold(ContainerRest.begin(client, ContainerSource.inspect(client, id), quiesce));
        sink.offerDocuments();
        sendBinds(sink, local);
        sendNetworks(sink);
        Documents.directory(sink, Documents.ROOTFS);
        EntryPath rootfs = Documents.ROOTFS.resolve(ByteString.utf8(name));
        new LayerCapture(client, id, mountPlaces()).sendTo(sink, rootfs, local.writableLayer(inspect));
        Documents.directory(sink, Documents.VOLUMES);
        for (Volume volume : volumes.values()) {
            VolumeCapture.capture(
                    sink,
                    volume.key(),
                    volume.document(),
                    local.volume(volume.inspect()),
                    client,
                    new VolumeCapture.Mount(id, volume.destination(), mountsWithin(volume.destination())));
        }
        sink.sendDocuments(JsonObject.create()
                .put("lifeboat", "app")
                .put("version", 1)
                .put("kind", "container")
                .put("name", name)
                .put("id", id)
                .put("image", image.string("Id"))
                .put(
                        "engine",
                        client.get("/version", "ask the engine for its version").string("Version"))
                .put("quiesce", quiesce.name())
                .put("wasRunning", inspect.object("State").flag("Running"))
                .put("begun", begun.toString())
                .put("ended", Instant.now().toString()));
    }

    private Map<String, Volume> volumes() throws IOException {
        Map<String, Volume> volumes = new TreeMap<>((a, b) -> ByteString.utf8(a).compareTo(ByteString.utf8(b)));
        for (JsonObject mount : inspect.objects("Mounts")) {
            if (mount.string("Type").equals("volume")) {
                String volumeName = mount.string("Name");
                String destination = mount.string("Destination");
                JsonObject volume =
                        client.get("/volumes/" + EngineClient.encode(volumeName), "inspect volume " + volumeName);
                boolean anonymous = isAnonymous(volumeName);
                String key = anonymous ? anonymousKey(name, destination) : volumeName;
                volumes.putIfAbsent(
                        key,
                        new Volume(
                                key,
                                destination,
                                volume,
                                VolumeCapture.document(volume, anonymous, Optional.of(destination))));
            }
        }
        return volumes;
    }

    /** The engine names an anonymous volume at random, and a user may name one just so; no harm comes of taking it for one. */
    static boolean isAnonymous(String volume) {
        return volume.matches("[0-9a-f]{64}");
    }

    /** Its own name is gone once the container is created anew; where it is mounted is not. */
    static String anonymousKey(String container, String destination) {
        return container + ":" + destination.replace("%", "%25").replace("/", "%2F");
    }

    /** What else is mounted below a mount, as seen from there. */
    private Set<EntryPath> mountsWithin(String destination) throws IOException {
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

    private Set<EntryPath> mountPlaces() throws IOException {
        Set<EntryPath> places = new HashSet<>();
        for (JsonObject mount : inspect.objects("Mounts")) {
            String destination =
                    Path.of(mount.string("Destination")).normalize().toString();
            if (destination.length() > 1) {
                places.add(EntryPath.of(destination.substring(1)));
            }
        }
        return places;
    }

    private void sendBinds(FidelitySink sink, LocalPaths local) throws IOException {
        List<JsonObject> binds = new ArrayList<>();
        for (JsonObject mount : inspect.objects("Mounts")) {
            if (mount.string("Type").equals("bind")) {
                binds.add(mount);
            }
        }
        if (binds.isEmpty()) {
            return;
        }
        if (!bindMounts) {
            for (JsonObject bind : binds) {
                sink.report(new Problem(
                        Documents.MOUNTS,
                        Problem.Kind.SKIPPED,
                        "bind mount " + bind.string("Source") + " at " + bind.string("Destination")
                                + " was not asked for (withBindMounts())"));
            }
            return;
        }
        Documents.directory(sink, Documents.MOUNTS);
        int width = Integer.toString(binds.size()).length();
        for (int i = 0; i < binds.size(); i++) {
            String number = String.format("%0" + width + "d", i);
            sendBind(sink, local, Documents.MOUNTS.resolve(number), binds.get(i));
        }
    }

    private void sendBind(FidelitySink sink, LocalPaths local, EntryPath place, JsonObject bind) throws IOException {
        Documents.directory(sink, place);
        Documents.send(sink, place.resolve("bind.json"), bind.toPrettyBytes());
        Optional<Path> path = local.bind(bind.string("Source"));
        EntryPath data = place.resolve("data");
        if (path.isPresent() && Files.isDirectory(path.get())) {
            sink.note(data, "host path");
            DirectorySource.of(path.get()).oneFileSystem().sendTo(new MovedSink(sink, data));
        } else {
            sink.noteLoss(data, "engine API", ArchiveStream.LOSES);
            ArchiveStream archive = new ArchiveStream(client, id);
            archive.sendOne(sink, bind.string("Destination"), data);
            if (path.isEmpty()) {
                MovedSink moved = new MovedSink(sink, data);
                archive.sendTo(moved, bind.string("Destination"), EntryPath::isRoot);
            }
        }
    }

    private void sendConfiguration(FidelitySink sink, JsonObject image, Map<String, Volume> volumes)
            throws IOException {
        Documents.directory(sink, Documents.CONTAINERS);
        EntryPath place = Documents.CONTAINERS.resolve(ByteString.utf8(name));
        Documents.directory(sink, place);
        List<@Nullable Object> used = new ArrayList<>();
        for (Volume volume : volumes.values()) {
            used.add(JsonObject.create()
                    .put("key", volume.key())
                    .put("destination", volume.destination())
                    .put("volume", volume.document())
                    .members());
        }
        JsonObject document = JsonObject.create()
                .put("lifeboat", "container")
                .put("version", 1)
                .put("name", name)
                .put(
                        "image",
                        JsonObject.create()
                                .put("id", image.string("Id"))
                                .put("layers", ImageCapture.layers(image))
                                .put("tags", image.strings("RepoTags")))
                .put("volumes", used)
                .put("inspect", inspect);
        Documents.send(sink, place.resolve("config.json"), document.toPrettyBytes());
    }

    private void sendNetworks(FidelitySink sink) throws IOException {
        Documents.directory(sink, Documents.NETWORKS);
        Map<String, JsonObject> networks =
                new TreeMap<>((a, b) -> ByteString.utf8(a).compareTo(ByteString.utf8(b)));
        for (String network : inspect.objectOrEmpty("NetworkSettings")
                .objectOrEmpty("Networks")
                .members()
                .keySet()) {
            if (!Set.of("bridge", "host", "none").contains(network)) {
                // By file name: in canonical order "a-b.json" comes before "a.json".
                networks.put(
                        network + ".json",
                        client.get("/networks/" + EngineClient.encode(network), "inspect network " + network));
            }
        }
        for (Map.Entry<String, JsonObject> network : networks.entrySet()) {
            JsonObject document = JsonObject.create()
                    .put("lifeboat", "network")
                    .put("version", 1)
                    // Who is in it changes all the time, and belongs to them.
                    .put("inspect", network.getValue().remove("Containers"));
            Documents.send(
                    sink, Documents.NETWORKS.resolve(ByteString.utf8(network.getKey())), document.toPrettyBytes());
        }
    }
}
