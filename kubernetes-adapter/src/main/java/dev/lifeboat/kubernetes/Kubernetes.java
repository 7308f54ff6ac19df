package dev.lifeboat.kubernetes;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.cluster.ClusterInfo;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.quiesce.ClusterRecovery;
import dev.lifeboat.kubernetes.internal.restore.RestoreOptions;
import dev.lifeboat.kubernetes.internal.restore.RestoreRecovery;
import dev.lifeboat.kubernetes.internal.transfer.AbandonedHelpers;
import dev.lifeboat.quiesce.QuiesceJournal;
import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.utils.HttpClientUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A Kubernetes cluster, as source and as target.
 *
 * <pre>{@code
 * try (Kubernetes kubernetes = Kubernetes.local()) {
 *     Snapshot snapshot = repo.backup(kubernetes.namespace("shop")).run();
 *     repo.restore(snapshot).to(kubernetes.newNamespace("shop-copy")).run();
 * }
 * }</pre>
 *
 * <p>Thread-safe. Sources and restore targets of it are usable until it is closed.
 */
public final class Kubernetes implements AutoCloseable {
    private final ApiClient client;
    private final QuiesceJournal journal;

    private Kubernetes(ApiClient client, QuiesceJournal journal) {
        this.client = client;
        this.journal = journal;
    }

    private Kubernetes(ApiClient client) {
        this(client, QuiesceJournal.ofUser());
    }

    /**
     * Returns this cluster with another journal of what is scaled to zero; {@link QuiesceJournal#ofUser} unless set.
     * Both share the connections; closing one closes the other.
     */
    public Kubernetes withJournal(QuiesceJournal newJournal) {
        return new Kubernetes(client, newJournal);
    }

    /**
     * Returns the cluster that {@code kubectl} talks to: that of the current context of {@code KUBECONFIG} or
     * {@code ~/.kube/config}, with its credentials, also those of plugins; within a pod, the cluster of the pod. The
     * caller closes it.
     */
    public static Kubernetes local() {
        return of(Config.autoConfigure(null));
    }

    /**
     * Returns the cluster of a context of the kubeconfig. The caller closes it.
     *
     * @param context its name
     */
    public static Kubernetes ofContext(String context) {
        return of(Config.autoConfigure(context));
    }

