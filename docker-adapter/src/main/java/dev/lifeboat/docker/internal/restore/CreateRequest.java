package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ConfigMerge;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.Identity;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The call that creates a container, made from the inspect of the snapshot: fields that are not mentioned here are
 * passed on as they were. What the user chose is kept; what the engine chose is left to the engine.
 */
final class CreateRequest {
    private final ContainerSpec container;
    private final ContainerDocument document;
    private final ContainerRestoreOptions options;
    private final EngineView engine;
    private final List<Conflict> conflicts;
    private final List<String> warnings;

    CreateRequest(
            ContainerDocument document,
            ContainerRestoreOptions options,
            EngineView engine,
            List<Conflict> conflicts,
            List<String> warnings) {
        this.container = document.container();
        this.document = document;
        this.options = options;
        this.engine = engine;
        this.conflicts = conflicts;
        this.warnings = warnings;
    }

    /** The name that a named volume gets. */
    String volumeName(String captured) {
        String given = options.remapping().volumes().get(captured);
        return given != null
                ? given
                : options.newName().map(name -> name + "_" + captured).orElse(captured);
    }

    /** The names of all named volumes, by key. */
    Map<String, String> volumeNames() {
        Map<String, String> names = new TreeMap<>();
        for (CapturedVolume volume : document.volumes()) {
            if (!volume.anonymous()) {
                names.put(volume.key(), volumeName(volume.key()));
            }
        }
        return names;
    }

    private String networkName(String captured) {
        return options.remapping().networks().getOrDefault(captured, captured);
    }

    /** The body of the call. */
    JsonObject body(String image) throws IOException {
        JsonObject body =
                ConfigMerge.toSend(container.config(), document.image().config());
        body.put("Image", image);
        String networkMode = networkMode();
        hostName(body, networkMode);
        if (ContainerSpec.containerOf(networkMode).isPresent()) {
            // The engine shows those of the other container, and accepts none.
            body.remove("ExposedPorts").remove("MacAddress");
        }
        if (!options.isInPlace()) {
            withoutIdentity(body);
        }
        body.put("HostConfig", hostConfig(networkMode));
        if (engine.product() == Product.PODMAN) {
            withoutDuplicateMounts(body);
        }
        Map<String, JsonObject> endpoints = endpoints();
        String main = mainNetwork(networkMode, endpoints);
        if (!main.isEmpty()) {
            JsonObject configs = JsonObject.create().put(main, endpoints.get(main));
            body.put("NetworkingConfig", JsonObject.create().put("EndpointsConfig", configs));
        }
        return body;
    }

    /** Podman refuses a path that is both declared as a volume and mounted. */
    private static void withoutDuplicateMounts(JsonObject body) throws IOException {
        Map<String, @Nullable Object> volumes =
                new TreeMap<>(body.objectOrEmpty("Volumes").members());
        for (JsonObject mount : body.object("HostConfig").objects("Mounts")) {
            volumes.remove(mount.string("Target"));
        }
        body.put("Volumes", volumes);
    }

    /** Endpoints of networks to which the container is connected after it was created. */
    Map<String, JsonObject> furtherEndpoints() throws IOException {
        Map<String, JsonObject> endpoints = endpoints();
        endpoints.remove(mainNetwork(networkMode(), endpoints));
        return endpoints;
    }

    /** The network that the container is created in; empty if that is a built-in one. */
    private String mainNetwork(String networkMode, Map<String, JsonObject> endpoints) {
        return endpoints.containsKey(networkMode) ? networkMode : "";
    }

    /** The network mode, with names in the place of ids. */
    private String networkMode() throws IOException {
        String mode = container.mode("NetworkMode");
        if (mode.isEmpty() || mode.equals("default")) {
            return "default";
        }
        if (ContainerSpec.containerOf(mode).isPresent()) {
            return sharedWith("NetworkMode", mode);
        }
        return networkName(document.names().getOrDefault(mode, mode));
    }

    /** A mode that refers to a container: by name, since its id changes when it is created anew. */
    private String sharedWith(String field, String mode) {
        Optional<String> target = ContainerSpec.containerOf(mode);
        if (target.isEmpty()) {
            return mode;
        }
        String name = document.names().getOrDefault(target.get(), target.get());
        if (engine.container(name).isEmpty() && engine.containerById(name).isEmpty()) {
            conflicts.add(new Conflict(
                    Conflict.Kind.MISSING_CONTAINER,
                    "container " + name,
                    "its namespace is shared (" + field + "), and there is no such container",
                    "restore or create that one first"));
        }
        return "container:" + name;
    }

