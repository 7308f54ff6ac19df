package dev.lifeboat.kubernetes.internal.model;

import java.util.Optional;
import java.util.Set;

/**
 * A kind of resource that the API server has.
 *
 * @param group of the API; empty for the core group
 * @param version of the API
 * @param plural name in paths, such as {@code deployments}
 * @param kind as it is in objects, such as {@code Deployment}
 * @param namespaced whether its objects are in namespaces
 * @param verbs what can be done with it
 */
public record ResourceType(
        String group, String version, String plural, String kind, boolean namespaced, Set<String> verbs) {
    public ResourceType {
        verbs = Set.copyOf(verbs);
    }

    /** Returns the name that does not depend on the version: {@code deployments.apps}, {@code pods}. */
    public String key() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /** Returns the group and version as objects have it: {@code apps/v1}, {@code v1}. */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** Returns the path of all objects, of a namespace or of the whole cluster. */
    public String path(Optional<String> namespace) {
        return (group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version)
                + namespace.map(name -> "/namespaces/" + name).orElse("") + "/" + plural;
    }

    /** Returns this kind in another version of its group. */
    public ResourceType atVersion(String other) {
        return new ResourceType(group, other, plural, kind, namespaced, verbs);
    }
}
