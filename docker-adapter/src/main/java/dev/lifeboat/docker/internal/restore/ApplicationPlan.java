package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.DependencyGraph;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

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

    /** Returns one with another plan for people. */
    ApplicationPlan with(RestorePlan shown) {
        return new ApplicationPlan(shown, networks, volumes, members, graph, captured, volumeNames, paths);
    }

    /** The body of the call that creates a container. */
    @FunctionalInterface
    interface Body {
        JsonObject of(Member member) throws IOException;
    }

    /** Returns one with other bodies. */
    ApplicationPlan with(Map<String, JsonObject> otherNetworks, List<VolumeSpec> otherVolumes, Body body)
            throws IOException {
        List<Member> others = new ArrayList<>();
        for (Member member : members) {
            others.add(new Member(
                    member.key(),
                    member.document(),
                    member.name(),
                    body.of(member),
                    member.endpoints(),
                    member.replaced(),
                    member.start()));
        }
        return new ApplicationPlan(plan, otherNetworks, otherVolumes, others, graph, captured, volumeNames, paths);
    }

    /**
     * Returns one where all that is created has a label besides its own.
     *
     * @param value what follows the name of what has it, and a space, in the value of the label
     */
    ApplicationPlan labelled(String label, String value) throws IOException {
        Labels labels = new Labels(label, value);
        Map<String, JsonObject> labelledNetworks = new TreeMap<>();
        for (Map.Entry<String, JsonObject> network : networks.entrySet()) {
            labelledNetworks.put(network.getKey(), labels.added(network.getValue(), network.getKey()));
        }
        List<VolumeSpec> labelledVolumes = new ArrayList<>();
        for (VolumeSpec volume : volumes) {
            labelledVolumes.add(new VolumeSpec(
                    volume.name(), volume.driver(), volume.options(), labels.added(volume.labels(), volume.name())));
        }
        return with(labelledNetworks, labelledVolumes, member -> labels.added(member.body(), member.name()));
    }

    private record Labels(String label, String value) {
        JsonObject added(JsonObject body, String name) throws IOException {
            return body.copy().put("Labels", added(body.stringMap("Labels"), name));
        }

        Map<String, String> added(Map<String, String> own, String name) {
            Map<String, String> more = new TreeMap<>(own);
            more.put(label, name + " " + value);
            return more;
        }
    }

    /** Whether any container takes the place of another one. */
    boolean replacesAny() {
        return members.stream().anyMatch(member -> member.replaced().isPresent());
    }
}
