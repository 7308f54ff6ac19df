package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.Subnet;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.Remapping;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Whether what is to be replaced is in the snapshot: a name that is misspelled would change nothing without a word. */
final class RemappingCheck {
    private final PlanContext context;
    private final Set<String> containers = new TreeSet<>();
    private final Set<String> services = new TreeSet<>();
    private final Set<String> volumes = new TreeSet<>();
    private final Set<String> networks = new TreeSet<>();
    private final Set<String> subnets = new TreeSet<>();
    private final Set<String> paths = new TreeSet<>();
    private final Set<String> ports = new TreeSet<>();

    RemappingCheck(PlanContext context) throws IOException {
        this.context = context;
        for (CapturedVolume volume : context.application().volumes().values()) {
            volumes.add(volume.volume().name());
        }
        for (NetworkSpec network : context.application().networks().values()) {
            networks.add(network.name());
            network.subnets().stream().map(Subnet::text).forEach(subnets::add);
        }
        for (ContainerDocument document : context.application().members().values()) {
            add(document.container());
        }
    }

    private void add(ContainerSpec container) throws IOException {
        containers.add(container.name());
        services.add(container.name());
        new ComposeLabels(container.labels()).service().ifPresent(services::add);
        networks.addAll(container.endpoints().keySet());
        for (MountSpec mount : container.mounts()) {
            (mount.isVolume() ? volumes : paths).add(mount.isVolume() ? mount.name() : mount.source());
        }
        for (String bind : container.hostConfig().strings("Binds")) {
            String source = bind.replaceAll(":.*$", "");
            (source.startsWith("/") ? paths : volumes).add(source);
        }
        for (JsonObject mount : container.hostConfig().objects("Mounts")) {
            String source = mount.optionalString("Source").orElse("");
            (mount.optionalString("Type").orElse("").equals("bind") ? paths : volumes).add(source);
        }
        for (PublishedPort port : PublishedPort.fixed(container.hostConfig().objectOrEmpty("PortBindings"))) {
            ports.add(port.port());
        }
    }

    void check() {
        Remapping remapping = context.options().remapping();
        check("container", remapping.containers(), containers);
        check("volume", remapping.volumes(), volumes);
        check("network", remapping.networks(), networks);
        check("address range", remapping.subnets(), subnets);
        check("bind mount", remapping.bindMounts(), paths);
        check("port", remapping.ports(), ports);
        for (String name : new TreeSet<>(context.options().settings().keySet())) {
            if (!name.isEmpty() && !services.contains(name)) {
                context.conflict(
                        Conflict.Kind.UNKNOWN_NAME,
                        "service " + name,
                        "its configuration is to be changed, but the snapshot does not have it",
                        "choose one of " + services);
            }
        }
    }

    private void check(String kind, Map<String, String> replaced, Set<String> known) {
        for (Map.Entry<String, String> entry : new TreeMap<>(replaced).entrySet()) {
            if (!known.contains(entry.getKey())) {
                context.conflict(
                        Conflict.Kind.UNKNOWN_NAME,
                        kind + " " + entry.getKey(),
                        "it is to be replaced by " + entry.getValue() + ", but the snapshot does not have it",
                        "choose one of " + known);
            }
        }
    }
}
