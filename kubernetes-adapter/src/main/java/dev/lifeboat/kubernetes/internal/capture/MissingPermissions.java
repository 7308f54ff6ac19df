package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a capture is not allowed to read: all of it is found out before the capture fails. */
final class MissingPermissions {
    private final SortedMap<String, SortedSet<String>> namespaced = new TreeMap<>();
    private final SortedMap<String, SortedSet<String>> ofCluster = new TreeMap<>();

    void add(ResourceType type) {
        (type.namespaced() ? namespaced : ofCluster)
                .computeIfAbsent(type.group(), group -> new TreeSet<>())
                .add(type.plural());
    }

    /** Throws an exception whose message holds roles that have what is missing, if anything is. */
    void check() throws KubernetesException {
        if (namespaced.isEmpty() && ofCluster.isEmpty()) {
            return;
        }
        StringBuilder message = new StringBuilder("the credentials may not read all that is to be captured. Grant"
                + " what follows, or leave these kinds out: .without(..)");
        if (!ofCluster.isEmpty()) {
            message.append(", .withoutClusterObjects()");
        }
        role(message, "Role", namespaced);
        role(message, "ClusterRole", ofCluster);
        throw new KubernetesException(Kind.FORBIDDEN, message.toString());
    }

    private static void role(StringBuilder to, String kind, SortedMap<String, SortedSet<String>> rules) {
        if (rules.isEmpty()) {
            return;
        }
        to.append("\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ")
                .append(kind)
                .append("\nmetadata: {name: lifeboat}\nrules:");
        rules.forEach((group, resources) -> to.append("\n- {apiGroups: [\"")
                .append(group)
                .append("\"], resources: [")
                .append(String.join(", ", resources))
                .append("], verbs: [get, list]}"));
    }
}
