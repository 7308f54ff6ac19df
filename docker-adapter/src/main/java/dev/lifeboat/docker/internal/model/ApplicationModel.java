package dev.lifeboat.docker.internal.model;

import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The containers that make up an application, and how they depend on each other.
 *
 * @param members containers by key, in the order of the keys
 * @param graph dependencies among the keys
 */
public record ApplicationModel(Map<String, ContainerSpec> members, DependencyGraph graph) {
    private static final List<String> SHARED_NAMESPACES = List.of("NetworkMode", "IpcMode", "PidMode");

    /**
     * Makes the model of containers. The key of a container of Compose is its service and number, which stay the same
     * when it is created anew, renamed, or copied under another project name; that of others is their name.
     */
    public static ApplicationModel of(Collection<ContainerSpec> containers) throws IOException {
        Map<String, Integer> uses = new HashMap<>();
        Set<String> projects = new HashSet<>();
        for (ContainerSpec container : containers) {
            uses.merge(composeKey(container), 1, Integer::sum);
            projects.add(new ComposeLabels(container.labels()).project().orElse(""));
        }
        boolean oneProject = projects.size() == 1;
        Map<String, ContainerSpec> members = new TreeMap<>();
        for (ContainerSpec container : containers) {
            String key = composeKey(container);
            boolean unique = uses.getOrDefault(key, 0) == 1;
            members.put(oneProject && unique ? key : container.name(), container);
        }
        return of(members);
    }

    /** Makes the model of containers whose keys are known. */
    public static ApplicationModel of(Map<String, ContainerSpec> members) throws IOException {
        return new ApplicationModel(Collections.unmodifiableMap(new TreeMap<>(members)), graph(members));
    }

    private static String composeKey(ContainerSpec container) throws IOException {
        ComposeLabels labels = new ComposeLabels(container.labels());
        boolean numbered = labels.project().isPresent()
                && labels.service().isPresent()
                && labels.number().isPresent()
                && !labels.isOneOff();
        return numbered ? labels.service().orElseThrow() + "-" + labels.number().orElseThrow() : container.name();
    }

    private static DependencyGraph graph(Map<String, ContainerSpec> members) throws IOException {
        DependencyGraph.Builder graph = new DependencyGraph.Builder();
        for (Map.Entry<String, ContainerSpec> member : members.entrySet()) {
            String key = member.getKey();
            ContainerSpec container = member.getValue();
            graph.member(key);
            for (ComposeLabels.ServiceDependency needed : new ComposeLabels(container.labels()).dependsOn()) {
                for (Map.Entry<String, ContainerSpec> other : members.entrySet()) {
                    if (isOf(needed.service(), other.getValue(), container)) {
                        graph.dependency(key, other.getKey(), needed.condition());
                    }
                }
            }
            for (String reference : references(container)) {
                keyOf(reference, members).ifPresent(on -> graph.dependency(key, on, DependencyGraph.Condition.STARTED));
            }
        }
        return graph.build();
    }

    private static boolean isOf(String service, ContainerSpec container, ContainerSpec dependent) throws IOException {
        ComposeLabels labels = new ComposeLabels(container.labels());
        return labels.service().equals(Optional.of(service))
                && labels.project().equals(new ComposeLabels(dependent.labels()).project())
                && !labels.isOneOff();
    }

    /** The containers that one refers to, by name or id: whose namespaces or volumes it shares, and its links. */
    private static Set<String> references(ContainerSpec container) throws IOException {
        Set<String> references = new HashSet<>();
        for (String field : SHARED_NAMESPACES) {
            ContainerSpec.containerOf(container.mode(field)).ifPresent(references::add);
        }
        for (String owner : container.hostConfig().strings("VolumesFrom")) {
            references.add(ContainerSpec.volumesOwner(owner));
        }
        for (String link : container.hostConfig().strings("Links")) {
            references.add(ContainerSpec.linked(link));
        }
        for (var endpoint : container.endpoints().values()) {
            for (String link : endpoint.strings("Links")) {
                references.add(ContainerSpec.linked(link));
            }
        }
        return references;
    }

    /** Returns the key of the member that a name or id refers to; empty if it is no member. */
    public Optional<String> keyOf(String nameOrId) {
        return keyOf(nameOrId, members);
    }

    private static Optional<String> keyOf(String nameOrId, Map<String, ContainerSpec> members) {
        return members.entrySet().stream()
                .filter(member -> member.getValue().name().equals(nameOrId)
                        || member.getValue().id().equals(nameOrId))
                .map(Map.Entry::getKey)
                .findFirst();
    }
}
