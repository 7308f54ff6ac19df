package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** What a plan asks the cluster. */
interface ClusterView {
    /** Returns a kind of resource in a version; empty if the server does not have that version of it. */
    Optional<ResourceType> type(String key, String version) throws IOException;

    /** Returns a kind of resource in the version that the server prefers; empty if it does not have the kind. */
    Optional<ResourceType> type(String key) throws IOException;

    /** Returns an object; empty if there is none, or no such namespace. */
    Optional<KubernetesObject> find(ResourceType type, Optional<String> namespace, String name) throws IOException;

    /** Returns why the server would not accept an object or a change; empty if it would, or cannot say. */
    Optional<String> rejection(PlannedObject object) throws IOException;

    /** Returns ports of the nodes that services have, with the services, as {@code namespace/name}. */
    Map<Long, String> nodePorts() throws IOException;

    /** Returns ports of the nodes that pods have which have not ended, with the pods, as {@code namespace/name}. */
    Map<Long, String> hostPorts() throws IOException;

    /** Returns hosts of ingresses, with the namespaces. */
    Map<String, String> ingressHosts() throws IOException;

    /** Returns a pod that has not ended and uses a claim. */
    Optional<String> userOf(String namespace, String claim) throws IOException;
}
