package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/**
 * What of a cluster is captured. Immutable.
 *
 * @param namespaces their names; empty for the whole cluster
 * @param selector of labels, as the API has it; empty for all objects
 * @param only kinds of resources, as {@link #names} has them; empty for all
 * @param without kinds of resources that are left out
 * @param withoutObjects objects that are left out, as {@code secrets/db}
 * @param secrets whether secrets are captured
 * @param clusterObjects whether objects of the cluster are captured that the namespaces need
 * @param volumes whether files of claims are captured
 * @param withoutVolumes claims whose files are left out, by name
 * @param hostPaths whether files are read from the host where that is possible
 * @param readerImage image of pods that read volumes; empty for the image of a pod that uses the volume
 */
public record CaptureScope(
        SortedSet<String> namespaces,
        Optional<String> selector,
        Set<String> only,
        Set<String> without,
        Set<String> withoutObjects,
        boolean secrets,
        boolean clusterObjects,
        boolean volumes,
        Set<String> withoutVolumes,
        boolean hostPaths,
        Optional<String> readerImage) {
    public CaptureScope withSelector(String value) {
        return new CaptureScope(
                namespaces,
                Optional.of(value),
                only,
                without,
                withoutObjects,
                secrets,
                clusterObjects,
                volumes,
                withoutVolumes,
                hostPaths,
                readerImage);
    }

    public CaptureScope withOnly(Set<String> value) {
        return new CaptureScope(
                namespaces,
                selector,
                value,
                without,
                withoutObjects,
                secrets,
                clusterObjects,
                volumes,
                withoutVolumes,
                hostPaths,
                readerImage);
    }

    public CaptureScope withWithout(Set<String> value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                value,
                withoutObjects,
                secrets,
                clusterObjects,
                volumes,
                withoutVolumes,
                hostPaths,
                readerImage);
    }

    public CaptureScope withWithoutObjects(Set<String> value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                without,
                value,
                secrets,
                clusterObjects,
                volumes,
                withoutVolumes,
                hostPaths,
                readerImage);
    }

    public CaptureScope withSecrets(boolean value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                without,
                withoutObjects,
                value,
                clusterObjects,
                volumes,
                withoutVolumes,
                hostPaths,
                readerImage);
    }

    public CaptureScope withClusterObjects(boolean value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                without,
                withoutObjects,
                secrets,
                value,
                volumes,
                withoutVolumes,
                hostPaths,
                readerImage);
    }

    public CaptureScope withVolumes(boolean value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                without,
                withoutObjects,
                secrets,
                clusterObjects,
                value,
                withoutVolumes,
                hostPaths,
                readerImage);
    }

    public CaptureScope withWithoutVolumes(Set<String> value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                without,
                withoutObjects,
                secrets,
                clusterObjects,
                volumes,
                value,
                hostPaths,
                readerImage);
    }

    public CaptureScope withReaderImage(String value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                without,
                withoutObjects,
                secrets,
                clusterObjects,
                volumes,
                withoutVolumes,
                hostPaths,
                Optional.of(value));
    }

    public CaptureScope withHostPaths(boolean value) {
        return new CaptureScope(
                namespaces,
                selector,
                only,
                without,
                withoutObjects,
                secrets,
                clusterObjects,
                volumes,
                withoutVolumes,
                value,
                readerImage);
    }

    /** Whether it is the whole cluster. */
    public boolean isWholeCluster() {
        return namespaces.isEmpty();
    }

    /** Whether a kind of resource is captured. */
    boolean takes(ResourceType type) {
        boolean restorable = type.verbs().containsAll(Set.of("list", "get", "create", "delete"));
        boolean secret = type.key().equals("secrets");
        return restorable && (secrets || !secret) && (only.isEmpty() || names(type, only)) && !names(type, without);
    }

    boolean takes(ObjectName object) {
        return !withoutObjects.contains(object.resource() + "/" + object.name());
    }

    boolean takesFilesOf(Claim claim) {
        return volumes && !withoutVolumes.contains(claim.name());
    }

    /** A kind has several names: {@code deployments.apps}, {@code deployments}, {@code Deployment}. */
    private static boolean names(ResourceType type, Set<String> asked) {
        return asked.contains(type.key())
                || asked.contains(type.plural())
                || asked.contains(type.kind())
                || asked.contains(type.kind().toLowerCase(Locale.ROOT));
    }
}
