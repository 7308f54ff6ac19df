package dev.lifeboat.kubernetes.internal.capture;

import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.ResourceType;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * What of a cluster is captured. Immutable.
 */
public final class CaptureScope {
    private final Values values;

    /** The options while one of them is changed. */
    public static final class Values {
        /** Names of namespaces; none for the whole cluster. */
        public SortedSet<String> namespaces = new TreeSet<>();

        /** Selector of labels, as the API has it; empty for all objects. */
        public Optional<String> selector = Optional.empty();

        /** Kinds of resources, by key, plural or kind; empty for all. */
        public Set<String> only = Set.of();

        /** Kinds of resources that are left out. */
        public Set<String> without = Set.of();

        /** Objects that are left out, as {@code secrets/db}. */
        public Set<String> withoutObjects = Set.of();

        /** Whether secrets are captured. */
        public boolean secrets = true;

        /** Whether objects of the cluster are captured that the namespaces need. */
        public boolean clusterObjects = true;

        /** Whether files of claims are captured. */
        public boolean volumes = true;

        /** Claims whose files are left out, by name. */
        public Set<String> withoutVolumes = Set.of();

        /** Whether files are read from the host where that is possible. */
        public boolean hostPaths = true;

        /** Image of pods that read volumes; empty for the image of a pod that uses the volume. */
        public Optional<String> readerImage = Optional.empty();

        /** Whether volumes are read from snapshots of their drivers where that is possible. */
        public boolean snapshots = true;

        /** The class of these snapshots; empty for the one that fits. */
        public Optional<String> snapshotClass = Optional.empty();

        private Values() {}

        private Values(Values other) {
            namespaces = other.namespaces;
            selector = other.selector;
            only = other.only;
            without = other.without;
            withoutObjects = other.withoutObjects;
            secrets = other.secrets;
            clusterObjects = other.clusterObjects;
            volumes = other.volumes;
            withoutVolumes = other.withoutVolumes;
            hostPaths = other.hostPaths;
            readerImage = other.readerImage;
            snapshots = other.snapshots;
            snapshotClass = other.snapshotClass;
        }
    }

    private CaptureScope(Values values) {
        this.values = values;
    }

    /** Returns a copy with something changed. */
    public CaptureScope with(Consumer<Values> change) {
        Values changed = new Values(values);
        change.accept(changed);
        return new CaptureScope(changed);
    }

    /** Returns the scope of all of some namespaces; of none for the whole cluster. */
    public static CaptureScope of(SortedSet<String> namespaces) {
        Values values = new Values();
        values.namespaces = namespaces;
        return new CaptureScope(values);
    }

    public SortedSet<String> namespaces() {
        return values.namespaces;
    }

    Optional<String> selector() {
        return values.selector;
    }

    Set<String> only() {
        return values.only;
    }

    Set<String> without() {
        return values.without;
    }

    Set<String> withoutObjects() {
        return values.withoutObjects;
    }

    public boolean secrets() {
        return values.secrets;
    }

    boolean clusterObjects() {
        return values.clusterObjects;
    }

    boolean volumes() {
        return values.volumes;
    }

    Set<String> withoutVolumes() {
        return values.withoutVolumes;
    }

    boolean hostPaths() {
        return values.hostPaths;
    }

    Optional<String> readerImage() {
        return values.readerImage;
    }

    boolean snapshots() {
        return values.snapshots;
    }

    Optional<String> snapshotClass() {
        return values.snapshotClass;
    }

    /** Whether it is the whole cluster. */
    public boolean isWholeCluster() {
        return values.namespaces.isEmpty();
    }

    /** Whether a kind of resource is captured. */
    boolean takes(ResourceType type) {
        boolean restorable = type.verbs().containsAll(Set.of("list", "get", "create", "delete"));
        boolean secret = type.key().equals("secrets");
        return restorable
                && (values.secrets || !secret)
                && (values.only.isEmpty() || names(type, values.only))
                && !names(type, values.without);
    }

    boolean takes(ObjectName object) {
        return !values.withoutObjects.contains(object.resource() + "/" + object.name());
    }

    boolean takesFilesOf(Claim claim) {
        return values.volumes && !values.withoutVolumes.contains(claim.name());
    }

    /** A kind has several names: {@code deployments.apps}, {@code deployments}, {@code Deployment}. */
    private static boolean names(ResourceType type, Set<String> asked) {
        return asked.contains(type.key())
                || asked.contains(type.plural())
                || asked.contains(type.kind())
                || asked.contains(type.kind().toLowerCase(Locale.ROOT));
    }
}
