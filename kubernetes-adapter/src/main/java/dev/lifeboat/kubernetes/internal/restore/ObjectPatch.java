package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.kubernetes.internal.model.JsonPatch;
import java.util.Map;

/**
 * A patch of restored objects.
 *
 * @param kind key, plural or kind of the objects
 * @param labels that an object must have
 * @param patch changes it
 */
public record ObjectPatch(String kind, Map<String, String> labels, JsonPatch patch) {
    public ObjectPatch {
        labels = Map.copyOf(labels);
    }

    /** Whether it is for an object. */
    boolean isFor(String key, String ofKind, Map<String, String> own) {
        String plural = key.contains(".") ? key.substring(0, key.indexOf('.')) : key;
        boolean named = kind.equals(key) || kind.equals(plural) || kind.equals(ofKind);
        return named && own.entrySet().containsAll(labels.entrySet());
    }
}
