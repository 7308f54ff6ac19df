package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.PodImage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A snapshot of the volume of a claim by the driver of its storage, and a claim that is made of it to read it. Closing
 * deletes both, with what the storage holds of them.
 */
public final class ClaimSnapshot implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ClaimSnapshot.class);

    /** How long a driver may take until what is written to the volume is no longer in the snapshot. */
    private static final Duration TAKEN = Duration.ofMinutes(2);

    /** How long it may take until the snapshot can be read: some storages copy it elsewhere first. */
    private static final Duration READY = Duration.ofHours(1);

    /** How long a driver may report an error: it tries again. */
    private static final Duration FAILING = Duration.ofSeconds(20);

    private static final Duration DELETED = Duration.ofSeconds(30);

    private final ApiClient client;
    private final Optional<SnapshotClasses> api;
    private final String namespace;
    private final String name;
    private final Optional<KubernetesObject> claim;
    private final List<String> leftovers = new ArrayList<>();

    private ClaimSnapshot(
            ApiClient client,
            Optional<SnapshotClasses> api,
            String namespace,
            String name,
            Optional<KubernetesObject> claim) {
        this.client = client;
        this.api = api;
        this.namespace = namespace;
        this.name = name;
        this.claim = claim;
    }

    /** Returns what a killed process has left under a name, to close it. */
    static ClaimSnapshot abandoned(ApiClient client, Optional<SnapshotClasses> api, String namespace, String name) {
        return new ClaimSnapshot(client, api, namespace, name, Optional.empty());
    }

    /**
     * Asks for a snapshot.
     *
     * @param className the class of the snapshot
     * @param claim the object of kind PersistentVolumeClaim
     */
    public static ClaimSnapshot create(ApiClient client, SnapshotClasses api, String className, KubernetesObject claim)
            throws IOException {
        String namespace = claim.namespace().orElseThrow();
        ClaimSnapshot snapshot =
                new ClaimSnapshot(client, Optional.of(api), namespace, HelperMarks.newName(), Optional.of(claim));
        JsonObject body = JsonObject.create()
                .put("apiVersion", api.apiVersion())
                .put("kind", "VolumeSnapshot")
                .put("metadata", HelperMarks.metadata(snapshot.name))
                .put(
                        "spec",
                        Map.of(
                                "volumeSnapshotClassName",
                                className,
                                "source",
                                Map.of("persistentVolumeClaimName", claim.name())));
        snapshot.create(snapshot.snapshots(), body, "create a snapshot of claim " + snapshot.claim());
        return snapshot;
    }

    private void create(String list, JsonObject body, String what) throws IOException {
        try {
            var unused = client.post(list, body, what);
        } catch (IOException e) {
            // The server may have it, though its answer is lost.
            try {
                close();
            } catch (IOException unreachable) {
                e.addSuppressed(unreachable);
            }
            throw e;
        }
    }

    private Claim claim() throws IOException {
        return new Claim(namespace, claim.orElseThrow().name());
    }

    private String snapshots() {
        return api.orElseThrow().api() + "/namespaces/" + namespace + "/volumesnapshots";
    }

    private String claims() {
        return "/api/v1/namespaces/" + namespace + "/persistentvolumeclaims";
    }

    /**
     * Waits until what is written to the volume from now on is not in the snapshot, and asks the server whether a claim
     * may be made of it, which a quota may not allow.
     *
     * @throws KubernetesException if the driver does not take it, or there may be no claim; {@link #close} deletes it
     */
    public void awaitTaken() throws IOException {
        JsonObject status = await(TAKEN, "taken", now -> now.has("creationTime") || now.flag("readyToUse"));
        var unused = client.post(
                claims() + "?dryRun=All", readClaim(status), "create a claim of the snapshot of claim " + claim());
    }

    /** A state of a snapshot. */
    @FunctionalInterface
    private interface State {
        boolean isIn(JsonObject status) throws IOException;
    }

    private JsonObject await(Duration time, String word, State state) throws IOException {
        long start = System.nanoTime();
        long worked = start;
        while (true) {
            KubernetesObject snapshot = KubernetesObject.of(
                    client.get(snapshots() + "/" + name, "look at the snapshot of claim " + claim()));
            JsonObject status = snapshot.status();
            if (snapshot.isTerminating()) {
                throw notReady("someone deletes it");
            }
            if (state.isIn(status)) {
                return status;
            }
            Optional<String> error = status.objectOrEmpty("error").optionalString("message");
            long now = System.nanoTime();
            worked = error.isPresent() ? worked : now;
            if (now - worked > FAILING.toNanos()) {
                throw notReady(error.orElse(""));
            }
            if (now - start > time.toNanos()) {
                throw notReady("it was not " + word + " within " + time.toSeconds() + " seconds"
                        + error.map(text -> ": " + text).orElse(""));
            }
            Io.sleep(100);
        }
    }

    private KubernetesException notReady(String why) throws IOException {
        return new KubernetesException(
                Kind.NOT_READY, "the driver of claim " + claim() + " has taken no snapshot that can be used: " + why);
    }

    /**
     * Makes a claim of the snapshot, and a pod that mounts it. The caller closes the pod before this.
     *
     * @param image has {@code sh} and {@code tar}
     */
    public HelperPod mount(PodImage image) throws IOException {
        JsonObject status = await(READY, "ready to be read", now -> now.flag("readyToUse"));
        create(claims(), readClaim(status), "create a claim of the snapshot of claim " + claim());
        // Mounted as if it were to be written: a journal must be applied that the snapshot has caught in use.
        return HelperPod.mount(client, namespace, name, false, image, Optional.empty(), READY);
    }

    private JsonObject readClaim(JsonObject status) throws IOException {
        KubernetesObject original = claim.orElseThrow();
        JsonObject spec = JsonObject.create()
                .put("accessModes", original.spec().strings("accessModes"))
                .put("resources", Map.of("requests", Map.of("storage", size(original, status))))
                .put("dataSource", Map.of("apiGroup", SnapshotClasses.GROUP, "kind", "VolumeSnapshot", "name", name));
        original.spec().optionalString("storageClassName").ifPresent(value -> spec.put("storageClassName", value));
        return JsonObject.create()
                .put("apiVersion", "v1")
                .put("kind", "PersistentVolumeClaim")
                .put("metadata", HelperMarks.metadata(name))
                .put("spec", spec.members());
    }

    /** A driver that does not know how much the snapshot needs says so by zero. */
    private static String size(KubernetesObject original, JsonObject status) throws IOException {
        Optional<String> needed = status.optionalString("restoreSize").filter(size -> !size.equals("0"));
        Optional<String> capacity = original.status().objectOrEmpty("capacity").optionalString("storage");
        return needed.or(() -> capacity)
                .orElse(original.spec().object("resources").object("requests").string("storage"));
    }

    /** Returns the volume of the claim that is made of the snapshot; empty if it may not be read. */
    public Optional<KubernetesObject> volume() throws IOException {
        KubernetesObject made = KubernetesObject.of(
                client.get(claims() + "/" + name, "look at the claim of the snapshot of claim " + claim()));
        return HostVolume.read(client, made.spec().string("volumeName"));
    }

    /** Returns what could not be deleted, as sentences; once it is closed. */
    public List<String> leftovers() {
        return List.copyOf(leftovers);
    }

    @Override
    public void close() throws IOException {
        UninterruptibleCleanup.run(() -> {
            removeClaim();
            if (api.isPresent()) {
                removeSnapshot();
            }
        });
    }

    private void removeClaim() throws IOException {
        Optional<KubernetesObject> made =
                client.find(claims() + "/" + name, "look at claim " + name).map(KubernetesObject::of);
        if (made.isEmpty()) {
            return;
        }
        Optional<String> volume = made.get().spec().optionalString("volumeName");
        if (volume.isPresent()) {
            String path = "/api/v1/persistentvolumes/" + ApiClient.encode(volume.get());
            release(path, "persistentVolumeReclaimPolicy", "persistent volume " + volume.get());
        }
        delete(claims() + "/" + name, "claim " + name);
        long deadline = System.nanoTime() + DELETED.toNanos();
        while (client.find(claims() + "/" + name, "look at claim " + name).isPresent()
                && System.nanoTime() < deadline) {
            Io.sleep(100);
        }
    }

    private void removeSnapshot() throws IOException {
        String path = snapshots() + "/" + name;
        Optional<KubernetesObject> snapshot =
                client.find(path, "look at volume snapshot " + name).map(KubernetesObject::of);
        if (snapshot.isEmpty()) {
            return;
        }
        Optional<String> content = snapshot.get().status().optionalString("boundVolumeSnapshotContentName");
        if (content.isPresent()) {
            String contents = api.orElseThrow().api() + "/volumesnapshotcontents/";
            release(
                    contents + ApiClient.encode(content.get()),
                    "deletionPolicy",
                    "volume snapshot content " + content.get());
        }
        delete(path, "volume snapshot " + name);
    }

    /** Has the storage delete its part with the object, even if its class says that it is kept. */
    private void release(String path, String policy, String what) throws IOException {
        try {
            Optional<JsonObject> object = client.find(path, "look at " + what);
            boolean kept = object.isPresent()
                    && !KubernetesObject.of(object.get())
                            .spec()
                            .optionalString(policy)
                            .orElse("Delete")
                            .equals("Delete");
            if (kept) {
                JsonObject change = JsonObject.create().put("spec", Map.of(policy, "Delete"));
                var unused = client.merge(path, change, "have the storage of " + what + " deleted");
            }
        } catch (KubernetesException e) {
            if (e.kind() != Kind.FORBIDDEN) {
                throw e;
            }
            String leftover = what + " may stay, if its class says so: " + e.getMessage();
            log.warn("a snapshot of a volume may be left in the storage [detail={}]", leftover);
            leftovers.add(leftover);
        }
    }

    private void delete(String path, String what) throws IOException {
        client.delete(path, JsonObject.create(), "delete " + what);
    }
}
