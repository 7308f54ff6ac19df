package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.Identity;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One container of an isolated application: without what reaches the host, another container, or a service for logs,
 * and without what has other programs act on it.
 */
final class IsolatedContainer {
    /** Capabilities with which a process changes the host or leaves its container: capabilities(7). */
    private static final Set<String> OF_HOST = Set.of(
            "ALL",
            "BPF",
            "DAC_READ_SEARCH",
            "MAC_ADMIN",
            "MAC_OVERRIDE",
            "PERFMON",
            "SYSLOG",
            "SYS_ADMIN",
            "SYS_BOOT",
            "SYS_MODULE",
            "SYS_RAWIO",
            "SYS_TIME");

    private static final Set<String> LOCAL_LOGS =
            Set.of("json-file", "local", "journald", "none", "k8s-file", "passthrough");

    /** What gives a process more of the host, or makes it share the limits of the original. */
    private static final List<String> OF_HOST_FIELDS = List.of(
            "Annotations",
            "CgroupParent",
            "DeviceCgroupRules",
            "DeviceRequests",
            "Devices",
            "MaskedPaths",
            "OomScoreAdj",
            "ReadonlyPaths",
            "Runtime",
            "VolumeDriver");

    private static final List<String> OWN_MODES = List.of("", "none", "private", "shareable", "default");

    private final ContainerDocument captured;
    private final Collection<ContainerDocument> members;
    private final Map<String, NetworkSpec> networks;
    private final String defaultNetwork;
    private final boolean podman;
    private final IsolatedMounts mounts;
    private final List<String> warnings;

    IsolatedContainer(
            ContainerDocument captured,
            Collection<ContainerDocument> members,
            Map<String, NetworkSpec> networks,
            String defaultNetwork,
            boolean podman,
            IsolatedMounts mounts,
            List<String> warnings) {
        this.captured = captured;
        this.members = members;
        this.networks = networks;
        this.defaultNetwork = defaultNetwork;
        this.podman = podman;
        this.mounts = mounts;
        this.warnings = warnings;
    }

    private void warn(String what) {
        warnings.add("container " + captured.container().name() + ": " + what);
    }

    /** What a copy is made of. */
    ContainerDocument document() throws IOException {
        ContainerSpec container = captured.container();
        JsonObject host = container.hostConfig().copy();
        JsonObject inspect = container.inspect().copy();
        network(host, inspect);
        withoutNamespaces(host);
        withoutPrivileges(host);
        logs(host);
        restarts(host);
        host.remove("Links");
        boolean shared = ContainerSpec.containerOf(
                        host.optionalString("NetworkMode").orElse(""))
                .isPresent();
        if (!podman && !shared) {
            // Older engines forward what they cannot resolve from the host's own network.
            host.put("Dns", List.of("127.0.0.1"));
        }
        mounts.apply(captured, members, host, inspect);
        inspect.put("HostConfig", host);
        inspect.put("Config", config(container));
        return new ContainerDocument(
                ContainerSpec.of(inspect),
                captured.image(),
                captured.volumes().stream().map(IsolatedMounts::local).toList(),
                captured.names(),
                captured.paths(),
                captured.platform(),
                captured.hostName());
    }

    private JsonObject config(ContainerSpec container) throws IOException {
        Map<String, String> labels = new TreeMap<>(container.labels());
        labels.keySet().removeIf(Identity::isActor);
        return container.config().copy().put("Labels", labels);
    }

    private Optional<ContainerDocument> member(String reference) {
        Optional<ContainerDocument> found = IsolatedApplication.find(members, reference);
        String name = captured.names().get(reference);
        return found.isPresent() || name == null ? found : IsolatedApplication.find(members, name);
    }

