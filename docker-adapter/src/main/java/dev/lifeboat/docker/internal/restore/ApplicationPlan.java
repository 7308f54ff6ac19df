package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.DependencyGraph;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.internal.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A restore of an application, decided: only calls are left to be made.
 *
 * @param plan for people and programs
 * @param networks bodies of networks to create, by name
 * @param volumes to create
 * @param members containers to create, each after those that it depends on
 * @param graph dependencies of the members
 * @param captured volumes of the snapshot, by key
 * @param volumeNames names of the named volumes, by the key they have in the snapshot
 * @param paths host paths to write, by captured path
 */
record ApplicationPlan(
        RestorePlan plan,
        Map<String, JsonObject> networks,
        List<VolumeSpec> volumes,
        List<Member> members,
        DependencyGraph graph,
        Map<String, CapturedVolume> captured,
        Map<String, String> volumeNames,
        Map<String, String> paths) {
    /**
     * A container to create.
     *
     * @param key of the container in the snapshot
     * @param document of the container in the snapshot
     * @param name of the new container
     * @param body of the call that creates it
     * @param endpoints to connect it to after it is created, by network
     * @param replaced the container that it takes the place of
     * @param start whether it is started at the end
     */
    record Member(
            String key,
            ContainerDocument document,
            String name,
            JsonObject body,
            Map<String, JsonObject> endpoints,
            Optional<ContainerSpec> replaced,
            boolean start) {}

    /** Whether any container takes the place of another one. */
    boolean replacesAny() {
        return members.stream().anyMatch(member -> member.replaced().isPresent());
    }
}
