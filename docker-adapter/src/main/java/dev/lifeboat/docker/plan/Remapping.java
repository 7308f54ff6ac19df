package dev.lifeboat.docker.plan;

import java.util.Map;
import java.util.TreeMap;

/**
 * Replacements for captured names, paths, ports and address ranges. Immutable.
 *
 * @param containers new names of containers, by captured name
 * @param volumes new names of named volumes, by captured name
 * @param networks names of other networks, by captured name
 * @param subnets other address ranges in CIDR notation, by captured range
 * @param bindMounts other host paths, by captured path
 * @param ports other ports of the host, by captured port
 */
public record Remapping(
        Map<String, String> containers,
        Map<String, String> volumes,
        Map<String, String> networks,
        Map<String, String> subnets,
        Map<String, String> bindMounts,
        Map<String, String> ports) {
    private static final Remapping NONE = new Remapping(Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), Map.of());

    public Remapping {
        containers = Map.copyOf(containers);
        volumes = Map.copyOf(volumes);
        networks = Map.copyOf(networks);
        subnets = Map.copyOf(subnets);
        bindMounts = Map.copyOf(bindMounts);
        ports = Map.copyOf(ports);
    }

    /** Returns a remapping that changes nothing. */
    public static Remapping none() {
        return NONE;
    }

    /**
     * Returns a copy that also renames a container.
     *
     * @throws IllegalStateException if it is renamed already
     */
    public Remapping container(String captured, String name) {
        Map<String, String> more = with(containers, captured, name, "container");
        return new Remapping(more, volumes, networks, subnets, bindMounts, ports);
    }

    /**
     * Returns a copy that also renames a volume.
     *
     * @throws IllegalStateException if it is renamed already
     */
    public Remapping volume(String captured, String name) {
        Map<String, String> more = with(volumes, captured, name, "volume");
        return new Remapping(containers, more, networks, subnets, bindMounts, ports);
    }

    /**
     * Returns a copy that also replaces a network.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public Remapping network(String captured, String name) {
        Map<String, String> more = with(networks, captured, name, "network");
        return new Remapping(containers, volumes, more, subnets, bindMounts, ports);
    }

    /**
     * Returns a copy that also replaces an address range.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public Remapping subnet(String captured, String range) {
        Map<String, String> more = with(subnets, captured, range, "address range");
        return new Remapping(containers, volumes, networks, more, bindMounts, ports);
    }

    /**
     * Returns a copy that also replaces the host path of a bind mount.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public Remapping bindMount(String captured, String path) {
        Map<String, String> more = with(bindMounts, captured, path, "bind mount");
        return new Remapping(containers, volumes, networks, subnets, more, ports);
    }

    /**
     * Returns a copy that also replaces a port of the host.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public Remapping port(int captured, int port) {
        Map<String, String> more = with(ports, Integer.toString(captured), Integer.toString(port), "port");
        return new Remapping(containers, volumes, networks, subnets, bindMounts, more);
    }

    private static Map<String, String> with(Map<String, String> map, String from, String to, String what) {
        Map<String, String> more = new TreeMap<>(map);
        if (more.putIfAbsent(from, to) != null) {
            throw new IllegalStateException(what + " " + from + " is remapped already, to " + map.get(from));
        }
        return more;
    }
}
