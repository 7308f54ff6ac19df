package dev.lifeboat.kubernetes.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which image an application uses a claim with: a pod that reads or writes the volume for us takes that, so that
 * nothing is pulled. Not thread-safe.
 */
public final class ClaimImages {
    private final Map<String, String> byClaim = new HashMap<>();
    /** Claims that a stateful set makes are called after its template, itself, and a number. */
    private final Map<String, String> byPrefix = new LinkedHashMap<>();

    /** Adds a pod, or something that makes pods. */
    public void add(KubernetesObject object) throws IOException {
        if (object.kind().equals("Pod")) {
            pod(object.namespace().orElse(""), object.spec());
            return;
        }
        JsonObject holder = object.kind().equals("CronJob")
                ? object.spec().objectOrEmptyIfOther("jobTemplate").objectOrEmptyIfOther("spec")
                : object.spec();
        JsonObject template = holder.objectOrEmptyIfOther("template").objectOrEmptyIfOther("spec");
        if (!template.has("containers")) {
            return;
        }
        pod(object.namespace().orElse(""), template);
        if (object.kind().equals("StatefulSet")) {
            for (JsonObject claim : object.spec().objects("volumeClaimTemplates")) {
                String name = claim.objectOrEmpty("metadata").optionalString("name").orElse("");
                String prefix = object.namespace().orElse("") + "/" + name + "-" + object.name() + "-";
                image(template, name).ifPresent(image -> byPrefix.put(prefix, image));
            }
        }
    }

    private void pod(String namespace, JsonObject spec) throws IOException {
        for (JsonObject volume : spec.objects("volumes")) {
            Optional<String> claim = volume.objectOrEmpty("persistentVolumeClaim").optionalString("claimName");
            if (claim.isPresent()) {
                image(spec, volume.string("name"))
                        .ifPresent(image -> byClaim.putIfAbsent(namespace + "/" + claim.get(), image));
            }
        }
    }

    private static Optional<String> image(JsonObject spec, String volume) throws IOException {
        for (JsonObject container : spec.objects("containers")) {
            for (JsonObject mount : container.objects("volumeMounts")) {
                if (mount.optionalString("name").orElse("").equals(volume)) {
                    return container.optionalString("image");
                }
            }
        }
        return Optional.empty();
    }

    /** Returns the image that uses a claim. */
    public Optional<String> find(String namespace, String claim) {
        String name = namespace + "/" + claim;
        String image = byClaim.get(name);
        if (image != null) {
            return Optional.of(image);
        }
        return byPrefix.entrySet().stream()
                .filter(prefix -> name.startsWith(prefix.getKey())
                        && name.substring(prefix.getKey().length()).matches("[0-9]+"))
                .map(Map.Entry::getValue)
                .findFirst();
    }
}
