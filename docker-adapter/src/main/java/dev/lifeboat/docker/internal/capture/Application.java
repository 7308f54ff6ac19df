package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.internal.model.ApplicationModel;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What is captured together.
 *
 * @param kind {@code container}, {@code containers} or {@code compose}
 * @param name of the container, the project or the selection
 * @param model its containers
 * @param project its Compose project, if it is one
 */
public record Application(String kind, String name, ApplicationModel model, Optional<Project> project) {
    /** Returns a container. */
    ContainerSpec member(String key) {
        return Objects.requireNonNull(model.members().get(key), key);
    }

    /**
     * What belongs to a Compose project besides its containers.
     *
     * @param networks networks that its labels name
     * @param unmounted inspects of volumes that its labels name and no container of it mounts
     */
    public record Project(List<NetworkSpec> networks, List<JsonObject> unmounted) {
        public Project {
            networks = List.copyOf(networks);
            unmounted = List.copyOf(unmounted);
        }
    }
}