    /** In a network of its own in the place of one that every engine has. */
    private void network(JsonObject host, JsonObject inspect) throws IOException {
        String mode = captured.container().mode("NetworkMode");
        Optional<String> other = ContainerSpec.containerOf(mode);
        if (mode.equals("none") || other.isPresent() && member(other.get()).isPresent()) {
            return;
        }
        String named = captured.names().getOrDefault(mode, mode);
        JsonObject settings = inspect.objectOrEmpty("NetworkSettings").copy();
        JsonObject endpoints = JsonObject.create();
        JsonObject joined = settings.objectOrEmpty("Networks");
        for (String name : joined.members().keySet()) {
            if (networks.containsKey(name)) {
                endpoints.put(name, joined.object(name));
            }
        }
        if (!networks.containsKey(named)) {
            if (other.isPresent() || mode.equals("host")) {
                warn("it is in a network of its own instead of "
                        + (other.isPresent() ? "that of a container" : "the host's"));
            }
            host.put("NetworkMode", defaultNetwork);
            JsonObject endpoint = JsonObject.create()
                    .put("Aliases", List.of(captured.container().name()));
            endpoints.put(defaultNetwork, endpoint.put("Links", links()).members());
        }
        inspect.put("NetworkSettings", settings.put("Networks", endpoints));
    }

    private void withoutNamespaces(JsonObject host) throws IOException {
        for (String field : new String[] {"PidMode", "IpcMode", "UTSMode", "UsernsMode"}) {
            String mode = captured.container().mode(field);
            Optional<String> other = ContainerSpec.containerOf(mode);
            boolean own = OWN_MODES.contains(mode)
                    || other.isPresent() && member(other.get()).isPresent();
            if (!own) {
                warn(field + " is its own instead of " + mode);
                host.remove(field);
            }
        }
    }

    private void withoutPrivileges(JsonObject host) throws IOException {
        if (host.flag("Privileged")) {
            warn("it is not privileged");
            host.put("Privileged", false);
        }
        List<String> left = new ArrayList<>();
        for (String field : OF_HOST_FIELDS) {
            if (isSet(host.members().get(field))) {
                left.add(field);
            }
            host.remove(field);
        }
        List<String> options = host.strings("SecurityOpt");
        List<String> strict = options.stream()
                .filter(option -> option.startsWith("no-new-privileges"))
                .toList();
        if (strict.size() < options.size()) {
            left.add("SecurityOpt");
        }
        host.put("SecurityOpt", strict);
        // What an engine sets by itself says nothing.
        left.removeAll(List.of("MaskedPaths", "ReadonlyPaths", "Runtime"));
        if (!left.isEmpty()) {
            warn("it is created without " + String.join(", ", left));
        }
        List<String> kept = new ArrayList<>(host.strings("CapAdd"));
        List<String> ofHost = kept.stream().filter(IsolatedContainer::isOfHost).toList();
        if (!ofHost.isEmpty()) {
            warn("it has not the capabilities " + String.join(", ", ofHost));
            kept.removeAll(ofHost);
            host.put("CapAdd", kept);
        }
    }

    private static boolean isOfHost(String capability) {
        return OF_HOST.contains(capability.toUpperCase(Locale.ROOT).replaceFirst("^CAP_", ""));
    }

    private static boolean isSet(@Nullable Object value) {
        return value != null && !List.of("", "0", "[]", "{}", "false").contains(String.valueOf(value));
    }

    /** The engine itself sends logs, whatever network the container is in; its default may be to send them, too. */
    private void logs(JsonObject host) throws IOException {
        String driver = host.objectOrEmpty("LogConfig").optionalString("Type").orElse("");
        if (!LOCAL_LOGS.contains(driver)) {
            if (!driver.isEmpty()) {
                warn("its log does not go to " + driver);
            }
            host.put(
                    "LogConfig",
                    JsonObject.create()
                            .put("Type", podman ? "k8s-file" : "json-file")
                            .put("Config", Map.of()));
        }
    }

    /** What a killed process has left is not started again with the engine; what ends is there to be looked at. */
    private void restarts(JsonObject host) throws IOException {
        String policy = captured.container().restartPolicy();
        if (policy.equals("always") || policy.equals("unless-stopped")) {
            host.put("RestartPolicy", JsonObject.create().put("Name", "on-failure"));
        }
        host.put("AutoRemove", false);
    }

    /** Links of a default network, as another network has them: {@code /db:/web/alias} as {@code db:alias}. */
    private List<String> links() throws IOException {
        List<String> kept = new ArrayList<>();
        for (String link : captured.container().hostConfig().strings("Links")) {
            String target = ContainerSpec.linked(link);
            if (member(target).isPresent()) {
                kept.add(
                        target + ":" + link.substring(link.lastIndexOf('/') + 1).replaceFirst("^[^:]*:", ""));
            } else {
                warn("the link to " + target + ", which is not of the application, is left out");
            }
        }
        return kept;
    }
}
