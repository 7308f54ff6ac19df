package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** Runs the commands that pods name for what comes after a restore. */
public final class RestoreHooks {
    private static final String PREFIX = "post.hook.restore.velero.io/";

    private RestoreHooks() {}

    /** Runs them in all pods of a namespace that run; what fails is reported. */
    public static void run(ApiClient client, String namespace, Consumer<Problem> problems) throws IOException {
        String path = "/api/v1/namespaces/" + namespace + "/pods";
        for (JsonObject item :
                client.get(path, "list pods of namespace " + namespace).objects("items")) {
            KubernetesObject pod = KubernetesObject.of(item);
            if (!pod.status().optionalString("phase").orElse("").equals("Running")) {
                continue;
            }
            try {
                Optional<PodCommand> command = PodCommand.of(pod, PREFIX);
                if (command.isPresent()) {
                    command.get().run(client);
                }
            } catch (KubernetesException e) {
                problems.accept(
                        new Problem(ClusterLayout.KUBERNETES, Problem.Kind.DEGRADED, String.valueOf(e.getMessage())));
            }
        }
    }
}
