package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs the commands that pods name for what comes after a restore. */
public final class RestoreHooks {
    private static final String PREFIX = "post.hook.restore.velero.io/";

    private static final String INIT = "init.hook.restore.velero.io/";

    private RestoreHooks() {}

    /** Whether a pod, or the template of one, is to get an init container. */
    public static boolean hasInit(JsonObject pod) throws IOException {
        return KubernetesObject.of(pod).annotations().containsKey(INIT + "container-image");
    }

    /** Velero takes what is no list of JSON for one word. */
    private static List<String> words(String command, KubernetesObject pod) throws IOException {
        try {
            return PodCommand.words(command, pod);
        } catch (KubernetesException e) {
            return List.of(command);
        }
    }

    /** Adds the init container that a pod names in its annotations, before those that it has; as Velero does. */
    public static void addInit(JsonObject pod) throws IOException {
        KubernetesObject object = KubernetesObject.of(pod);
        Map<String, String> annotations = object.annotations();
        if (!hasInit(pod)) {
            return;
        }
        String name = annotations.getOrDefault(INIT + "container-name", "velero-restore-init");
        String command = annotations.getOrDefault(INIT + "command", "");
        JsonObject init = JsonObject.create()
                .put("name", name)
                .put("image", annotations.getOrDefault(INIT + "container-image", ""));
        if (!command.isBlank()) {
            init.put("command", words(command, object));
        }
        List<@Nullable Object> all = new ArrayList<>();
        all.add(init.members());
        for (JsonObject container : object.spec().objects("initContainers")) {
            // An earlier restore may have added it.
            if (!container.string("name").equals(name)) {
                all.add(container.members());
            }
        }
        pod.object("spec").put("initContainers", all);
    }

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