    /** Made of the id by the engine, or the host's own: then the engine chooses anew. */
    private void hostName(JsonObject body, String networkMode) throws IOException {
        String hostName = body.optionalString("Hostname").orElse("");
        boolean ofHost = container.mode("UTSMode").equals("host")
                || networkMode.equals("host") && hostName.equals(document.hostName());
        boolean shared = ContainerSpec.containerOf(networkMode).isPresent();
        if (ofHost || shared || hostName.equals(container.shortId())) {
            body.remove("Hostname");
        }
        if (ofHost || shared) {
            body.remove("Domainname");
        }
    }

    /** What makes others take a copy for the original. */
    private void withoutIdentity(JsonObject body) throws IOException {
        if (!body.optionalString("MacAddress").orElse("").isEmpty()) {
            warnings.add("the fixed MAC address is left out: the original may have it");
            body.remove("MacAddress");
        }
        Map<String, String> labels = container.labels();
        body.put("Labels", Identity.withoutOwner(labels));
        List<String> owners =
                labels.keySet().stream().filter(Identity::isOwner).sorted().toList();
        if (!owners.isEmpty()) {
            warnings.add("labels of orchestrators are left out, or these would take the copy for theirs: "
                    + String.join(", ", owners));
        }
        List<String> actors =
                labels.keySet().stream().filter(Identity::isActor).sorted().toList();
        if (!actors.isEmpty()) {
            warnings.add("programs that act on these labels will act on the copy, too: " + String.join(", ", actors));
        }
    }

    private JsonObject hostConfig(String networkMode) throws IOException {
        JsonObject host = container.hostConfig().copy();
        new MountPlan(document, options, engine, conflicts, warnings, this::volumeName).apply(host);
        if (options.withoutPorts()) {
            host.remove("PortBindings").put("PublishAllPorts", false);
        }
        host.put("NetworkMode", networkMode);
        for (String field : new String[] {"PidMode", "IpcMode"}) {
            String mode = container.mode(field);
            if (!mode.isEmpty()) {
                host.put(field, sharedWith(field, mode));
            }
        }
        if (!options.isInPlace()) {
            warnOfDevices(host);
        }
        for (String link : host.strings("Links")) {
            // As inspect writes it: /db:/web/alias.
            String target = link.replaceAll("^/|:.*$", "");
            if (engine.container(target).isEmpty()) {
                conflicts.add(new Conflict(
                        Conflict.Kind.MISSING_CONTAINER,
                        "container " + target,
                        "a link refers to it, and there is no such container",
                        "restore or create that one first"));
            }
        }
        // A path on the client's side.
        return host.remove("ContainerIDFile");
    }

    /** Unlike a path, a device is not storage by itself; only the user knows whether two containers may write to it. */
    private void warnOfDevices(JsonObject host) throws IOException {
        for (JsonObject device : host.objects("Devices")) {
            if (device.optionalString("CgroupPermissions").orElse("").contains("w")) {
                warnings.add("the copy writes to device "
                        + device.optionalString("PathOnHost").orElse("") + " of the host, as the original does");
            }
        }
    }

    /** Endpoints by network, with aliases and fixed addresses, without what the engine chose. */
    private Map<String, JsonObject> endpoints() throws IOException {
        Map<String, JsonObject> endpoints = new TreeMap<>();
        for (Map.Entry<String, JsonObject> captured : container.endpoints().entrySet()) {
            String network = captured.getKey();
            if (NetworkSpec.isBuiltIn(network)) {
                continue;
            }
            JsonObject endpoint = JsonObject.create();
            List<String> aliases = new ArrayList<>(captured.getValue().strings("Aliases"));
            aliases.remove(container.shortId());
            if (!aliases.isEmpty()) {
                endpoint.put("Aliases", aliases);
            }
            for (String field : new String[] {"Links", "DriverOpts", "GwPriority"}) {
                if (captured.getValue().has(field)) {
                    endpoint.put(field, captured.getValue().members().get(field));
                }
            }
            JsonObject fixed = captured.getValue().objectOrEmpty("IPAMConfig");
            if (!fixed.members().isEmpty() && options.isInPlace()) {
                endpoint.put("IPAMConfig", fixed);
            } else if (!fixed.members().isEmpty()) {
                warnings.add("the fixed address in network " + network + " is left out: the original may have it");
            }
            endpoints.put(networkName(network), endpoint);
        }
        return endpoints;
    }
}
