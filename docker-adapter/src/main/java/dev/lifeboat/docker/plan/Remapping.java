package dev.lifeboat.docker.plan;

import java.util.Map;
import java.util.TreeMap;

/**
 * Replacements for captured names and paths. Immutable.
 *
 * @param volumes new names of named volumes, by captured name
 * @param networks names of other networks, by captured name
 * @param bindMounts other host paths, by captured path
 */
public record Remapping(Map<String, String> volumes, Map<String, String> networks, Map<String, String> bindMounts) {
    private static final Remapping NONE = new Remapping(Map.of(), Map.of(), Map.of());

    public Remapping {
        volumes = Map.copyOf(volumes);
        networks = Map.copyOf(networks);
        bindMounts = Map.copyOf(bindMounts);
    }

    /** Returns a remapping that changes nothing. */
    public static Remapping none() {
        return NONE;
    }

    /**
     * Returns a copy that also renames a volume.
     *
     * @throws IllegalStateException if it is renamed already
     */
    public Remapping volume(String captured, String name) {
        return new Remapping(with(volumes, captured, name, "volume"), networks, bindMounts);
    }

    /**
     * Returns a copy that also replaces a network.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public Remapping network(String captured, String name) {
        return new Remapping(volumes, with(networks, captured, name, "network"), bindMounts);
    }

    /**
     * Returns a copy that also replaces the host path of a bind mount.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public Remapping bindMount(String captured, String path) {
        return new Remapping(volumes, networks, with(bindMounts, captured, path, "bind mount"));
    }

    private static Map<String, String> with(Map<String, String> map, String from, String to, String what) {
        Map<String, String> more = new TreeMap<>(map);
        if (more.putIfAbsent(from, to) != null) {
            throw new IllegalStateException(what + " " + from + " is remapped already, to " + map.get(from));
        }
        return more;
    }
}
