package dev.lifeboat.docker;

import dev.lifeboat.docker.ContainerRestore.RestoreOptions;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a container is to be created from: the inspect of the snapshot, with the new names in it. Whatever is not mentioned here is passed to
 * the engine as it was.
 */
final class Blueprint {
    /** Networks that every engine has, and modes that are none. */
    private static final Set<String> BUILT_IN = Set.of("default", "bridge", "host", "none");

    private final JsonObject inspect;
    private final RestoreOptions options;
    private final List<String> losses = new ArrayList<>();
    private final String oldName;
    private final JsonObject image;
    private final List<JsonObject> volumes;

    Blueprint(JsonObject document, RestoreOptions options) throws IOException {
        this.inspect = document.object("inspect");
        this.options = options;
        this.oldName = document.string("name");
        this.image = document.object("image");
        this.volumes = document.objects("volumes");
    }

    String name() {
        return options.newName().orElse(oldName);
    }

    String imageId() throws IOException {
        return image.string("id");
    }

    /** What the container called its image. */
    String imageName() throws IOException {
        return inspect.object("Config").string("Image");
    }

    Map<String, List<String>> imageLayers() throws IOException {
        return Map.of(imageId(), image.strings("layers"));
    }

    boolean wasRunning() throws IOException {
        return inspect.object("State").flag("Running");
    }

    /** The volumes of the container: key, destination, document. */
    List<JsonObject> volumes() {
        return volumes;
    }

    /** The name that a named volume gets. */
    String volumeName(String captured) {
        String given = options.volumes().get(captured);
        return given != null
                ? given
                : options.newName().map(name -> name + "_" + captured).orElse(captured);
    }

    /** The name of the network that takes the place of a captured one. */
    String networkName(String captured) {
        return options.networks().getOrDefault(captured, captured);
    }

    /** What the create call takes, but for the image, which depends on the engine's tags. */
    JsonObject body(String imageReference, boolean noCopy) throws IOException {
        JsonObject body = copy(inspect.object("Config"));
        body.put("Image", imageReference);
        String shortId = inspect.string("Id").substring(0, 12);
        if (body.optionalString("Hostname").orElse("").equals(shortId)) {
            // Made of the id by the engine, which makes another one of the new id.
            body.remove("Hostname");
        }
        String mode = inspect.object("HostConfig").optionalString("NetworkMode").orElse("default");
        if (mode.startsWith("container:")) {
            // The engine tells those of the other container here, and takes them from nobody.
            body.remove("Hostname").remove("Domainname").remove("ExposedPorts").remove("MacAddress");
        }
        if (!options.inPlace() && !body.optionalString("MacAddress").orElse("").isEmpty()) {
            losses.add("its fixed MAC address was not taken, the original may hold it");
            body.remove("MacAddress");
        }
        body.put("HostConfig", hostConfig(noCopy));
        Map<String, JsonObject> endpoints = endpoints();
        String main = mainNetwork(endpoints.keySet());
        if (!main.isEmpty()) {
            JsonObject endpoint = endpoints.getOrDefault(main, JsonObject.create());
            body.put(
                    "NetworkingConfig",
                    JsonObject.create()
                            .put("EndpointsConfig", JsonObject.create().put(main, endpoint)));
        }
        return body;
    }

    private static JsonObject copy(JsonObject object) {
        return JsonObject.of(new LinkedHashMap<>(object.members()), object.toString());
    }

    private JsonObject hostConfig(boolean noCopy) throws IOException {
        JsonObject host = copy(inspect.object("HostConfig"));
        List<@Nullable Object> binds = new ArrayList<>();
        for (String bind : host.strings("Binds")) {
            binds.add(renamedBind(bind, noCopy));
        }
        List<@Nullable Object> mounts = new ArrayList<>();
        for (JsonObject mount : host.objects("Mounts")) {
            boolean named = mount.string("Type").equals("volume") && mount.has("Source");
            JsonObject renamed = named ? copy(mount).put("Source", volumeName(mount.string("Source"))) : copy(mount);
            if (noCopy && mount.string("Type").equals("volume")) {
                renamed.put(
                        "VolumeOptions",
                        copy(mount.objectOrEmpty("VolumeOptions")).put("NoCopy", true));
            }
            mounts.add(renamed.members());
        }
        if (!options.inPlace() && host.has("VolumesFrom")) {
            // They would be the originals themselves.
            host.remove("VolumesFrom");
            addFromOthers(binds, mounts);
        }
        if (noCopy) {
            addAnonymous(mounts);
        }
        if (!binds.isEmpty()) {
            host.put("Binds", binds);
        }
        if (!mounts.isEmpty()) {
            host.put("Mounts", mounts);
        }
        if (options.withoutPorts()) {
            host.remove("PortBindings").put("PublishAllPorts", false);
        }
        String mode = host.optionalString("NetworkMode").orElse("default");
        if (!BUILT_IN.contains(mode) && !mode.startsWith("container:")) {
            host.put("NetworkMode", networkName(mode));
        }
        // A path of the engine's own, which it makes anew.
        return host.remove("ContainerIDFile");
    }

