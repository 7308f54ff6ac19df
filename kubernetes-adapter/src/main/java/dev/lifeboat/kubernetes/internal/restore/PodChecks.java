package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds what keeps pods from running, though the server accepts what makes them. */
final class PodChecks {
    private static final String ENFORCED = "pod-security.kubernetes.io/enforce";

    private final ClusterView view;
    private @Nullable Map<Long, String> hostPorts;

    PodChecks(ClusterView view) {
        this.view = view;
    }

    /**
     * Returns warnings about ports of a node that pods of others have: a pod waits until one is free. Which node it
     * gets is not known, so this is no conflict.
     *
     * @param body what is going to be created
     */
    List<String> hostPorts(ObjectName target, JsonObject body) throws IOException {
        List<String> warnings = new ArrayList<>();
        JsonObject spec = body.objectOrEmptyIfOther("spec");
        JsonObject pod = target.resource().equals("pods")
                ? spec
                : spec.objectOrEmptyIfOther("template").objectOrEmptyIfOther("spec");
        if (!(pod.members().get("containers") instanceof List)) {
            return warnings;
        }
        for (JsonObject container : pod.objects("containers")) {
            for (JsonObject port : container.objects("ports")) {
                if (!port.has("hostPort")) {
                    continue;
                }
                if (hostPorts == null) {
                    hostPorts = view.hostPorts();
                }
                String owner = hostPorts.get(port.number("hostPort"));
                if (owner != null) {
                    warnings.add(target + ": pod " + owner + " has port " + port.number("hostPort")
                            + " of its node; on that node no other pod gets it");
                }
            }
        }
        return warnings;
    }

    /**
     * Returns a warning about a namespace that may refuse the pods that write its volumes, which run as root. The
     * server may be older than that level, or may make an exception.
     */
    static Optional<String> security(String name, KubernetesObject namespace) throws IOException {
        return "restricted".equals(namespace.labels().get(ENFORCED))
                ? Optional.of(
                        "namespace " + name + ": its label " + ENFORCED + "=restricted may refuse the pods that write"
                                + " its volumes, since they run as root. If so, change it to baseline until it is restored"
                                + " (.patch(\"namespaces\", ..) for one that is created), or leave the files out:"
                                + " .withoutVolumes()")
                : Optional.empty();
    }
}
