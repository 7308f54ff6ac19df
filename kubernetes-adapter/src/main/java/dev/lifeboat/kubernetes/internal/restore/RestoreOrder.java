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
            "networkpolicies.networking.k8s.io",
            "poddisruptionbudgets.policy",
            "pods",
            "replicasets.apps");

    /** Kinds whose objects act on all others: only once the processes are there that they call. */
    private static final List<String> LAST = List.of(
            "apiservices.apiregistration.k8s.io",
            "mutatingwebhookconfigurations.admissionregistration.k8s.io",
            "validatingwebhookconfigurations.admissionregistration.k8s.io");

    /** Kinds of the cluster that a namespace may need, in the order in which a restore that failed is undone. */
    private static final List<String> NEEDED = List.of(
            "namespaces",
            "clusterrolebindings.rbac.authorization.k8s.io",
            "clusterroles.rbac.authorization.k8s.io",
            "persistentvolumes",
            "storageclasses.storage.k8s.io",
            "ingressclasses.networking.k8s.io",
            "runtimeclasses.node.k8s.io",
            "priorityclasses.scheduling.k8s.io",
            "customresourcedefinitions.apiextensions.k8s.io");

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

    /** Whether a kind of the cluster is one that a namespace may need. */
    static boolean isNeededByNamespaces(String key) {
        return NEEDED.contains(key);
    }

    /** Returns those kinds in the order in which a restore that failed is undone. */
    static List<String> undone() {
        return NEEDED;
    }

    private static int rank(String key) {
        int rank = FIRST.indexOf(key);
        if (rank >= 0) {
            return rank;
        }
        return FIRST.size() + (LAST.contains(key) ? 1 : 0);
    }
}
