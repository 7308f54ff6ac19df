package dev.lifeboat.kubernetes.internal.client;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The kinds of resources that an API server has, each in its preferred version. Immutable. */
public final class Discovery {
    private final SortedMap<String, ResourceType> types;
    private final Map<String, Set<String>> versions;
    private final SortedMap<String, String> failures;

    private Discovery(
            SortedMap<String, ResourceType> types,
            Map<String, Set<String>> versions,
            SortedMap<String, String> failures) {
        this.types = types;
        this.versions = versions;
        this.failures = failures;
    }

    /**
     * Asks a server. A group whose server does not answer (an aggregated API) is left out, and is one of
     * {@link #failures}.
     */
    public static Discovery of(ApiClient client) throws IOException {
        SortedMap<String, ResourceType> types = new TreeMap<>();
        Map<String, Set<String>> versions = new LinkedHashMap<>();
        SortedMap<String, String> failures = new TreeMap<>();
        for (String version :
                client.get("/api", "list versions of the core API").strings("versions")) {
            read(client, "", version, types, versions, failures);
        }
        for (JsonObject group : client.get("/apis", "list groups of the API").objects("groups")) {
            String name = group.string("name");
            List<String> ordered = new ArrayList<>();
            if (group.has("preferredVersion")) {
                ordered.add(group.object("preferredVersion").string("version"));
            }
            for (JsonObject version : group.objects("versions")) {
                if (!ordered.contains(version.string("version"))) {
                    ordered.add(version.string("version"));
                }
            }
            for (String version : ordered) {
                read(client, name, version, types, versions, failures);
            }
        }
        return new Discovery(types, versions, failures);
    }

    /** A kind that an earlier, preferred version has stays as it is. */
    private static void read(
            ApiClient client,
            String group,
            String version,
            SortedMap<String, ResourceType> types,
            Map<String, Set<String>> versions,
            SortedMap<String, String> failures)
            throws IOException {
        String name = group.isEmpty() ? version : group + "/" + version;
        JsonObject list;
        try {
            list = client.get(group.isEmpty() ? "/api/" + version : "/apis/" + name, "list the resources of " + name);
        } catch (KubernetesException e) {
            if (e.kind() == Kind.UNAUTHORIZED || e.kind() == Kind.FORBIDDEN) {
                throw e;
            }
            failures.put(name, String.valueOf(e.getMessage()));
            return;
        }
        for (JsonObject resource : list.objects("resources")) {
            String plural = resource.string("name");
            if (plural.contains("/")) {
                continue;
            }
            ResourceType type = new ResourceType(
                    group,
                    version,
                    plural,
                    resource.string("kind"),
                    resource.flag("namespaced"),
                    new HashSet<>(resource.strings("verbs")));
            types.putIfAbsent(type.key(), type);
            versions.computeIfAbsent(type.key(), key -> new HashSet<>()).add(version);
        }
    }

    /** Returns all kinds, in the order of their keys. */
    public Collection<ResourceType> types() {
        return types.values();
    }

    /** Returns a kind by its key, such as {@code deployments.apps}. */
    public Optional<ResourceType> find(String key) {
        return Optional.ofNullable(types.get(key));
    }

    /** Returns the kind of an object, in the version that the object has, if the server has that, too. */
    public Optional<ResourceType> find(String key, String version) {
        return versions.getOrDefault(key, Set.of()).contains(version)
                ? find(key).map(type -> type.atVersion(version))
                : Optional.empty();
    }

    /** Returns the groups with versions that cannot be asked, and why. */
    public SortedMap<String, String> failures() {
        return failures;
    }
}