    /** {@code name:/destination[:options]}; what begins with a slash is a path of the host. */
    private String renamedBind(String bind, boolean noCopy) {
        int colon = bind.indexOf(':');
        if (bind.startsWith("/") || colon < 0) {
            return bind;
        }
        String renamed = volumeName(bind.substring(0, colon)) + bind.substring(colon);
        if (!noCopy || bind.contains("nocopy")) {
            return renamed;
        }
        boolean hasOptions = bind.indexOf(':', colon + 1) >= 0;
        return renamed + (hasOptions ? ",nocopy" : ":nocopy");
    }

    /** Volumes that came from other containers, as volumes of this one. */
    private void addFromOthers(List<@Nullable Object> binds, List<@Nullable Object> mounts) throws IOException {
        Set<String> own = new HashSet<>(
                inspect.object("Config").objectOrEmpty("Volumes").members().keySet());
        for (Object bind : binds) {
            String[] parts = String.valueOf(bind).split(":", -1);
            own.add(parts.length > 1 ? parts[1] : parts[0]);
        }
        for (JsonObject mount : inspect.object("HostConfig").objects("Mounts")) {
            own.add(mount.string("Target"));
        }
        for (JsonObject mount : inspect.objects("Mounts")) {
            String destination = mount.string("Destination");
            if (own.contains(destination)) {
                continue;
            }
            String mode = mount.flag("RW") ? "" : ":ro";
            if (mount.string("Type").equals("bind")) {
                binds.add(mount.string("Source") + ":" + destination + mode);
            } else if (ContainerCapture.isAnonymous(mount.optionalString("Name").orElse(""))) {
                mounts.add(JsonObject.create()
                        .put("Type", "volume")
                        .put("Target", destination)
                        .members());
            } else {
                binds.add(volumeName(mount.string("Name")) + ":" + destination + mode);
            }
        }
    }

    /** So that the engine does not put the image's files into anonymous volumes, where the API could not delete them again. */
    private void addAnonymous(List<@Nullable Object> mounts) throws IOException {
        for (JsonObject volume : volumes) {
            JsonObject document = volume.object("volume");
            String target = volume.string("destination");
            boolean listed =
                    mounts.stream().anyMatch(m -> m instanceof Map<?, ?> mount && target.equals(mount.get("Target")));
            if (document.flag("anonymous") && !listed) {
                mounts.add(JsonObject.create()
                        .put("Type", "volume")
                        .put("Target", target)
                        .put(
                                "VolumeOptions",
                                JsonObject.create()
                                        .put("NoCopy", true)
                                        .put("Labels", document.objectOrEmpty("labels"))
                                        .put(
                                                "DriverConfig",
                                                JsonObject.create()
                                                        .put("Name", document.string("driver"))
                                                        .put("Options", document.objectOrEmpty("options"))))
                        .members());
            }
        }
    }

    /** The network that the container is created in; empty if that is a built-in one. The others are connected afterwards. */
    String mainNetwork(Set<String> all) throws IOException {
        String mode = inspect.object("HostConfig").optionalString("NetworkMode").orElse("default");
        if (mode.startsWith("container:") || mode.equals("host") || mode.equals("none")) {
            return "";
        }
        String mapped = networkName(mode);
        return all.contains(mapped) ? mapped : "";
    }

    /** Endpoints by network, with aliases and fixed addresses, without what the engine gave. */
    Map<String, JsonObject> endpoints() throws IOException {
        Map<String, JsonObject> endpoints = new TreeMap<>();
        String shortId = inspect.string("Id").substring(0, 12);
        JsonObject networks = inspect.objectOrEmpty("NetworkSettings").objectOrEmpty("Networks");
        for (String network : networks.members().keySet()) {
            if (BUILT_IN.contains(network)) {
                continue;
            }
            JsonObject captured = networks.object(network);
            JsonObject endpoint = JsonObject.create();
            List<String> aliases = captured.strings("Aliases").stream()
                    .filter(alias -> !alias.equals(shortId))
                    .toList();
            if (!aliases.isEmpty()) {
                endpoint.put("Aliases", aliases);
            }
            if (captured.has("Links")) {
                endpoint.put("Links", captured.strings("Links"));
            }
            if (captured.has("DriverOpts")) {
                endpoint.put("DriverOpts", captured.object("DriverOpts"));
            }
            JsonObject fixed = captured.objectOrEmpty("IPAMConfig");
            if (!fixed.members().isEmpty()) {
                if (options.inPlace()) {
                    endpoint.put("IPAMConfig", fixed);
                } else {
                    losses.add("its fixed address in network " + network + " was not taken, the original may hold it");
                }
            }
            endpoints.put(networkName(network), endpoint);
        }
        return endpoints;
    }

    /** What could not be the same, for the report. */
    List<Problem> losses() {
        return losses.stream()
                .distinct()
                .map(detail -> new Problem(
                        Documents.CONTAINERS.resolve(dev.lifeboat.entry.ByteString.utf8(oldName)),
                        Problem.Kind.DEGRADED,
                        detail))
                .toList();
    }
}
