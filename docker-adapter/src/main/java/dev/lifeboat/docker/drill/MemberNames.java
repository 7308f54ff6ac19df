package dev.lifeboat.docker.drill;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Names of the members of an application: a service if it has one container, else the key in the snapshot. */
final class MemberNames {
    private MemberNames() {}

    static Optional<String> service(ContainerDocument document) {
        try {
            return new ComposeLabels(document.container().labels()).service();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static List<String> keysOf(Map<String, ContainerDocument> documents, String service) {
        List<String> keys = new ArrayList<>();
        documents.forEach((key, document) -> {
            if (service(document).equals(Optional.of(service))) {
                keys.add(key);
            }
        });
        return keys;
    }

    /** Returns the name by which people know a member. */
    static String shown(Map<String, ContainerDocument> documents, String key) {
        ContainerDocument document = documents.get(key);
        Optional<String> service = document == null ? Optional.empty() : service(document);
        return service.filter(name -> keysOf(documents, name).size() == 1).orElse(key);
    }

    /**
     * Finds the key of a member by its key, its service, or the name that its container had.
     *
     * @throws IOException if there is none, or more than one
     */
    static String key(Map<String, ContainerDocument> documents, String member) throws IOException {
        if (documents.containsKey(member)) {
            return member;
        }
        List<String> keys = keysOf(documents, member);
        documents.forEach((key, document) -> {
            if (document.container().name().equals(member)) {
                keys.add(key);
            }
        });
        if (keys.size() == 1) {
            return keys.get(0);
        }
        TreeSet<String> all = new TreeSet<>();
        documents.keySet().forEach(key -> all.add(shown(documents, key)));
        throw new IOException(
                keys.isEmpty()
                        ? "the application has no member '" + member + "'; it has " + all
                        : "'" + member + "' may be any of " + keys);
    }
}
