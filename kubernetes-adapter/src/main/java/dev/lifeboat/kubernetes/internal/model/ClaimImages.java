package dev.lifeboat.kubernetes.internal.model;

import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which image an application uses a claim with: a pod that reads or writes the volume for us takes that, so that
 * nothing is pulled. Not thread-safe.
 */
public final class ClaimImages {
    private final Map<String, PodImage> byClaim = new HashMap<>();
    /** Claims that a stateful set makes are called after its template, itself, and a number. */
    private final Map<String, PodImage> byPrefix = new LinkedHashMap<>();

    /** Adds a pod, or something of Kubernetes itself that makes pods; others are ignored. */
    public void add(String resource, KubernetesObject object) throws IOException {
        switch (resource) {
            case "pods" -> pod(object.namespace().orElse(""), object.spec());
            case "deployments.apps", "daemonsets.apps", "replicasets.apps", "replicationcontrollers", "jobs.batch" ->
                pod(object.namespace().orElse(""), template(object.spec()));
            case "cronjobs.batch" ->
                pod(
                        object.namespace().orElse(""),
                        template(object.spec().objectOrEmpty("jobTemplate").objectOrEmpty("spec")));
            case "statefulsets.apps" -> {
                pod(object.namespace().orElse(""), template(object.spec()));
                statefulSet(object);
            }
            default -> {
                // A custom resource may have anything in the same places.
            }
        }
    }

    private static JsonObject template(JsonObject spec) throws IOException {
        return spec.objectOrEmpty("template").objectOrEmpty("spec");
    }

    private void statefulSet(KubernetesObject set) throws IOException {
        for (JsonObject claim : set.spec().objects("volumeClaimTemplates")) {
            String name = claim.objectOrEmpty("metadata").optionalString("name").orElse("");
            String prefix = set.namespace().orElse("") + "/" + name + "-" + set.name() + "-";
            image(template(set.spec()), name).ifPresent(image -> byPrefix.put(prefix, image));
        }
    }

    private void pod(String namespace, JsonObject spec) throws IOException {
        for (JsonObject volume : spec.objects("volumes")) {
            Optional<String> claim =
                    volume.objectOrEmpty("persistentVolumeClaim").optionalString("claimName");
            if (claim.isPresent()) {
                image(spec, volume.string("name"))
                        .ifPresent(image -> byClaim.putIfAbsent(namespace + "/" + claim.get(), image));
            }
        }
    }

    private static Optional<PodImage> image(JsonObject spec, String volume) throws IOException {
        List<String> secrets = new ArrayList<>();
        for (JsonObject secret : spec.objects("imagePullSecrets")) {
            secret.optionalString("name").ifPresent(secrets::add);
        }
        Map<String, Object> placement = PodImage.placement(spec);
        for (JsonObject container : spec.objects("containers")) {
            for (JsonObject mount : container.objects("volumeMounts")) {
                if (mount.optionalString("name").orElse("").equals(volume)) {
                    return container.optionalString("image").map(name -> new PodImage(name, secrets, placement));
                }
            }
        }
        return Optional.empty();
    }

    /** Returns the image that uses a claim. */
    public Optional<PodImage> find(String namespace, String claim) {
        String name = namespace + "/" + claim;
        PodImage image = byClaim.get(name);
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
