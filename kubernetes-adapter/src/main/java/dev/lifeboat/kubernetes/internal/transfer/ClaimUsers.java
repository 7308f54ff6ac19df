package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.Optional;

/** Finds who uses a claim. */
public final class ClaimUsers {
    private ClaimUsers() {}

    /** Returns the name of a pod that has not ended and uses a claim, other than one of ours. */
    public static Optional<String> find(ApiClient client, String namespace, String claim) throws IOException {
        String path = "/api/v1/namespaces/" + namespace + "/pods";
        for (JsonObject item :
                client.get(path, "list pods of namespace " + namespace).objects("items")) {
            KubernetesObject pod = KubernetesObject.of(item);
            String phase = pod.status().optionalString("phase").orElse("");
            if (!phase.equals("Succeeded")
                    && !phase.equals("Failed")
                    && !HelperMarks.areOn(pod)
                    && pod.usesClaim(claim)) {
                return Optional.of(pod.name());
            }
        }
        return Optional.empty();
    }
}
