package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes what transfers of killed processes have left: pods, and snapshots of volumes with their claims. */
public final class AbandonedHelpers {
    private static final Logger log = LoggerFactory.getLogger(AbandonedHelpers.class);

    private AbandonedHelpers() {}

    /**
     * Deletes it.
     *
     * @param namespace empty for all
     * @param gone whether a process is gone, by its token
     * @return what was deleted
     */
    public static List<String> remove(ApiClient client, Optional<String> namespace, Predicate<String> gone)
            throws IOException {
        String below = namespace.map(name -> "/namespaces/" + name).orElse("");
        List<String> removed = new ArrayList<>();
        for (KubernetesObject pod : list(client, "/api/v1" + below + "/pods", gone)) {
            String of = pod.namespace().orElseThrow();
            new HelperPod(client, of, pod.name(), pod.uid()).close();
            removed.add("pod " + of + "/" + pod.name());
        }
        Optional<SnapshotClasses> snapshots;
        List<KubernetesObject> left = new ArrayList<>();
        try {
            left.addAll(list(client, "/api/v1" + below + "/persistentvolumeclaims", gone));
            snapshots = SnapshotClasses.find(client);
            if (snapshots.isPresent()) {
                left.addAll(list(client, snapshots.get().api() + below + "/volumesnapshots", gone));
            }
        } catch (KubernetesException e) {
            if (e.kind() != Kind.FORBIDDEN) {
                throw e;
            }
            // Who may not list them may not have made them.
            log.debug("snapshots of volumes that were left are not looked for [cause={}]", e.toString());
            return removed;
        }
        for (KubernetesObject object : left) {
            String of = object.namespace().orElseThrow();
            String what =
                    (object.kind().equals("VolumeSnapshot") ? "volume snapshot " : "claim ") + of + "/" + object.name();
            try {
                ClaimSnapshot.abandoned(client, snapshots, of, object.name()).close();
                removed.add(what);
            } catch (KubernetesException e) {
                if (e.kind() != Kind.FORBIDDEN) {
                    throw e;
                }
                // Without its volume in view it is not known whether that is a user's. Others have the permission.
                log.warn("what a killed process has left stays [object={}, cause={}]", what, e.toString());
            }
        }
        return removed;
    }

    private static List<KubernetesObject> list(ApiClient client, String path, Predicate<String> gone)
            throws IOException {
        List<KubernetesObject> found = new ArrayList<>();
        JsonObject list = client.get(
                path + "?labelSelector=" + ApiClient.encode(HelperMarks.LABEL), "list what killed processes have left");
        // Objects in a list come without their kind.
        String kind = list.optionalString("kind").orElse("").replaceFirst("List$", "");
        for (JsonObject item : list.objects("items")) {
            KubernetesObject object = KubernetesObject.of(item.put("kind", kind));
            if (HelperMarks.areOfGone(object, gone) || HelperMarks.areOld(object)) {
                found.add(object);
            }
        }
        return found;
    }
}
