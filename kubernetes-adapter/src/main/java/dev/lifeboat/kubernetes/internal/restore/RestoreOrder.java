package dev.lifeboat.kubernetes.internal.restore;

import java.util.Comparator;
import java.util.List;

/** The order in which kinds of resources are created: as Velero has it. What is not named comes last, by name. */
final class RestoreOrder {
    private static final List<String> FIRST = List.of(
            "customresourcedefinitions.apiextensions.k8s.io",
            "namespaces",
            "storageclasses.storage.k8s.io",
            "priorityclasses.scheduling.k8s.io",
            "runtimeclasses.node.k8s.io",
            "ingressclasses.networking.k8s.io",
            "persistentvolumes",
            "persistentvolumeclaims",
            "clusterroles.rbac.authorization.k8s.io",
            "roles.rbac.authorization.k8s.io",
            "serviceaccounts",
            "clusterrolebindings.rbac.authorization.k8s.io",
            "rolebindings.rbac.authorization.k8s.io",
            "secrets",
            "configmaps",
            "limitranges",
            "services",
            "pods",
            "replicasets.apps");

    /** The first kind that may start a process: volumes are written before. */
    private static final int WORKLOADS = FIRST.indexOf("services");

    private RestoreOrder() {}

    /** Compares keys of kinds of resources. */
    static Comparator<String> keys() {
        return Comparator.comparingInt(RestoreOrder::rank).thenComparing(Comparator.naturalOrder());
    }

    /** Whether a kind is created before files of volumes are written. */
    static boolean isBeforeVolumes(String key) {
        return rank(key) < WORKLOADS;
    }

    private static int rank(String key) {
        int rank = FIRST.indexOf(key);
        return rank < 0 ? FIRST.size() : rank;
    }
}