    /**
     * Returns the cluster of the current context of a kubeconfig. The caller closes it.
     *
     * @throws IllegalArgumentException if there is no such file
     */
    public static Kubernetes ofKubeconfig(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("there is no kubeconfig " + file.toAbsolutePath());
        }
        return of(Config.fromKubeconfig(file.toFile()));
    }

    private static Kubernetes of(Config config) {
        // A slow store makes the server wait with its output, and an answer to a ping waits behind that.
        config.setWebsocketPingInterval(0L);
        config.setRequestRetryBackoffLimit(0);
        return new Kubernetes(new ApiClient(
                HttpClientUtils.getHttpClientFactory().newBuilder(config).build(),
                URI.create(config.getMasterUrl()),
                true));
    }

    /**
     * Returns the cluster of a client, with its connections. Closing the result leaves the client open. A client that
     * is shared should have {@code withWebsocketPingInterval(0)}: while a store is slow, no ping is answered.
     */
    public static Kubernetes using(Client client) {
        // Requests are sent again by us, and not by both.
        RequestConfig once = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .build();
        HttpClient http = client.getHttpClient().newBuilder().tag(once).build();
        return new Kubernetes(
                new ApiClient(http, URI.create(client.getMasterUrl().toString()), false));
    }

    /**
     * Returns what the cluster is.
     *
     * @throws UncheckedIOException if it does not answer
     */
    public ClusterInfo info() {
        try {
            return client.info();
        } catch (IOException e) {
            throw new UncheckedIOException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Returns a namespace as a source: all its objects, those of the cluster that they need, and files of volumes. */
    public KubernetesSource namespace(String name) {
        return namespaces(name);
    }

    /**
     * Returns several namespaces as one source.
     *
     * @throws IllegalArgumentException if none is given, or a name cannot be one of a namespace
     */
    public KubernetesSource namespaces(String... names) {
        SortedSet<String> all = new TreeSet<>();
        for (String name : names) {
            checkNamespace(name);
            all.add(name);
        }
        if (all.isEmpty()) {
            throw new IllegalArgumentException("no namespace is given; cluster() has all of them");
        }
        return KubernetesSource.of(client, journal, all);
    }

    /** Returns the whole cluster as a source: all namespaces, and all objects that are in none. */
    public KubernetesSource cluster() {
        return KubernetesSource.of(client, journal, new TreeSet<>());
    }

    /** Checks that a text can be the name of a namespace: a label of RFC 1123. */
    static void checkNamespace(String name) {
        if (!name.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
            throw new IllegalArgumentException("'" + name + "' cannot be the name of a namespace: 1 to 63 characters of"
                    + " a-z, 0-9 and -, the first and last no -");
        }
    }

    /**
     * Returns a restore of the one namespace of a snapshot into a namespace that is created for it.
     *
     * @param name of the namespace, which must not exist
     * @throws IllegalArgumentException if it cannot be the name of a namespace
     */
    public NamespaceRestore newNamespace(String name) {
        checkNamespace(name);
        return new NamespaceRestore(client, RestoreOptions.inPlace().with(o -> o.newNamespace = Optional.of(name)));
    }

    /**
     * Returns a restore of the files of one volume into a claim that exists.
     *
     * @param volume its name in the snapshot: namespace and claim, as {@code shop.data-db-0}; of a volume of Docker its
     *     name
     * @param namespace of the claim
     * @param claim its name
     * @throws IllegalArgumentException if it cannot be the name of a namespace
     */
    public ClaimRestore intoClaim(String volume, String namespace, String claim) {
        checkNamespace(namespace);
        return new ClaimRestore(client, volume, new Claim(namespace, claim), RestoreOptions.inPlace());
    }

    /**
     * Returns a restore of all namespaces of a snapshot under their own names: what is missing is created, and what is
     * there stays as it is.
     */
    public NamespaceRestore inPlace() {
        return new NamespaceRestore(client, RestoreOptions.inPlace());
    }

    /** Returns the Velero server in namespace {@code velero}, which makes backups and restores of its own. */
    public VeleroServer velero() {
        return velero("velero");
    }

    /**
     * Returns the Velero server in a namespace.
     *
     * @throws IllegalArgumentException if it cannot be the name of a namespace
     */
    public VeleroServer velero(String namespace) {
        checkNamespace(namespace);
        return new VeleroServer(client, namespace);
    }

    /**
     * Undoes what processes of this machine have left in the cluster that were killed. Resumes what a backup had
     * quiesced: scales workloads back, and runs the commands that come afterwards. Deletes pods that read or write
     * volumes, and namespaces and objects of the cluster that a restore had created which had not succeeded. Restores
     * do the same before they begin, and backups for such pods of their namespaces, but only for processes that were
     * killed since this machine was started: machines that are copies of each other, with the same machine id, are told
     * apart by that. So call this after a machine was restarted, and only where no copy of it is at work.
     *
     * @return what was resumed or deleted
     * @throws UncheckedIOException if the cluster does not answer
     */
    @CanIgnoreReturnValue
    public List<String> recover() {
        try {
            List<String> removed =
                    new ArrayList<>(ClusterRecovery.run(client, journal, Set.of(), ProcessIdentity::isGone));
            removed.addAll(AbandonedHelpers.remove(client, Optional.empty(), ProcessIdentity::isGone));
            removed.addAll(RestoreRecovery.run(client, ProcessIdentity::isGone));
            return removed;
        } catch (IOException e) {
            throw new UncheckedIOException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Closes the connections; not those of a client that was given. */
    @Override
    public void close() {
        client.close();
    }

    @Override
    public String toString() {
        return client.server().toString();
    }
}
