package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.internal.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A restore of one container, decided: only calls are left to be made.
 *
 * @param plan for people and programs
 * @param name of the new container
 * @param body of the call that creates it
 * @param endpoints to connect it to after it is created, by network
 * @param networks bodies of networks to create, by name
 * @param volumes to create
 * @param volumeNames names of the named volumes, by the key they have in the snapshot
 * @param captured volumes of the snapshot
 * @param replaced the container that it takes the place of
 * @param start whether it is started at the end
 */
record ContainerPlan(
        RestorePlan plan,
        String name,
        JsonObject body,
        Map<String, JsonObject> endpoints,
        Map<String, JsonObject> networks,
        List<VolumeSpec> volumes,
        Map<String, String> volumeNames,
        List<CapturedVolume> captured,
        Optional<ContainerSpec> replaced,
        boolean start) {}
