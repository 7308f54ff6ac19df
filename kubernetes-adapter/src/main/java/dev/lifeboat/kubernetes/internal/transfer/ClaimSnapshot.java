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
import dev.lifeboat.kubernetes.internal.transfer.SnapshotClasses.SnapshotClass;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
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

    /** How long a driver may report an error while the application waits for it: it tries again. */
    private static final Duration FAILING = Duration.ofSeconds(20);

    /** How long it may do so later; it tries again after some minutes only. */
    private static final Duration FAILING_LATER = Duration.ofMinutes(20);

    private static final Duration DELETED = Duration.ofSeconds(30);
    private static final Duration BINDING = Duration.ofSeconds(15);

    private final ApiClient client;
    private final Optional<SnapshotClasses> api;
    private final String namespace;
    private final String name;
    private final Optional<KubernetesObject> claim;
    private final boolean retains;
    private final List<String> leftovers = new ArrayList<>();
    /** All are asked for at the same time, and waited for one after the other. */
    private final long asked = System.nanoTime();

    private ClaimSnapshot(
            ApiClient client,
            Optional<SnapshotClasses> api,
            String namespace,
            String name,
            Optional<KubernetesObject> claim,
            boolean retains) {
        this.client = client;
        this.api = api;
        this.namespace = namespace;
        this.name = name;
        this.claim = claim;
        this.retains = retains;
    }

    /** Returns what a killed process has left under a name, to close it. */
    static ClaimSnapshot abandoned(ApiClient client, Optional<SnapshotClasses> api, String namespace, String name) {
        return new ClaimSnapshot(client, api, namespace, name, Optional.empty(), true);
    }

    /**
     * Asks for a snapshot.
     *
     * @param claim the object of kind PersistentVolumeClaim
     * @throws KubernetesException if the server refuses it; nothing is left
     */
    public static ClaimSnapshot create(ApiClient client, SnapshotClasses api, SnapshotClass how, KubernetesObject claim)
            throws IOException {
        String namespace = claim.namespace().orElseThrow();
        ClaimSnapshot snapshot = new ClaimSnapshot(
                client, Optional.of(api), namespace, HelperMarks.newName(), Optional.of(claim), how.retains());
        JsonObject body = JsonObject.create()
                .put("apiVersion", api.apiVersion())
                .put("kind", "VolumeSnapshot")
                .put("metadata", HelperMarks.metadata(snapshot.name))
                .put(
                        "spec",
                        Map.of(
                                "volumeSnapshotClassName",
                                how.name(),
                                "source",
                                Map.of("persistentVolumeClaimName", claim.name())));
        snapshot.create(snapshot.snapshots(), body, "create a snapshot of claim " + snapshot.claim());
        return snapshot;
    }

    /**
     * Whether a claim could be made of a snapshot: it needs a storage class by which the same driver makes volumes.
     *
     * @param claim of which the snapshot would be
     */
    public static boolean couldBeRead(ApiClient client, KubernetesObject claim, SnapshotClass how) throws IOException {
        String className = claim.spec().optionalString("storageClassName").orElse("");
        Optional<JsonObject> found = className.isEmpty()
                ? Optional.empty()
                : client.find(
                        "/apis/storage.k8s.io/v1/storageclasses/" + ApiClient.encode(className),
                        "read storage class " + className);
        return found.isPresent()
                && found.get().optionalString("provisioner").orElse("").equals(how.driver());
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
     * Waits until what is written to the volume from now on is not in the snapshot, and asks the server whether there
     * may be a claim of it and a pod, which a quota or a policy may not allow.
     *
     * @param image of the pod
     * @throws KubernetesException if the driver does not take it, or it could not be read; {@link #close} deletes it
     */
    public void awaitTaken(PodImage image) throws IOException {
        JsonObject status = await(TAKEN, FAILING, "taken", now -> now.has("creationTime") || now.flag("readyToUse"));
        var unused = client.post(
                claims() + "?dryRun=All", readClaim(status), "create a claim of the snapshot of claim " + claim());
        HelperPod.tryOut(client, namespace, name, image);
    }

    /** A state of a snapshot. */
    @FunctionalInterface
    private interface State {
        boolean isIn(JsonObject status) throws IOException;
    }

    /** Times count from when the snapshot was asked for, so that those of several do not add up. */
    private JsonObject await(Duration time, Duration failing, String word, State state) throws IOException {
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
            long passed = System.nanoTime() - asked;
            if (error.isPresent() && passed > failing.toNanos()) {
                throw notReady(error.get());
            }
            if (passed > time.toNanos()) {
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
     * @throws KubernetesException if the driver makes no volume of the snapshot, or the pod does not run
     */
    public HelperPod mount(PodImage image) throws IOException {
        JsonObject status = await(READY, FAILING_LATER, "ready to be read", now -> now.flag("readyToUse"));
        create(claims(), readClaim(status), "create a claim of the snapshot of claim " + claim());
        // Mounted as if it were to be written: a journal must be applied that the snapshot has caught in use.
        HelperPod pod = HelperPod.mount(client, namespace, name, false, image, Optional.empty(), READY);
        boolean right = false;
        try {
            KubernetesObject made = KubernetesObject.of(client.get(claims() + "/" + name, "look at claim " + name));
            Optional<KubernetesObject> volume = volumeOf(made);
            if (volume.isEmpty() || !isMadeFor(volume.get(), made)) {
                throw notReady("its claim was given a volume that existed already");
            }
            right = true;
            return pod;
        } finally {
            if (!right) {
                pod.close();
            }
        }
    }

    /** The volume of the claim; empty if it has none yet. */
    private Optional<KubernetesObject> volumeOf(KubernetesObject made) throws IOException {
        Optional<String> volume = made.spec().optionalString("volumeName");
        return volume.isEmpty()
                ? Optional.empty()
                : client.find(
                                "/api/v1/persistentvolumes/" + ApiClient.encode(volume.get()),
                                "look at persistent volume " + volume.get())
                        .map(KubernetesObject::of);
    }

    /**
     * Whether a volume was made for a claim. Kubernetes gives a claim any free volume that fits, whatever the claim is
     * to be made of: one of a user, with other files.
     */
    private static boolean isMadeFor(KubernetesObject volume, KubernetesObject made) throws IOException {
        boolean bound = volume.spec()
                .objectOrEmpty("claimRef")
                .optionalString("uid")
                .orElse("")
                .equals(made.uid());
        return bound
                && !made.uid().isEmpty()
                && volume.annotations().containsKey("pv.kubernetes.io/provisioned-by")
                && !created(volume).isBefore(created(made));
    }

    private static Instant created(KubernetesObject object) throws IOException {
        return Instant.parse(object.metadata().string("creationTimestamp"));
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

    /** Returns the volume of the claim that is made of the snapshot. */
    public Optional<KubernetesObject> volume() throws IOException {
        return volumeOf(KubernetesObject.of(
                client.get(claims() + "/" + name, "look at the claim of the snapshot of claim " + claim())));
    }

    /** Returns what could not be deleted, as sentences; once it is closed. */
    public List<String> leftovers() {
        return List.copyOf(leftovers);
    }

    @Override
    public void close() throws IOException {
        UninterruptibleCleanup.run(() -> {
            try {
                removeClaim();
            } finally {
                if (api.isPresent()) {
                    removeSnapshot();
                }
            }
        });
    }

    private void removeClaim() throws IOException {
        String path = claims() + "/" + name;
        Optional<KubernetesObject> made = boundClaim(path);
        if (made.isEmpty()) {
            return;
        }
        Optional<KubernetesObject> volume = volumeOf(made.get());
        if (volume.isPresent()) {
            String of =
                    "/api/v1/persistentvolumes/" + ApiClient.encode(volume.get().name());
            // One that is not ours must outlive our claim.
            String policy = isMadeFor(volume.get(), made.get()) ? "Delete" : "Retain";
            setPolicy(
                    of,
                    "persistentVolumeReclaimPolicy",
                    policy,
                    "persistent volume " + volume.get().name());
        }
        delete(path, "claim " + name);
        long deadline = System.nanoTime() + DELETED.toNanos();
        while (client.find(path, "look at claim " + name).isPresent()) {
            if (System.nanoTime() > deadline) {
                leftovers.add("claim " + namespace + "/" + name + " is still being deleted");
                return;
            }
            Io.sleep(100);
        }
    }

    /** A volume that is about to be made would stay, if its class says so: it is awaited for a moment. */
    private Optional<KubernetesObject> boundClaim(String path) throws IOException {
        long deadline = System.nanoTime() + BINDING.toNanos();
        while (true) {
            Optional<KubernetesObject> made =
                    client.find(path, "look at claim " + name).map(KubernetesObject::of);
            if (made.isEmpty() || made.get().spec().has("volumeName") || System.nanoTime() > deadline) {
                return made;
            }
            Io.sleep(200);
        }
    }

    private void removeSnapshot() throws IOException {
        String path = snapshots() + "/" + name;
        Optional<KubernetesObject> snapshot =
                client.find(path, "look at volume snapshot " + name).map(KubernetesObject::of);
        if (snapshot.isEmpty()) {
            return;
        }
        // One that was not taken of a claim has a content that someone else has made.
        if (retains && snapshot.get().spec().objectOrEmpty("source").has("persistentVolumeClaimName")) {
            // The controller calls it so; its name is in the status a moment later.
            String content = snapshot.get()
                    .status()
                    .optionalString("boundVolumeSnapshotContentName")
                    .orElse("snapcontent-" + snapshot.get().uid());
            releaseContent(content, snapshot.get().uid());
        }
        delete(path, "volume snapshot " + name);
    }

    private void releaseContent(String content, String uid) throws IOException {
        String path = api.orElseThrow().api() + "/volumesnapshotcontents/" + ApiClient.encode(content);
        String what = "volume snapshot content " + content;
        try {
            Optional<KubernetesObject> found =
                    client.find(path, "look at " + what).map(KubernetesObject::of);
            boolean ours = found.isPresent()
                    && found.get()
                            .spec()
                            .objectOrEmpty("volumeSnapshotRef")
                            .optionalString("uid")
                            .orElse("")
                            .equals(uid);
            if (ours) {
                setPolicy(path, "deletionPolicy", "Delete", what);
            }
        } catch (KubernetesException e) {
            leave(e, what);
        }
    }

    /** Says whether the storage deletes its part with the object, whatever the class of it says. */
    private void setPolicy(String path, String member, String policy, String what) throws IOException {
        try {
            Optional<KubernetesObject> object =
                    client.find(path, "look at " + what).map(KubernetesObject::of);
            boolean other = object.isPresent()
                    && !object.get().spec().optionalString(member).orElse("").equals(policy);
            if (other) {
                JsonObject change = JsonObject.create().put("spec", Map.of(member, policy));
                var unused = client.merge(path, change, "change the policy of " + what);
            }
        } catch (KubernetesException e) {
            if (policy.equals("Retain")) {
                throw e;
            }
            leave(e, what);
        }
    }

    private void leave(KubernetesException e, String what) throws KubernetesException {
        if (e.kind() != Kind.FORBIDDEN) {
            throw e;
        }
        String leftover = what + " stays, since its class says so: " + e.getMessage();
        log.warn("a snapshot of a volume is left in the storage [detail={}]", leftover);
        leftovers.add(leftover);
    }

    private void delete(String path, String what) throws IOException {
        client.delete(path, JsonObject.create(), "delete " + what);
    }
}
