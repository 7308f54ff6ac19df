package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A running container that mounts the whole volume of a claim.
 *
 * @param place the container
 * @param path where it mounts the volume
 * @param podUid identity of the pod
 * @param node on which the pod runs
 * @param image of the container
 * @param hasMountsBelow whether it mounts something else below that path
 */
record VolumeUse(PodExec.Place place, String path, String podUid, String node, String image, boolean hasMountsBelow) {
    /** Returns the uses of a claim by a pod that runs; none by another. */
    static List<VolumeUse> of(KubernetesObject pod, String claim) throws IOException {
        List<VolumeUse> uses = new ArrayList<>();
        if (!pod.status().optionalString("phase").orElse("").equals("Running") || pod.isTerminating()) {
            return uses;
        }
        for (JsonObject volume : pod.spec().objects("volumes")) {
            boolean ofClaim = volume.objectOrEmpty("persistentVolumeClaim")
                    .optionalString("claimName")
                    .orElse("")
                    .equals(claim);
            if (ofClaim) {
                mounts(pod, volume.string("name"), uses);
            }
        }
        return uses;
    }

    private static void mounts(KubernetesObject pod, String volume, List<VolumeUse> uses) throws IOException {
        for (JsonObject container : pod.spec().objects("containers")) {
            if (!runs(pod, container.string("name"))) {
                continue;
            }
            for (JsonObject mount : container.objects("volumeMounts")) {
                boolean whole = !mount.has("subPath") && !mount.has("subPathExpr");
                if (whole && mount.string("name").equals(volume)) {
                    uses.add(new VolumeUse(
                            new PodExec.Place(pod.namespace().orElseThrow(), pod.name(), container.string("name")),
                            mount.string("mountPath"),
                            pod.uid(),
                            pod.spec().optionalString("nodeName").orElse(""),
                            container.optionalString("image").orElse(""),
                            hasMountsBelow(container, mount.string("mountPath"))));
                }
            }
        }
    }

    private static boolean hasMountsBelow(JsonObject container, String path) throws IOException {
        String below = path.endsWith("/") ? path : path + "/";
        for (JsonObject mount : container.objects("volumeMounts")) {
            if (mount.string("mountPath").startsWith(below)) {
                return true;
            }
        }
        return false;
    }

    private static boolean runs(KubernetesObject pod, String container) throws IOException {
        for (JsonObject status : pod.status().objects("containerStatuses")) {
            if (status.string("name").equals(container)) {
                return status.objectOrEmpty("state").has("running");
            }
        }
        return false;
    }
}
