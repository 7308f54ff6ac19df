package dev.lifeboat.kubernetes.internal.model;

import java.util.List;

/**
 * An image of a pod.
 *
 * @param name of the image
 * @param pullSecrets names of secrets of the namespace by which it is pulled
 */
public record PodImage(String name, List<String> pullSecrets) {
    public PodImage {
        pullSecrets = List.copyOf(pullSecrets);
    }

    /** Returns an image that needs no secret. */
    public static PodImage of(String name) {
        return new PodImage(name, List.of());
    }

    @Override
    public String toString() {
        return name;
    }
}
