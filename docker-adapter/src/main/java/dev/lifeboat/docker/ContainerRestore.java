package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A container to restore, with the Config, HostConfig, networks, aliases, labels and volumes of the snapshot. Missing images, networks and
 * volumes are made; networks that exist are used. Bind mounts point to the same paths of the host, whose content is not touched.
 *
 * <p>If the restore fails, whatever it has created is removed again, images aside.
 *
 * <p>Immutable. Each call that changes something returns a copy.
 */
@CheckReturnValue
public final class ContainerRestore implements RestoreTarget {
    private final EngineClient client;
    private final RestoreOptions options;

    /** What was asked for; a new name if the container is not to be restored in place. */
    record RestoreOptions(
            Optional<String> newName,
            boolean start,
            boolean withoutPorts,
            Map<String, String> volumes,
            Map<String, String> networks) {
        boolean inPlace() {
            return newName.isEmpty();
        }
    }

    ContainerRestore(EngineClient client, Optional<String> newName) {
        this(client, new RestoreOptions(newName, false, false, Map.of(), Map.of()));
    }

    private ContainerRestore(EngineClient client, RestoreOptions options) {
        this.client = client;
        this.options = options;
    }

    /** Starts the container at the end. In place that is done anyway if it was running, then or when it was captured. */
    public ContainerRestore start() {
        return new ContainerRestore(
                client,
                new RestoreOptions(
                        options.newName(), true, options.withoutPorts(), options.volumes(), options.networks()));
    }

    /** Publishes no ports of the host: for a copy beside the original. */
    public ContainerRestore withoutPublishedPorts() {
        return new ContainerRestore(
                client,
                new RestoreOptions(options.newName(), options.start(), true, options.volumes(), options.networks()));
    }

    /**
     * Gives a named volume another name than it would get.
     *
     * @throws IllegalStateException if it was given one already
     */
    public ContainerRestore volume(String captured, String name) {
        return new ContainerRestore(
                client,
                new RestoreOptions(
                        options.newName(),
                        options.start(),
                        options.withoutPorts(),
                        with(options.volumes(), captured, name, "volume"),
                        options.networks()));
    }

    /**
     * Connects to another network in the place of one.
     *
     * @throws IllegalStateException if it was replaced already
     */
    public ContainerRestore network(String captured, String name) {
        return new ContainerRestore(
                client,
                new RestoreOptions(
                        options.newName(),
                        options.start(),
                        options.withoutPorts(),
                        options.volumes(),
                        with(options.networks(), captured, name, "network")));
    }

    private static Map<String, String> with(Map<String, String> map, String from, String to, String what) {
        Map<String, String> more = new TreeMap<>(map);
        if (more.putIfAbsent(from, to) != null) {
            throw new IllegalStateException(what + " " + from + " has a new name already");
        }
        return Map.copyOf(more);
    }

    @Override
    public String location() {
        return options.newName().map(name -> "container " + name).orElse("the same container") + " of " + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        if (request.partial()) {
            throw new IOException(
                    "a container is restored as a whole, without only(..) or subtree(..); for a part of it use"
                            + " newVolume(..), intoVolume(..), or a directory as target");
        }
        return new ContainerSession(client, options, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
