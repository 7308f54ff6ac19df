package dev.lifeboat.docker;

import dev.lifeboat.docker.ContainerRestore.RestoreOptions;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Makes networks, volumes and the container, and gives the ways to their files. Each step that changes something on the engine leaves the
 * step that undoes it; {@link #undo} takes them in reverse.
 */
final class ContainerAssembly {
    private final EngineClient client;
    private final Blueprint blueprint;
    private final RestoreOptions options;
    private final RestoreRequest request;
    private final Map<String, JsonObject> networks;
    private final Deque<Uninterrupted.Call> undos = new ArrayDeque<>();
    private Optional<JsonObject> old = Optional.empty();
    private @Nullable JsonObject container;
    private @Nullable LocalPaths local;

    ContainerAssembly(
            EngineClient client,
            Blueprint blueprint,
            RestoreOptions options,
            RestoreRequest request,
            Map<String, JsonObject> networks) {
        this.client = client;
        this.blueprint = blueprint;
        this.options = options;
        this.request = request;
        this.networks = networks;
    }

    void begin() throws IOException {
        String name = blueprint.name();
        old = client.find("/containers/" + EngineClient.encode(name) + "/json", "look for container " + name)
                .filter(found -> isNamed(found, name));
        if (!options.inPlace() && old.isPresent()) {
            throw new DockerException(
                    DockerException.Kind.ALREADY_EXISTS,
                    "container " + name + " exists already; choose another name, or containerInPlace()");
        }
        checkVolumes();
        if (request.dryRun()) {
            container = old.orElse(null);
            if (container != null) {
                local = LocalPaths.of(client, container.string("Id"));
            } else {
                request.listener().changed(new RestoreChange(Documents.CONTAINERS, RestoreChange.Action.CREATE));
            }
            return;
        }
        makeNetworks();
        makeVolumes();
        if (old.isPresent()) {
            setAside(old.get(), name);
        }
        create(name);
    }

    /** The engine also finds containers by the beginning of their id. */
    private static boolean isNamed(JsonObject inspect, String name) {
        try {
            return ContainerSource.nameOf(inspect).equals(name);
        } catch (IOException e) {
            return false;
        }
    }

    private void checkVolumes() throws IOException {
        for (JsonObject volume : blueprint.volumes()) {
            if (options.inPlace() || volume.object("volume").flag("anonymous")) {
                continue;
            }
            String name = blueprint.volumeName(volume.string("key"));
            if (VolumeRestore.find(client, name).isPresent()) {
                throw new DockerException(
                        DockerException.Kind.ALREADY_EXISTS,
                        "volume " + name + " exists already; remove it, or give another name: .volume(\""
                                + volume.string("key") + "\", ..)");
            }
        }
    }

    private void makeNetworks() throws IOException {
        for (Map.Entry<String, JsonObject> network : networks.entrySet()) {
            String name = blueprint.networkName(network.getKey());
            if (client.find("/networks/" + EngineClient.encode(name), "look for network " + name)
                    .isPresent()) {
                continue;
            }
            JsonObject inspect = network.getValue();
            JsonObject body = JsonObject.create().put("Name", name).put("CheckDuplicate", true);
            for (String field : new String[] {
                "Driver",
                "Internal",
                "Attachable",
                "Ingress",
                "EnableIPv6",
                "IPAM",
                "Options",
                "Labels",
                "Scope",
                "ConfigOnly"
            }) {
                // A network beside the original cannot have its addresses, nor its bridge.
                boolean taken = !name.equals(network.getKey()) && (field.equals("IPAM") || field.equals("Options"));
                if (inspect.has(field) && !taken) {
                    body.put(field, inspect.members().get(field));
                }
            }
            String id = client.post("/networks/create", body, "create network " + name)
                    .string("Id");
            undos.push(() -> client.delete("/networks/" + id, "remove network " + name));
        }
    }

    private void makeVolumes() throws IOException {
        for (JsonObject volume : blueprint.volumes()) {
            JsonObject document = volume.object("volume");
            String name = blueprint.volumeName(volume.string("key"));
            if (!document.flag("anonymous") && VolumeRestore.find(client, name).isEmpty()) {
                JsonObject made = VolumeRestore.create(client, name, document);
                undos.push(() ->
                        client.delete("/volumes/" + EngineClient.encode(made.string("Name")), "remove volume " + name));
            }
        }
    }

    /** Stops the old one and takes its name from it, so that both can be there until the new one is whole. */
    private void setAside(JsonObject inspect, String name) throws IOException {
        String id = inspect.string("Id");
        JsonObject state = inspect.object("State");
        if (inspect.object("HostConfig").flag("AutoRemove") && state.flag("Running")) {
            throw new IOException(
                    "container " + name + " was run with --rm, so it is lost once it is stopped; remove it"
                            + " yourself first if it is to be replaced");
        }
        String aside = name + "-lifeboat-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        if (state.flag("Running")) {
            undos.push(() -> {
                // A stop that was cut short goes on by itself; awaited, lest it comes after the start.
                client.post("/containers/" + id + "/stop", null, "stop container " + name);
                client.post("/containers/" + id + "/start", null, "start container " + name);
            });
            if (state.flag("Paused")) {
                client.post("/containers/" + id + "/unpause", null, "unpause container " + name);
            }
            client.post("/containers/" + id + "/stop", null, "stop container " + name);
        }
        undos.push(() ->
                client.post("/containers/" + id + "/rename?name=" + name, null, "rename " + aside + " to " + name));
        client.post("/containers/" + id + "/rename?name=" + aside, null, "rename container " + name);
    }

    private void create(String name) throws IOException {
        boolean noCopy = !LocalPaths.of(client).seesFiles();
        String id = client.post(
                        "/containers/create?name=" + EngineClient.encode(name),
                        blueprint.body(imageReference(), noCopy),
                        "create container " + name)
                .string("Id");
        undos.push(() -> client.delete("/containers/" + id + "?force=1&v=1", "remove container " + name));
        Map<String, JsonObject> endpoints = blueprint.endpoints();
        String main = blueprint.mainNetwork(endpoints.keySet());
        for (Map.Entry<String, JsonObject> endpoint : endpoints.entrySet()) {
            if (!endpoint.getKey().equals(main)) {
                JsonObject body = JsonObject.create().put("Container", id).put("EndpointConfig", endpoint.getValue());
                client.post(
                        "/networks/" + EngineClient.encode(endpoint.getKey()) + "/connect",
                        body,
                        "connect container " + name + " to network " + endpoint.getKey());
            }
        }
        if (noCopy && !blueprint.volumes().isEmpty()) {
            tell(
                    Problem.Kind.DEGRADED,
                    "its volumes are mounted with nocopy: written through the engine's API, which deletes nothing");
        }
        blueprint.losses().forEach(request.listener()::problem);
        container = ContainerSource.inspect(client, id);
        local = LocalPaths.of(client, id);
        request.listener().changed(new RestoreChange(Documents.CONTAINERS, RestoreChange.Action.CREATE));
    }

    private void tell(Problem.Kind kind, String detail) {
        request.listener().problem(new Problem(Documents.CONTAINERS, kind, detail));
    }

    /** The name the container used, if it means the same image here; else the image itself. */
    private String imageReference() throws IOException {
        String id = blueprint.imageId();
        String name = blueprint.imageName();
        Optional<JsonObject> named = name.isEmpty()
                ? Optional.empty()
                : client.find("/images/" + EngineClient.encode(name) + "/json", "look for image " + name);
        if (named.isPresent() && named.get().string("Id").equals(id)) {
            return name;
        }
        if (client.find("/images/" + id + "/json", "look for image " + id).isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND,
                    "the engine has no image " + id + ", and the snapshot was taken without it; pull " + name
                            + " first");
        }
        tell(Problem.Kind.DEGRADED, "its image is given by digest, since " + name + " means another one here, or none");
        return id;
    }

    /** Whether there is a container to compare with, or one was made. */
    boolean isThere() {
        return container != null;
    }

    /** Opens the way to the writable layer or the volume that lies at a place of the snapshot. */
    VolumeWriter writer(EntryPath place) throws IOException {
        JsonObject to = container;
        LocalPaths paths = local;
        if (to == null || paths == null) {
            throw new IllegalStateException("there is no container yet");
        }
        if (place.startsWith(Documents.ROOTFS)) {
            return LayerWriter.open(place, client, to, paths.writableLayer(to), request);
        }
        String key = place.parent().name().toString();
        for (JsonObject volume : blueprint.volumes()) {
            if (volume.string("key").equals(key)) {
                return volumeWriter(place, to, paths, volume);
            }
        }
        throw new IOException("the snapshot holds a volume " + key + " that its container does not use");
    }

    private VolumeWriter volumeWriter(EntryPath place, JsonObject to, LocalPaths paths, JsonObject volume)
            throws IOException {
        String destination = volume.string("destination");
        for (JsonObject mount : to.objects("Mounts")) {
            if (mount.string("Destination").equals(destination)
                    && mount.string("Type").equals("volume")) {
                String name = mount.string("Name");
                boolean anonymous = volume.object("volume").flag("anonymous");
                if (anonymous
                        ? !ContainerCapture.isAnonymous(name)
                        : !name.equals(blueprint.volumeName(volume.string("key")))) {
                    throw new IOException("at " + destination + " the container has volume " + name
                            + ", which is none that was made for it; it is not written to");
                }
                JsonObject inspect = VolumeRestore.find(client, name)
                        .orElseThrow(() -> new DockerException(
                                DockerException.Kind.NOT_FOUND, "volume " + name + " has vanished"));
                Optional<Path> path = paths.volume(inspect);
                if (path.isEmpty() && options.inPlace() && !request.dryRun()) {
                    VolumeWriter.tellNoDeletion(place, request);
                }
                return path.isPresent()
                        ? VolumeWriter.toHost(place, path.get(), request)
                        : VolumeWriter.toContainer(place, client, to.string("Id"), destination, request);
            }
        }
        throw new IOException("the container has no volume at " + destination);
    }

    /** All is in its place: starts what was running, and removes the one that was replaced. */
    void commit() throws IOException {
        JsonObject made = container;
        if (request.dryRun() || made == null) {
            return;
        }
        boolean ran = old.isPresent() && old.get().object("State").flag("Running");
        if (options.start() || options.inPlace() && (ran || old.isEmpty() && blueprint.wasRunning())) {
            String name = blueprint.name();
            client.post("/containers/" + made.string("Id") + "/start", null, "start container " + name);
        }
        undos.clear();
        if (old.isPresent()) {
            client.delete("/containers/" + old.get().string("Id") + "?force=1&v=1", "remove the replaced container");
        }
    }

    /** Takes everything back, as far as it goes; the first failure is thrown at the end. */
    void undo() throws IOException {
        IOException failure = null;
        while (!undos.isEmpty()) {
            try {
                undos.pop().run();
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
