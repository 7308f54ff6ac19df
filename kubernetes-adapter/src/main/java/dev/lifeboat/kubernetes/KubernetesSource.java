package dev.lifeboat.kubernetes;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.SnapshotSource;
import dev.lifeboat.kubernetes.internal.capture.CaptureScope;
import dev.lifeboat.kubernetes.internal.capture.ClusterCapture;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Namespaces of a cluster, or all of it, as a source: every kind of resource that the API server has, in its preferred
 * version, custom resources too; the objects of the cluster that they need (the namespace, volumes, storage classes,
 * definitions of custom resources, roles that are bound); and the files of volumes. {@link #name} is
 * {@code namespace:shop}.
 *
 * <p>Files are read from the host if this process sees them there, which it proves before it does so; from a snapshot
 * that the driver of the volume takes; by {@code tar} in a container that mounts the volume; or by {@code tar} in a pod
 * that is created for that. The snapshot says which.
 *
 * <p>Secrets are captured, so the repository must be encrypted; {@link #allowUnencryptedSecrets} is for others.
 *
 * <p>Immutable. Each method that changes an option returns a copy.
 */
@CheckReturnValue
public final class KubernetesSource implements SnapshotSource {
    private final ApiClient client;
    private final QuiesceJournal journal;
    private final CaptureScope scope;
    private final PodQuiesce quiesce;
    private final boolean unencrypted;

    private KubernetesSource(
            ApiClient client, QuiesceJournal journal, CaptureScope scope, PodQuiesce quiesce, boolean unencrypted) {
        this.client = client;
        this.journal = journal;
        this.scope = scope;
        this.quiesce = quiesce;
        this.unencrypted = unencrypted;
    }

    static KubernetesSource of(ApiClient client, QuiesceJournal journal, SortedSet<String> namespaces) {
        return new KubernetesSource(client, journal, CaptureScope.of(namespaces), PodQuiesce.none(), false);
    }

    private KubernetesSource with(Consumer<CaptureScope.Values> change) {
        return new KubernetesSource(client, journal, scope.with(change), quiesce, unencrypted);
    }

    private static Set<String> plus(Set<String> some, String... more) {
        Set<String> all = new TreeSet<>(some);
        all.addAll(Set.of(more));
        return all;
    }

    /**
     * Captures only objects with some labels. What these need in the cluster is captured, too.
     *
     * @param selector as {@code kubectl -l} has it, such as {@code app=web,tier!=cache}
     */
    public KubernetesSource matching(String selector) {
        return with(s -> s.selector = Optional.of(selector));
    }

    /**
     * Captures only some kinds of resources; a further call adds to earlier ones.
     *
     * @param kinds such as {@code deployments.apps}, {@code deployments} or {@code Deployment}
     */
    public KubernetesSource only(String... kinds) {
        return with(s -> s.only = plus(s.only, kinds));
    }

    /**
     * Leaves kinds of resources out; a further call adds to earlier ones.
     *
     * @param kinds as {@link #only} has them
     */
    public KubernetesSource without(String... kinds) {
        return with(s -> s.without = plus(s.without, kinds));
    }

    /**
     * Leaves objects out; a further call adds to earlier ones.
     *
     * @param resource key of the kind, such as {@code configmaps} or {@code deployments.apps}
     * @param name of the object
     */
    public KubernetesSource withoutObject(String resource, String name) {
        return with(s -> s.withoutObjects = plus(s.withoutObjects, resource + "/" + name));
    }

    /** Leaves secrets out. */
    public KubernetesSource withoutSecrets() {
        return with(s -> s.secrets = false);
    }

    /** Allows that secrets are written into a repository that is not encrypted. */
    public KubernetesSource allowUnencryptedSecrets() {
        return new KubernetesSource(client, journal, scope, quiesce, true);
    }

    /** Leaves out what is in no namespace, except the namespaces: for credentials that may not read it. */
    public KubernetesSource withoutClusterObjects() {
        return with(s -> s.clusterObjects = false);
    }

    /** Leaves the files of all volumes out. Their claims are captured. */
    public KubernetesSource withoutVolumes() {
        return with(s -> s.volumes = false);
    }

    /** Leaves the files of the volume of a claim out. The claim is captured. */
    public KubernetesSource withoutVolume(String claim) {
        return with(s -> s.withoutVolumes = plus(s.withoutVolumes, claim));
    }

    /**
     * Makes the application consistent while its volumes are read; {@link PodQuiesce#none} unless set, which reads
     * files while they are written: a database may not start from such files.
     */
    public KubernetesSource quiesce(PodQuiesce how) {
        return new KubernetesSource(client, journal, scope, how, unencrypted);
    }

    /** Reads no files from the host, even where that is possible: all through the API server. */
    public KubernetesSource withoutHostPaths() {
        return with(s -> s.hostPaths = false);
    }

    /**
     * Takes no snapshots of volumes by the drivers of their storage. Unless this is called, a volume that is not read
     * from the host is read from such a snapshot, if the cluster has the API and a class that fits: the only one of the
     * driver, or its default, or the one with Velero's label. What is quiesced is resumed once all are taken.
     */
    public KubernetesSource withoutVolumeSnapshots() {
        return with(s -> s.snapshots = false);
    }

    /**
     * Chooses the class of the snapshots of volumes; volumes of other drivers are read without one.
     *
     * @param name of the VolumeSnapshotClass; a backup fails if it does not exist
     */
    public KubernetesSource volumeSnapshotClass(String name) {
        return with(s -> {
            s.snapshots = true;
            s.snapshotClass = Optional.of(name);
        });
    }

    /**
     * Sets the image of the pods that read volumes: it has {@code sh} and {@code tar}, best that of GNU. Unless set,
     * a pod has the image of the container that uses the volume, so that no image is pulled.
     */
    public KubernetesSource helperImage(String image) {
        return with(s -> s.readerImage = Optional.of(image));
    }

    @Override
    public String name() {
        return scope.isWholeCluster() ? "cluster" : "namespace:" + String.join(",", scope.namespaces());
    }

    @Override
    public boolean requiresEncryption() {
        return scope.secrets() && !unencrypted;
    }

    /**
     * {@inheritDoc}
     *
     * @throws dev.lifeboat.kubernetes.cluster.KubernetesException if a namespace does not exist or is being deleted, if
     *     a permission is missing (the message has a role with all that are), or if a volume cannot be read
     */
    @Override
    public void sendTo(EntrySink sink, QuiesceHandle.Holder holder) throws IOException {
        new ClusterCapture(client, journal, scope, quiesce).sendTo(sink, holder);
    }

    /** Sends everything without quiescing anything. */
    @Override
    public void sendTo(EntrySink sink) throws IOException {
        new ClusterCapture(client, journal, scope, PodQuiesce.none()).sendTo(sink, handle -> {});
    }

    @Override
    public String toString() {
        return name() + " of " + client.server();
    }
}
