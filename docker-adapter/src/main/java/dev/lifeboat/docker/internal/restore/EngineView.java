package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.client.Networks;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.ImageSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a plan needs to know of the engine that is restored to: values only, so that a planner needs no engine.
 *
 * @param containers all of them
 * @param volumes all of them, by name
 * @param networks all of them
 * @param images those that were looked for and are there, by what they were looked for
 * @param seesFiles whether the engine's files are in view of this process
 * @param hostPathExists whether a path exists on the engine's host; only asked where files are in view
 */
record EngineView(
        List<ContainerSpec> containers,
        Map<String, VolumeSpec> volumes,
        List<NetworkSpec> networks,
        Map<String, ImageSpec> images,
        boolean seesFiles,
        Predicate<String> hostPathExists) {
    /**
     * Asks an engine.
     *
     * @param references names and ids of images to look for
     */
    static EngineView of(EngineClient client, List<String> references) throws IOException {
        Map<String, ImageSpec> images = new HashMap<>();
        for (String reference : references) {
            if (!reference.isEmpty()) {
                new Images(client).find(reference).ifPresent(image -> images.put(reference, image));
            }
        }
        return new EngineView(
                new Containers(client).all(),
                new Volumes(client).all(),
                new Networks(client).all(),
                Map.copyOf(images),
                HostPaths.of(client).seesFiles(),
                path -> Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS));
    }

    Optional<ContainerSpec> container(String name) {
        return containers.stream().filter(c -> c.name().equals(name)).findFirst();
    }

    Optional<ContainerSpec> containerById(String id) {
        return containers.stream().filter(c -> c.id().equals(id)).findFirst();
    }

    Optional<NetworkSpec> network(String name) {
        return networks.stream().filter(n -> n.name().equals(name)).findFirst();
    }

    /** Containers whose process runs and that mount a volume. */
    List<ContainerSpec> runningUsersOf(String volume) throws IOException {
        List<ContainerSpec> users = new java.util.ArrayList<>();
        for (ContainerSpec container : containers) {
            boolean uses = container.mounts().stream()
                    .anyMatch(m -> m.isVolume() && m.name().equals(volume));
            if (uses && container.state().running()) {
                users.add(container);
            }
        }
        return users;
    }
}
