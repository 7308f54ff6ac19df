package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.entry.EntryPath;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** The places in a container at which something is mounted. */
final class MountPlaces {
    private MountPlaces() {}

    /** What else is mounted below a mount, as seen from there. */
    static Set<EntryPath> within(ContainerSpec container, String destination) {
        Set<EntryPath> within = new HashSet<>();
        EntryPath outer =
                EntryPath.of(Path.of(destination).normalize().toString().substring(1));
        for (EntryPath place : of(container)) {
            if (place.startsWith(outer) && !place.equals(outer)) {
                within.add(place.relativeTo(outer));
            }
        }
        return within;
    }

    /** All of them, from the root of the container. */
    static Set<EntryPath> of(ContainerSpec container) {
        Set<EntryPath> places = new HashSet<>();
        for (MountSpec mount : container.mounts()) {
            if (mount.destination().length() > 1) {
                places.add(EntryPath.of(mount.destination().substring(1)));
            }
        }
        return places;
    }
}
