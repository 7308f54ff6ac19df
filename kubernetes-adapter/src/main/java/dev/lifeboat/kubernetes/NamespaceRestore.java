package dev.lifeboat.kubernetes;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.model.JsonPatch;
import dev.lifeboat.kubernetes.internal.restore.NamespaceRestoreSession;
import dev.lifeboat.kubernetes.internal.restore.ObjectPatch;
import dev.lifeboat.kubernetes.internal.restore.RestoreOptions;
import dev.lifeboat.kubernetes.plan.RestorePlan;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Restores namespaces: objects in an order in which each finds what it needs, files of volumes before the first process
 * starts, then workloads, and waits until they are ready.
 *
 * <p>A plan is made before anything is changed. If it has conflicts, nothing is changed, and the restore fails with all
 * of them. If the restore fails later, what it has created is deleted, a new namespace as a whole; objects that were
 * there and were changed stay as they are then.
 *
 * <p>What the cluster sets is left to it: identities, versions, status, addresses of services, ports of the nodes,
 * tokens of accounts, volumes that a provisioner makes. What a controller makes is not restored if what it makes it
 * from is: pods of a deployment, jobs of a cron job, endpoints of a service. Jobs and pods that have ended are not
 * restored. The plan names each of these. Events and leases are not restored either.
 *
 * <p>Objects that are there stay as they are, unless {@link #update} is called; those that are in no namespace always
 * do. A claim that is there keeps its files with it, and so does a volume that was released when its claim was deleted.
 *
 * <p>A snapshot says what is created, with the permissions of this client: restore only snapshots that you trust.
 *
 * <p>Immutable. Each method that changes an option returns a copy.
 */
@CheckReturnValue
public final class NamespaceRestore implements RestoreTarget {
    private final ApiClient client;
    private final RestoreOptions options;

    NamespaceRestore(ApiClient client, RestoreOptions options) {
        this.client = client;
        this.options = options;
    }

    private NamespaceRestore with(Consumer<RestoreOptions.Values> change) {
        return new NamespaceRestore(client, options.with(change));
    }

    private static Map<String, String> plus(Map<String, String> some, String from, String to, String what) {
        Map<String, String> all = new HashMap<>(some);
        if (all.putIfAbsent(from, to) != null) {
            throw new IllegalStateException(what + " " + from + " is mapped already, to " + some.get(from));
        }
        return all;
    }

    private static Set<String> plus(Set<String> some, String... more) {
        Set<String> all = new TreeSet<>(some);
        all.addAll(Set.of(more));
        return all;
    }

    /**
     * Restores a namespace under another name.
     *
     * @throws IllegalArgumentException if the name cannot be one of a namespace
     * @throws IllegalStateException if it has another name already
     */
    public NamespaceRestore namespace(String captured, String name) {
        Kubernetes.checkNamespace(name);
        return with(o -> o.namespaces = plus(o.namespaces, captured, name, "namespace"));
    }

    /**
     * Gives claims another storage class.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public NamespaceRestore storageClass(String captured, String other) {
        return with(o -> o.storageClasses = plus(o.storageClasses, captured, other, "storage class"));
    }

    /**
     * Gives ingresses another host. One that an ingress of another namespace has is a conflict.
     *
     * @throws IllegalStateException if it is replaced already
     */
    public NamespaceRestore ingressHost(String captured, String other) {
        return with(o -> o.ingressHosts = plus(o.ingressHosts, captured, other, "host"));
    }

    /**
     * Restores only some kinds of resources; a further call adds to earlier ones.
     *
     * @param kinds such as {@code deployments.apps}, {@code deployments} or {@code Deployment}
     */
    public NamespaceRestore only(String... kinds) {
        return with(o -> o.only = plus(o.only, kinds));
    }

    /**
     * Restores only some objects; a further call adds to earlier ones. A claim comes with its files.
     *
     * @param resource key of the kind, such as {@code configmaps} or {@code deployments.apps}
     * @param name of the object
     */
    public NamespaceRestore onlyObject(String resource, String name) {
        return with(o -> o.onlyObjects = plus(o.onlyObjects, resource + "/" + name));
    }

    /**
     * Leaves kinds of resources out; a further call adds to earlier ones.
     *
     * @param kinds as {@link #only} has them
     */
    public NamespaceRestore without(String... kinds) {
        return with(o -> o.without = plus(o.without, kinds));
    }

    /**
     * Changes objects of the namespaces that are there to what the snapshot has, by server-side apply, which takes over
     * fields of other managers; and writes files of claims that are there, which no pod may use then.
     */
    public NamespaceRestore update() {
        return with(o -> o.update = true);
    }

    /**
     * Changes objects before they are created, after everything else was changed for the restore. Patches are applied
     * in the order in which they were given. One that does not fit an object, or changes its kind, name or namespace,
     * is a conflict.
     *
     * @param kind key, plural or kind of the objects, such as {@code deployments.apps}
     * @param labels that an object must have, such as {@code app=web,tier=front}; empty for all
     * @param patch a JSON patch (RFC 6902), such as
     *     {@code [{"op": "replace", "path": "/spec/replicas", "value": 1}]}
     * @throws IllegalArgumentException if the patch is none, or the labels are of another form
     */
    public NamespaceRestore patch(String kind, String labels, String patch) {
        Map<String, String> required = new HashMap<>();
        for (String label : labels.isBlank() ? new String[0] : labels.split(",", -1)) {
            int equal = label.indexOf('=');
            if (equal < 1 || label.contains("!") || label.indexOf('=', equal + 1) >= 0) {
                throw new IllegalArgumentException("labels are not of the form name=value,name=value: " + labels);
            }
            required.put(
                    label.substring(0, equal).strip(),
                    label.substring(equal + 1).strip());
        }
        ObjectPatch added = new ObjectPatch(kind, required, JsonPatch.parse(patch));
        return with(o -> {
            List<ObjectPatch> more = new ArrayList<>(o.patches);
            more.add(added);
            o.patches = List.copyOf(more);
        });
    }

    /**
     * Follows the annotations of pods that Velero knows. Once workloads are ready, the commands of
     * {@code post.hook.restore.velero.io/command} are run, with {@code container}, {@code exec-timeout} and
     * {@code on-error}; one that fails is a problem of the restore. Pods that no controller makes get the init
     * container of {@code init.hook.restore.velero.io/container-image} and {@code command}.
     */
    public NamespaceRestore veleroHooks() {
        return with(o -> o.hooks = true);
    }

    /** Keeps the ports of the nodes that services had. One that another service has is a conflict. */
    public NamespaceRestore keepNodePorts() {
        return with(o -> o.nodePorts = true);
    }

    /** Restores nothing but namespaces and what is in them. */
    public NamespaceRestore withoutClusterObjects() {
        return with(o -> o.clusterObjects = false);
    }

    /**
     * Restores every object of the cluster that the snapshot has, such as webhooks: for a snapshot of a whole cluster.
     * Otherwise only those are restored that namespaces need: definitions of custom resources, roles with the bindings
     * of accounts of the namespaces, classes of storage, priority, runtime and ingress.
     */
    public NamespaceRestore allClusterObjects() {
        return with(o -> o.allClusterObjects = true);
    }

    /**
     * Creates volumes that were made by hand and that the cluster does not have, with the storage that they had: a
     * share, a disk, a directory of a node. Its files are overwritten. Otherwise the claims get new volumes.
     */
    public NamespaceRestore persistentVolumes() {
        return with(o -> o.persistentVolumes = true);
    }

    /** Writes no files of volumes. Claims are restored, and get empty volumes. */
    public NamespaceRestore withoutVolumes() {
        return with(o -> o.volumes = false);
    }

    /** Writes no files of the volume of a claim. */
    public NamespaceRestore withoutVolume(String claim) {
        return with(o -> o.withoutVolumes = plus(o.withoutVolumes, claim));
    }

    /** Writes no files on the host, even where that is possible: all through the API server. */
    public NamespaceRestore withoutHostPaths() {
        return with(o -> o.hostPaths = false);
    }

    /**
     * Sets the image of the pods that write volumes: it has {@code sh} and {@code tar}, best that of GNU. Unless set,
     * a pod has the image of the container that uses the volume, so that no image is pulled.
     */
    public NamespaceRestore helperImage(String image) {
        return with(o -> o.helperImage = Optional.of(image));
    }

    /**
     * Sets how long all workloads together may take to become ready; five minutes unless set. Zero does not wait. One
     * that is not ready by then is a problem of the restore, and stays.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public NamespaceRestore readyTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("duration is negative: " + timeout);
        }
        return with(o -> o.readyTimeout = timeout);
    }

    /**
     * Adds a receiver of the plan. It is called on the restoring thread, before anything is changed, and in a dry run
     * as well. An exception it throws ends the restore.
     */
    public NamespaceRestore onPlan(Consumer<? super RestorePlan> receiver) {
        return with(o -> {
            Consumer<RestorePlan> before = o.onPlan;
            o.onPlan = plan -> {
                before.accept(plan);
                receiver.accept(plan);
            };
        });
    }

    /** Adds a receiver of what became of each workload, on the restoring thread. */
    public NamespaceRestore onReady(Consumer<? super RestoredWorkload> receiver) {
        return with(o -> {
            Consumer<RestoredWorkload> before = o.onReady;
            o.onReady = workload -> {
                before.accept(workload);
                receiver.accept(workload);
            };
        });
    }

    @Override
    public String location() {
        return options.newNamespace().map(name -> "namespace " + name + " of ").orElse("") + client.server();
    }

    /**
     * {@inheritDoc}
     *
     * @throws dev.lifeboat.kubernetes.cluster.KubernetesException if the server does not answer; later, with all
     *     conflicts, if there are any
     */
    @Override
    public Session begin(RestoreRequest request) throws IOException {
        return NamespaceRestoreSession.begin(client, options, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
