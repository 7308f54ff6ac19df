package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * Something that has replicas.
 *
 * @param path of the object
 * @param uid its identity
 * @param replicas how many it had
 */
record ScaledWorkload(String path, String uid, long replicas) {
    /** Annotation with the number of replicas before, for people who find one that was left. */
    static final String BEFORE = "dev.lifeboat/replicas-before-backup";

    private static final String REPLICAS = "replicas";

    /** Scales it to zero, unless it has changed since it was read. */
    static void toZero(ApiClient client, KubernetesObject object, ScaledWorkload workload) throws IOException {
        JsonObject metadata = JsonObject.create()
                .put("resourceVersion", object.metadata().string("resourceVersion"))
                .put("annotations", Map.of(BEFORE, Long.toString(workload.replicas())));
        patch(client, workload.path(), metadata, 0, "scale " + workload.path() + " to zero");
    }

    private static void patch(ApiClient client, String path, JsonObject metadata, long replicas, String what)
            throws IOException {
        JsonObject patch = JsonObject.create()
                .put("metadata", metadata)
                .put("spec", JsonObject.create().put(REPLICAS, replicas));
        var unused = client.merge(path, patch, what);
    }

    /** Scales it back. One that is gone, was made anew, or was scaled by someone else meanwhile stays as it is. */
    void restore(ApiClient client) throws IOException {
        Optional<KubernetesObject> there = client.find(path, "look at " + path).map(KubernetesObject::of);
        boolean ours = there.isPresent()
                && there.get().uid().equals(uid)
                && there.get().annotations().containsKey(BEFORE);
        if (!ours) {
            return;
        }
        JsonObject spec = there.get().spec();
        long now = spec.has(REPLICAS) ? spec.number(REPLICAS) : 1;
        JsonObject metadata =
                JsonObject.create().put("annotations", JsonObject.create().put(BEFORE, (Object) null));
        patch(client, path, metadata, now == 0 ? replicas : now, "scale " + path + " back to " + replicas);
    }

    /** Returns what a journal keeps of it. */
    Map<String, String> values() {
        return Map.of("quiesce", "SCALE", "path", path, "uid", uid, REPLICAS, Long.toString(replicas));
    }

    /** Returns what a journal has kept; empty if it is something else. */
    static Optional<ScaledWorkload> of(Map<String, String> values) {
        String number = values.getOrDefault(REPLICAS, "");
        boolean scaled = "SCALE".equals(values.get("quiesce")) && number.matches("[0-9]{1,9}");
        return scaled
                ? Optional.of(new ScaledWorkload(
                        values.getOrDefault("path", ""), values.getOrDefault("uid", ""), Long.parseLong(number)))
                : Optional.empty();
    }
}
