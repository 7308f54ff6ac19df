package dev.lifeboat.kubernetes.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An image of a pod, and where such a pod may run.
 *
 * @param name of the image
 * @param pullSecrets names of secrets of the namespace by which it is pulled
 * @param placement members of the specification of a pod that say on which nodes it may run
 */
public record PodImage(String name, List<String> pullSecrets, Map<String, Object> placement) {
    /** What says on which nodes a pod may run. */
    private static final List<String> PLACEMENT = List.of("nodeSelector", "tolerations");

    public PodImage {
        pullSecrets = List.copyOf(pullSecrets);
        placement = Map.copyOf(placement);
    }

    /** Returns where a pod may run, but not beside or apart from which other pods. */
    static Map<String, Object> placement(JsonObject spec) throws IOException {
        Map<String, Object> placement = new HashMap<>();
        for (String name : PLACEMENT) {
            Object value = spec.members().get(name);
            if (value != null) {
                placement.put(name, value);
            }
        }
        JsonObject affinity = spec.objectOrEmpty("affinity");
        if (affinity.has("nodeAffinity")) {
            placement.put(
                    "affinity",
                    Map.of("nodeAffinity", affinity.object("nodeAffinity").members()));
        }
        return placement;
    }

    /** Returns another image in a pod that may run in the same places. */
    public PodImage withName(String other) {
        return new PodImage(other, pullSecrets, placement);
    }

    /** Returns an image that needs no secret, in a pod that may run anywhere. */
    public static PodImage of(String name) {
        return new PodImage(name, List.of(), Map.of());
    }

    @Override
    public String toString() {
        return name;
    }
}
