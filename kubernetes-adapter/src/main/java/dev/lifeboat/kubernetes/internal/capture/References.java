package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.client.Discovery;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.ClaimImages;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What captured objects refer to: objects of the cluster, and claims whose files are to be read. */
final class References {
    private static final String RBAC = ".rbac.authorization.k8s.io";
    private static final String CLASSES = "storageclasses.storage.k8s.io";
    private static final String DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io";

    private record Reference(String resource, String name) {}

    private final Set<Reference> ofCluster = new LinkedHashSet<>();
    private final SortedMap<Claim, KubernetesObject> claims = new TreeMap<>();

    private final ClaimImages images = new ClaimImages();

    /** Adds what an object refers to. */
    void add(ResourceType type, KubernetesObject object) throws IOException {
        images.add(type.key(), object);
        switch (type.key()) {
            case "persistentvolumeclaims" -> {
                claims.put(new Claim(object.namespace().orElseThrow(), object.name()), object);
                refer("persistentvolumes", object.spec().optionalString("volumeName"));
                refer(CLASSES, object.spec().optionalString("storageClassName"));
            }
            case "persistentvolumes" -> refer(CLASSES, object.spec().optionalString("storageClassName"));
            case "rolebindings" + RBAC, "clusterrolebindings" + RBAC -> {
                JsonObject role = object.json().objectOrEmpty("roleRef");
                if (role.optionalString("kind").orElse("").equals("ClusterRole")) {
                    refer("clusterroles" + RBAC, role.optionalString("name"));
                }
            }
            case "ingresses.networking.k8s.io" ->
                refer("ingressclasses.networking.k8s.io", object.spec().optionalString("ingressClassName"));
            case "pods" -> pod(object.spec());
            default -> pod(object.spec().objectOrEmptyIfOther("template").objectOrEmptyIfOther("spec"));
        }
        if (type.group().contains(".")) {
            refer(DEFINITIONS, Optional.of(type.key()));
        }
    }

    private void pod(JsonObject spec) throws IOException {
        refer("priorityclasses.scheduling.k8s.io", text(spec, "priorityClassName"));
        refer("runtimeclasses.node.k8s.io", text(spec, "runtimeClassName"));
    }

    /** Custom resources may have anything under these names. */
    private static Optional<String> text(JsonObject spec, String name) {
        return spec.members().get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    private void refer(String resource, Optional<String> name) {
        name.filter(text -> !text.isEmpty()).ifPresent(text -> ofCluster.add(new Reference(resource, text)));
    }

    /** Returns the objects of the cluster that were referred to so far, if the server has their kind. */
    SortedMap<ObjectName, ResourceType> ofCluster(Discovery discovery) {
        SortedMap<ObjectName, ResourceType> found = new TreeMap<>(Comparator.comparing(ObjectName::toString));
        for (Reference reference : ofCluster) {
            discovery
                    .find(reference.resource())
                    .ifPresent(type ->
                            found.put(new ObjectName(reference.resource(), Optional.empty(), reference.name()), type));
        }
        return found;
    }

    ClaimImages images() {
        return images;
    }

    /** Returns the claims. */
    Map<Claim, KubernetesObject> claims() {
        return claims;
    }
}
