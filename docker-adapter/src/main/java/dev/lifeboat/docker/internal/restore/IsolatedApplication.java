package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.restore.RestoreOptions.BindMounts;
import dev.lifeboat.docker.internal.restore.RestoreOptions.Ports;
import dev.lifeboat.docker.plan.Remapping;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An application as it has to be captured for a copy of it to reach nothing else: networks are bridges without a way
 * out, and no other network is joined. Pure: it reads documents, and changes nothing.
 *
 * @param members documents of its containers, by key
 * @param networks by name
 * @param options with which it is to be restored
 * @param warnings what is not as in the original, for people
 */
record IsolatedApplication(
        Map<String, ContainerDocument> members,
        Map<String, NetworkSpec> networks,
        RestoreOptions options,
        List<String> warnings) {
    /** In the place of networks that every engine has. */
    private static final String NETWORK = "isolated";

    static IsolatedApplication of(
            Map<String, ContainerDocument> captured,
            Map<String, NetworkSpec> networks,
            RestoreOptions options,
            Isolation isolation,
            EngineView engine)
            throws IOException {
        List<String> warnings = new ArrayList<>();
        IsolatedMounts mounts = new IsolatedMounts(isolation.paths(), engine, warnings);
        Map<String, ContainerDocument> members = new TreeMap<>();
        for (Map.Entry<String, ContainerDocument> member : captured.entrySet()) {
            IsolatedContainer container = new IsolatedContainer(
                    member.getValue(),
                    captured.values(),
                    networks,
                    NETWORK,
                    engine.product() == EngineInfo.Product.PODMAN,
                    mounts,
                    warnings);
            members.put(member.getKey(), container.document());
        }
        Map<String, NetworkSpec> own = new TreeMap<>();
        for (NetworkSpec network : networks.values()) {
            own.put(network.name(), isolated(network, engine));
        }
        if (usesDefault(members)) {
            JsonObject bridge = JsonObject.create().put("Name", NETWORK).put("Driver", "bridge");
            own.put(NETWORK, isolated(NetworkSpec.of(bridge), engine));
        }
        Remapping remapping = options.remapping();
        for (String network : own.keySet()) {
            if (!remapping.networks().containsKey(network)) {
                // By itself a network that the application does not own would be joined.
                remapping = remapping.network(network, options.newName().orElseThrow() + "_" + network);
            }
        }
        for (Map.Entry<String, String> path : mounts.moved().entrySet()) {
            remapping = remapping.bindMount(path.getKey(), path.getValue());
        }
        Remapping all = remapping;
        return new IsolatedApplication(
                members,
                own,
                options.with(o -> {
                    o.remapping = all;
                    o.ports = Ports.NONE;
                    o.bindMounts = BindMounts.LEFT_OUT;
                }),
                warnings);
    }

    private static boolean usesDefault(Map<String, ContainerDocument> members) throws IOException {
        for (ContainerDocument member : members.values()) {
            if (member.container().mode("NetworkMode").equals(NETWORK)) {
                return true;
            }
        }
        return false;
    }

    /**
     * A bridge, even of a network that reaches beyond this host: its addresses there are not those of a bridge. The
     * host has no address in it, so that what listens on the host is not reached, either.
     */
    private static NetworkSpec isolated(NetworkSpec network, EngineView engine) throws IOException {
        JsonObject inspect = network.inspect().copy().put("Internal", true).put("Scope", "local");
        inspect.put("EnableIPv6", false)
                .remove("ConfigOnly")
                .remove("ConfigFrom")
                .remove("Ingress");
        Map<String, String> options = new TreeMap<>();
        if (network.driver().equals("bridge")) {
            options.putAll(inspect.stringMap("Options"));
            withoutIpv6(inspect);
        } else {
            inspect.put("Driver", "bridge").remove("IPAM");
        }
        if (engine.product() == EngineInfo.Product.DOCKER) {
            options.put("com.docker.network.bridge.inhibit_ipv4", "true");
        }
        return NetworkSpec.of(inspect.put("Options", options));
    }

    private static void withoutIpv6(JsonObject inspect) throws IOException {
        List<@Nullable Object> kept = new ArrayList<>();
        for (JsonObject config : inspect.objectOrEmpty("IPAM").objects("Config")) {
            if (!config.optionalString("Subnet").orElse("").contains(":")) {
                kept.add(config.members());
            }
        }
        if (inspect.has("IPAM")) {
            inspect.put("IPAM", inspect.object("IPAM").copy().put("Config", kept));
        }
    }

    /** A project whose unused volumes are the engine's own, too. */
    static ProjectDocument local(ProjectDocument project) {
        return new ProjectDocument(
                project.name(),
                project.workingDirectory(),
                project.files(),
                project.volumes().stream().map(IsolatedMounts::local).toList());
    }

    static Optional<ContainerDocument> find(Iterable<ContainerDocument> members, String nameOrId) {
        for (ContainerDocument member : members) {
            ContainerSpec container = member.container();
            if (container.name().equals(nameOrId) || container.id().equals(nameOrId)) {
                return Optional.of(member);
            }
        }
        return Optional.empty();
    }
}
