package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Which objects are not restored, since something else makes them. */
final class Ownership {
    /** Kinds whose controllers create what they own anew, from nothing but the owner. */
    private static final Set<String> CONTROLLERS = Set.of(
            "CronJob", "DaemonSet", "Deployment", "Job", "Node", "ReplicaSet", "ReplicationController", "StatefulSet");

    private static final Set<String> GROUPS = Set.of("", "apps", "batch");

    /** Kinds that they create. Anything else that they own, such as a secret, was made by someone else. */
    private static final Set<String> CHILDREN =
            Set.of("controllerrevisions.apps", "jobs.batch", "pods", "replicasets.apps");

    /** Events, and leases, which someone holds in one cluster only. */
    private static final Set<String> PAST = Set.of("events", "events.events.k8s.io", "leases.coordination.k8s.io");

    private static final String SLICES = "endpointslice.kubernetes.io/managed-by";

    private Ownership() {}

    /** Returns why an object is not restored; empty if it is. */
    static Optional<String> skipped(ObjectName name, KubernetesObject object, CapturedObjects all) throws IOException {
        for (KubernetesObject.Owner owner : object.owners()) {
            if (CHILDREN.contains(name.resource()) && owner.controller() && isController(owner)) {
                boolean there =
                        owner.kind().equals("Node") || all.byUid(owner.uid()).isPresent();
                return Optional.of(owner.kind() + " " + owner.name() + " creates it"
                        + (there ? "" : "; that is not in the snapshot"));
            }
        }
        return switch (name.resource()) {
            case "nodes",
                    "componentstatuses",
                    "csinodes.storage.k8s.io",
                    "csistoragecapacities.storage.k8s.io",
                    "ipaddresses.networking.k8s.io",
                    "resourceslices.resource.k8s.io",
                    "servicecidrs.networking.k8s.io",
                    "volumeattachments.storage.k8s.io" ->
                Optional.of("it describes a machine or the network of the cluster");
            case "configmaps" ->
                name.name().equals("kube-root-ca.crt") || name.name().equals("openshift-service-ca.crt")
                        ? Optional.of("the cluster makes it in each namespace")
                        : Optional.empty();
            case "endpoints" ->
                all.find(new ObjectName("services", name.namespace(), name.name()))
                                        .isPresent()
                                && selects(all.find(new ObjectName("services", name.namespace(), name.name())))
                        ? Optional.of("its service finds its endpoints")
                        : Optional.empty();
            case "endpointslices.discovery.k8s.io" ->
                object.labels().getOrDefault(SLICES, "").startsWith("endpointslice")
                        ? Optional.of("a controller makes it")
                        : Optional.empty();
            case "secrets" -> token(name, object, all);
            case "pods", "jobs.batch" -> ended(object);
            case "persistentvolumes" -> provisioned(object);
            case "volumesnapshots.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io" ->
                Optional.of("it is a snapshot in the storage of the cluster, and none of what is restored");
            default -> Optional.empty();
        };
    }

    /** Whether an object is of no use once it is captured. */
    static boolean isOfThePast(ObjectName name) {
        return PAST.contains(name.resource());
    }

    private static boolean isController(KubernetesObject.Owner owner) {
        return CONTROLLERS.contains(owner.kind()) && GROUPS.contains(owner.group());
    }

    private static boolean selects(Optional<KubernetesObject> service) throws IOException {
        return service.isPresent()
                && !service.get().spec().stringMap("selector").isEmpty();
    }

    /** Before Kubernetes 1.24, the cluster makes a token for each account. */
    private static Optional<String> token(ObjectName name, KubernetesObject secret, CapturedObjects all)
            throws IOException {
        if (!secret.json().optionalString("type").orElse("").equals("kubernetes.io/service-account-token")) {
            return Optional.empty();
        }
        String account = secret.annotations().getOrDefault("kubernetes.io/service-account.name", "");
        boolean generated = name.name().matches(Pattern.quote(account) + "-token-[a-z0-9]{5}");
        return generated
                        && all.find(new ObjectName("serviceaccounts", name.namespace(), account))
                                .isPresent()
                ? Optional.of("the cluster makes the token of service account " + account)
                : Optional.empty();
    }

    private static Optional<String> ended(KubernetesObject object) throws IOException {
        String phase = object.status().optionalString("phase").orElse("");
        boolean job = false;
        for (var condition : object.status().objects("conditions")) {
            String type = condition.optionalString("type").orElse("");
            job |= (type.equals("Complete") || type.equals("Failed"))
                    && condition.optionalString("status").orElse("").equals("True");
        }
        return phase.equals("Succeeded") || phase.equals("Failed") || job
                ? Optional.of("it has ended")
                : Optional.empty();
    }

    /** The volume of a claim that a provisioner has made is made anew for the claim. */
    private static Optional<String> provisioned(KubernetesObject volume) throws IOException {
        return volume.annotations().containsKey("pv.kubernetes.io/provisioned-by")
                ? Optional.of("its claim gets a new volume")
                : Optional.empty();
    }
}
