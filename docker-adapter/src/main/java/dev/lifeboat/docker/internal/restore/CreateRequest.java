package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.EngineInfo.Product;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ConfigMerge;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.Identity;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.restore.RestoreOptions.Ports;
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
    private final PlanContext context;
    private final ContainerSpec container;
    private final ContainerDocument document;

    CreateRequest(PlanContext context, ContainerDocument document) {
        this.context = context;
        this.container = document.container();
        this.document = document;
    }

    /** The names of all named volumes, by key. */
    Map<String, String> volumeNames() {
        Map<String, String> names = new TreeMap<>();
        for (CapturedVolume volume : document.volumes()) {
            if (!volume.anonymous()) {
                names.put(volume.key(), context.volumeName(volume.key()));
            }
        }
        return names;
    }

    /**
     * The body of the call.
     *
     * @param image name or id of the image here
     * @param imageId its id here; empty if it is not there yet
     */
    JsonObject body(String image, Optional<String> imageId) throws IOException {
        JsonObject body =
                ConfigMerge.toSend(container.config(), document.image().config());
        body.put("Image", image);
        String networkMode = networkMode();
        hostName(body, networkMode);
        if (ContainerSpec.containerOf(networkMode).isPresent()) {
            // The engine shows those of the other container, and accepts none.
            body.remove("ExposedPorts").remove("MacAddress");
        }
        if (!context.naming().isInPlace()) {
            withoutIdentity(body);
        } else if (Identity.isMarked(container.labels())) {
            body.put("Labels", Identity.withoutMarks(container.labels()));
        }
        body = ContainerSettings.of(context.options().settings(), document).applied(body);
        if (!context.naming().isInPlace()) {
            warnOfActors(body);
        }
        nameImage(body, imageId);
        body.put("HostConfig", hostConfig(networkMode));
        if (context.engine().product() == Product.PODMAN) {
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
        return context.networkName(document.names().getOrDefault(mode, mode));
    }

    /** A mode that refers to a container: by name, since its id changes when it is created anew. */
    private String sharedWith(String field, String mode) throws IOException {
        Optional<String> target = ContainerSpec.containerOf(mode);
        if (target.isEmpty()) {
            return mode;
        }
        String name = context.containerName(document, target.get());
        if (!context.hasContainer(name)) {
            context.conflict(
                    Conflict.Kind.MISSING_CONTAINER,
                    "container " + name,
                    "its namespace is shared (" + field + "), and there is no such container",
                    "restore or create that one first");
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
            context.warn(document, "the fixed MAC address is left out: the original may have it");
            body.remove("MacAddress");
        }
        Map<String, String> labels = container.labels();
        Map<String, String> kept = context.naming().containerLabels(labels);
        body.put("Labels", kept);
        List<String> owners = labels.keySet().stream()
                .filter(label -> Identity.isOwner(label) && !context.naming().isProject())
                .sorted()
                .toList();
        if (!owners.isEmpty()) {
            context.warn(
                    document,
                    "labels of orchestrators are left out, or these would take the copy for theirs: "
                            + String.join(", ", owners));
        }
    }

    private void warnOfActors(JsonObject body) throws IOException {
        List<String> actors = body.stringMap("Labels").keySet().stream()
                .filter(Identity::isActor)
                .sorted()
                .toList();
        if (!actors.isEmpty()) {
            context.warn(
                    document,
                    "programs that act on these labels will act on the copy, too: " + String.join(", ", actors));
        }
    }

    /** Compose v2 creates a container anew if its image has another id, as it has on another engine. */
    private void nameImage(JsonObject body, Optional<String> imageId) throws IOException {
        Map<String, String> labels = new TreeMap<>(body.stringMap("Labels"));
        String captured = labels.get(ComposeLabels.IMAGE);
        if (captured != null && imageId.isPresent() && document.image().ids().contains(captured)) {
            labels.put(ComposeLabels.IMAGE, imageId.get());
            body.put("Labels", labels);
        }
    }

    private JsonObject hostConfig(String networkMode) throws IOException {
        JsonObject host = container.hostConfig().copy();
        new MountPlan(context, document).apply(host);
        ports(host);
        host.put("NetworkMode", networkMode);
        for (String field : new String[] {"PidMode", "IpcMode"}) {
            String mode = container.mode(field);
            if (!mode.isEmpty()) {
                host.put(field, sharedWith(field, mode));
            }
        }
        if (!context.naming().isInPlace()) {
            warnOfDevices(host);
        }
        List<String> links = new ArrayList<>();
        for (String link : host.strings("Links")) {
            String target = ContainerSpec.linked(link);
            String name = context.containerName(document, target);
            links.add(name.equals(target) ? link : "/" + name + link.substring(link.indexOf(':')));
            if (!context.hasContainer(name)) {
                context.conflict(
                        Conflict.Kind.MISSING_CONTAINER,
                        "container " + name,
                        "a link refers to it, and there is no such container",
                        "restore or create that one first");
            }
        }
        if (!links.isEmpty()) {
            host.put("Links", links);
        }
        // A path on the client's side.
        return host.remove("ContainerIDFile");
    }

    private void ports(JsonObject host) throws IOException {
        Ports ports = context.options().ports();
        Map<String, String> remapped = context.options().remapping().ports();
        if (ports == Ports.NONE) {
            host.put("PublishAllPorts", false);
        }
        JsonObject bindings = JsonObject.create();
        JsonObject captured = host.objectOrEmpty("PortBindings");
        for (String exposed : captured.members().keySet()) {
            List<@Nullable Object> changed = new ArrayList<>();
            List<JsonObject> published =
                    captured.members().get(exposed) == null ? List.of() : captured.objects(exposed);
            for (JsonObject binding : published) {
                String port = binding.optionalString("HostPort").orElse("");
                if (ports == Ports.NONE && !remapped.containsKey(port)) {
                    continue;
                }
                String other = remapped.getOrDefault(port, ports == Ports.FREE ? "" : port);
                changed.add(binding.copy().put("HostPort", other).members());
            }
            if (!changed.isEmpty() || published.isEmpty()) {
                bindings.put(exposed, changed);
            }
        }
        if (bindings.members().isEmpty() && ports == Ports.NONE) {
            host.remove("PortBindings");
        } else if (host.has("PortBindings")) {
            host.put("PortBindings", bindings);
        }
    }

    /** Unlike a path, a device is not storage by itself; only the user knows whether two containers may write to it. */
    private void warnOfDevices(JsonObject host) throws IOException {
        for (JsonObject device : host.objects("Devices")) {
            if (device.optionalString("CgroupPermissions").orElse("").contains("w")) {
                context.warn(
                        document,
                        "the copy writes to device "
                                + device.optionalString("PathOnHost").orElse("")
                                + " of the host, as the original does");
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
            boolean shared = context.networkName(network).equals(network);
            boolean others =
                    context.engine().network(context.networkName(network)).isPresent();
            List<String> aliases = shared && context.options().withoutSharedAliases()
                    ? List.of()
                    : aliases(captured.getValue(), shared || others);
            if (!aliases.isEmpty()) {
                endpoint.put("Aliases", aliases);
            }
            for (String field : new String[] {"DriverOpts", "GwPriority"}) {
                if (captured.getValue().has(field)) {
                    endpoint.put(field, captured.getValue().members().get(field));
                }
            }
            List<String> links = new ArrayList<>();
            for (String link : captured.getValue().strings("Links")) {
                String target = ContainerSpec.linked(link);
                links.add(context.containerName(document, target) + link.substring(target.length()));
            }
            if (captured.getValue().has("Links")) {
                endpoint.put("Links", links);
            }
            JsonObject fixed = captured.getValue().objectOrEmpty("IPAMConfig");
            if (!fixed.members().isEmpty()) {
                fixedAddress(network, fixed).ifPresent(address -> endpoint.put("IPAMConfig", address));
            }
            endpoints.put(context.networkName(network), endpoint);
        }
        return endpoints;
    }

    /**
     * Without what the engine made of the id. In a copy the name of the container is another one; in a network of the
     * copy's own, others of the application find it under the one that they know as well.
     *
     * @param shared whether others may be in the network, such as the original
     */
    private List<String> aliases(JsonObject endpoint, boolean shared) throws IOException {
        List<String> aliases = new ArrayList<>();
        boolean renamed = context.options().isApplication()
                && !context.naming().container(container).equals(container.name());
        if (renamed && !shared) {
            aliases.add(container.name());
        }
        for (String alias : endpoint.strings("Aliases")) {
            if (alias.equals(container.name())) {
                aliases.add(context.options().isApplication() ? context.naming().container(container) : alias);
            } else if (!alias.equals(container.shortId())) {
                aliases.add(alias);
            }
        }
        return aliases;
    }

    /** The fixed address in the range that its network gets. */
    private Optional<JsonObject> fixedAddress(String network, JsonObject fixed) throws IOException {
        JsonObject moved = fixed.copy();
        boolean any = false;
        for (String field : new String[] {"IPv4Address", "IPv6Address"}) {
            String address = fixed.optionalString(field).orElse("");
            if (address.isEmpty()) {
                continue;
            }
            Optional<String> other = context.movedAddress(network, address);
            if (other.isPresent()) {
                moved.put(field, other.get());
                any = true;
            } else {
                moved.remove(field);
                context.warn(
                        document, "the fixed address in network " + network + " is left out: the original may have it");
            }
        }
        return any ? Optional.of(moved) : Optional.empty();
    }
}
