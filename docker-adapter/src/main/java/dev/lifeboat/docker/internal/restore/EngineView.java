package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.EngineInfo;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HostPaths;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.client.Networks;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a plan needs to know of the engine that is restored to: values only, so that a planner needs no engine.
 *
 * @param containers all of them
 * @param volumes all of them, by name
 * @param networks all of them
 * @param images those that were looked for and are there, by name or id
 * @param seesFiles whether the engine's files are in view of this process
 * @param product what kind of engine it is
 * @param volumeDrivers names of its volume drivers; empty if it does not tell
 * @param networkDrivers names of its network drivers; empty if it does not tell
 * @param hostPathExists whether a path exists on the engine's host; only asked where files are in view
 */
record EngineView(
        List<ContainerSpec> containers,
        Map<String, VolumeSpec> volumes,
        List<NetworkSpec> networks,
        Map<String, ImageSpec> images,
        boolean seesFiles,
        Predicate<String> hostPathExists,
        EngineInfo.Product product,
        Set<String> volumeDrivers,
        Set<String> networkDrivers) {
    /**
     * Asks an engine.
     *
     * @param loaded id of an image that was loaded from the snapshot
     */
    static EngineView of(
            EngineClient client, Collection<ContainerDocument> captured, Function<ImageSpec, Optional<String>> loaded)
            throws IOException {
        Map<String, ImageSpec> images = new HashMap<>();
        for (ContainerDocument document : captured) {
            addImages(images, new Images(client), document, loaded.apply(document.image()));
        }
        JsonObject plugins =
                client.get("/info", "ask the engine for its drivers").objectOrEmpty("Plugins");
        return new EngineView(
                new Containers(client).all(),
                new Volumes(client).all(),
                new Networks(client).all(),
                Map.copyOf(images),
                HostPaths.of(client).seesFiles(),
                path -> Files.exists(Path.of(path), LinkOption.NOFOLLOW_LINKS),
                client.info().product(),
                Set.copyOf(plugins.strings("Volume")),
                Set.copyOf(plugins.strings("Network")));
    }

    private static void addImages(
            Map<String, ImageSpec> images, Images known, ContainerDocument captured, Optional<String> loaded)
            throws IOException {
        Optional<ImageSpec> same = loaded.isPresent() ? known.find(loaded.get()) : known.findSame(captured.image());
        String name = captured.container().imageName();
        for (String reference : same.isPresent() ? List.of(name, same.get().id()) : List.of(name)) {
            Optional<ImageSpec> found = reference.isEmpty() ? Optional.empty() : known.find(reference);
            if (found.isPresent()) {
                boolean isSame =
                        same.isPresent() && found.get().id().equals(same.get().id());
                images.put(
                        reference,
                        isSame ? found.get().withConfigDigest(captured.image().identity()) : found.get());
            }
        }
    }

    boolean hasVolumeDriver(String name) {
        return volumeDrivers.isEmpty() || volumeDrivers.contains(name);
    }

    boolean hasNetworkDriver(String name) {
        return networkDrivers.isEmpty() || networkDrivers.contains(name);
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
        List<ContainerSpec> users = new ArrayList<>();
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
