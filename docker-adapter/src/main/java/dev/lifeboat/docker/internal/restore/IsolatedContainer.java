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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

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

    private final ContainerDocument captured;
    private final Collection<ContainerDocument> members;
    private final Map<String, NetworkSpec> networks;
    private final String defaultNetwork;
    private final IsolatedMounts mounts;
    private final List<String> warnings;

    IsolatedContainer(
            ContainerDocument captured,
            Collection<ContainerDocument> members,
            Map<String, NetworkSpec> networks,
            String defaultNetwork,
            IsolatedMounts mounts,
            List<String> warnings) {
        this.captured = captured;
        this.members = members;
        this.networks = networks;
        this.defaultNetwork = defaultNetwork;
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
        links(host);
        mounts.apply(captured, members, host, inspect);
        inspect.put("HostConfig", host);
        inspect.put("Config", config(container));
        return new ContainerDocument(
                ContainerSpec.of(inspect),
                captured.image(),
                captured.volumes(),
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
            endpoints.put(
                    defaultNetwork,
                    JsonObject.create()
                            .put("Aliases", List.of(captured.container().name())));
        }
        inspect.put("NetworkSettings", settings.put("Networks", endpoints));
    }

    private void withoutNamespaces(JsonObject host) throws IOException {
        for (String field : new String[] {"PidMode", "IpcMode", "UTSMode", "UsernsMode"}) {
            String mode = captured.container().mode(field);
            Optional<String> other = ContainerSpec.containerOf(mode);
            if (mode.equals("host") || other.isPresent() && member(other.get()).isEmpty()) {
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
        for (String field : new String[] {"Devices", "DeviceRequests"}) {
            if (!host.objects(field).isEmpty()) {
                warn("it has no " + (field.equals("Devices") ? "devices" : "device requests") + " of the host");
                host.remove(field);
            }
        }
        host.remove("DeviceCgroupRules");
        List<String> kept = new ArrayList<>(host.strings("CapAdd"));
        List<String> left = kept.stream()
                .filter(capability -> OF_HOST.contains(capability.replaceFirst("^CAP_", "")))
                .toList();
        if (!left.isEmpty()) {
            warn("it has not the capabilities " + String.join(", ", left));
            kept.removeAll(left);
            host.put("CapAdd", kept);
        }
    }

    /** The engine itself sends logs, whatever network the container is in. */
    private void logs(JsonObject host) throws IOException {
        String driver = host.objectOrEmpty("LogConfig").optionalString("Type").orElse("");
        if (!driver.isEmpty() && !LOCAL_LOGS.contains(driver)) {
            warn("its log does not go to " + driver);
            host.remove("LogConfig");
        }
    }

    /** What a killed process has left is not started again with the engine; what ends is there to be looked at. */
    private static void restarts(JsonObject host) throws IOException {
        String policy =
                host.objectOrEmpty("RestartPolicy").optionalString("Name").orElse("");
        if (policy.equals("always") || policy.equals("unless-stopped")) {
            host.put("RestartPolicy", JsonObject.create().put("Name", "on-failure"));
        }
        host.put("AutoRemove", false);
    }

    private void links(JsonObject host) throws IOException {
        List<String> kept = new ArrayList<>();
        for (String link : host.strings("Links")) {
            if (member(ContainerSpec.linked(link)).isPresent()) {
                kept.add(link);
            } else {
                warn("the link to " + ContainerSpec.linked(link) + ", which is not of the application, is left out");
            }
        }
        if (host.has("Links")) {
            host.put("Links", kept);
        }
    }
}
