package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.ClaimImages;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The objects of a snapshot. Not thread-safe. */
final class CapturedObjects {
    private final SortedMap<ObjectName, KubernetesObject> objects =
            new TreeMap<>(Comparator.comparing(ObjectName::path));
    private final Map<String, ObjectName> byUid = new HashMap<>();
    private final ClaimImages images = new ClaimImages();
    private final SortedSet<String> namespaces = new TreeSet<>();
    private Optional<Set<String>> volumes = Optional.empty();

    void add(ObjectName name, JsonObject json) throws IOException {
        KubernetesObject object = KubernetesObject.of(json);
        boolean itself = object.name().equals(name.name()) && object.namespace().equals(name.namespace());
        if (!itself) {
            throw new IOException("the snapshot has an object " + object.name() + " at '" + name.path() + "'");
        }
        objects.put(name, object);
        if (!object.uid().isEmpty()) {
            byUid.put(object.uid(), name);
        }
        images.add(name.resource(), object);
        name.namespace().ifPresent(namespaces::add);
        if (name.resource().equals("namespaces")) {
            namespaces.add(name.name());
        }
    }

    /** Adds what the snapshot says of itself: it may name the volumes whose files it has. */
    void describe(JsonObject app) throws IOException {
        if (app.has("volumes")) {
            volumes = Optional.of(Set.copyOf(app.strings("volumes")));
        }
    }

    /** Whether the snapshot has files of a claim; true if it does not say. */
    boolean hasFiles(Claim claim) {
        return volumes.isEmpty()
                || volumes.get().contains(claim.directory().name().toString());
    }

    /** Returns the namespaces that the objects are in. */
    SortedSet<String> namespaces() {
        return Collections.unmodifiableSortedSet(namespaces);
    }

    boolean isEmpty() {
        return objects.isEmpty();
    }

    Optional<KubernetesObject> find(ObjectName name) {
        return Optional.ofNullable(objects.get(name));
    }

    /** Returns the object with an identity. */
    Optional<ObjectName> byUid(String uid) {
        return Optional.ofNullable(byUid.get(uid));
    }

    /** Returns the objects in the order in which they are created. */
    List<ObjectName> inOrder() {
        List<ObjectName> names = new ArrayList<>(objects.keySet());
        names.sort(Comparator.comparing(ObjectName::resource, RestoreOrder.keys())
                .thenComparing(name -> name.namespace().orElse(""))
                .thenComparing(ObjectName::name));
        return names;
    }

    /** Returns the objects of a kind. */
    List<KubernetesObject> ofKind(String resource) {
        return objects.entrySet().stream()
                .filter(object -> object.getKey().resource().equals(resource))
                .map(Map.Entry::getValue)
                .toList();
    }

    ClaimImages images() {
        return images;
    }
}
