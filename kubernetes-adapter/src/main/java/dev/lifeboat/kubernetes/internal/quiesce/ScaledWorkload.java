package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;

/**
 * Something with replicas that a backup has scaled to zero. It carries how many there were and who has done it, so that
 * one backup does not undo what another has done, and people see what was left.
 *
 * @param path of the object
 * @param uid its identity
 * @param replicas how many it had
 * @param owner the process, and the backup in it
 */
public record ScaledWorkload(String path, String uid, long replicas, String owner) {
    /** Annotation with the number of replicas before. */
    public static final String BEFORE = "dev.lifeboat/replicas-before-backup";

    /** Annotation with the owner. */
    public static final String OWNER = "dev.lifeboat/scaled-by";

    private static final String REPLICAS = "replicas";

    /** How long a server that does not answer is asked again to scale back. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Kinds of workloads that can be scaled, with their lists. */
    static final Map<String, String> KINDS =
            Map.of("Deployment", "deployments", "StatefulSet", "statefulsets", "ReplicaSet", "replicasets");

    /** Returns a new name for a backup of this process. */
    static String newOwner() {
        return ProcessIdentity.current().token() + "."
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    }

    private static boolean isOwnerGone(String owner, Predicate<String> gone) {
        int dot = owner.lastIndexOf('.');
        return dot > 0 && gone.test(owner.substring(0, dot));
    }

    static long replicas(KubernetesObject object) throws IOException {
        return object.spec().has(REPLICAS) ? object.spec().number(REPLICAS) : 1;
    }

    /**
     * Scales it to zero.
     *
     * @param object as it was read: the server refuses if it has changed since
     * @throws KubernetesException of kind {@code CONFLICT} if it has changed
     */
    void toZero(ApiClient client, KubernetesObject object) throws IOException {
        JsonObject annotations =
                JsonObject.create().put(BEFORE, Long.toString(replicas)).put(OWNER, owner);
        JsonObject metadata = JsonObject.create()
                .put("resourceVersion", object.metadata().string("resourceVersion"))
                .put("annotations", annotations);
        patch(client, metadata, 0, "scale " + path + " to zero");
    }

    private void patch(ApiClient client, JsonObject metadata, long number, String what) throws IOException {
        JsonObject patch = JsonObject.create()
                .put("metadata", metadata)
                .put("spec", JsonObject.create().put(REPLICAS, number));
        var unused = client.merge(path, patch, what);
    }

    /**
     * Scales it back, trying for some minutes. One that is gone, was made anew, or was scaled by someone else meanwhile
     * stays as it is.
     */
    void restore(ApiClient client) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (long pause = 200; ; pause = Math.min(2 * pause, 10_000)) {
            try {
                restoreOnce(client);
                return;
            } catch (KubernetesException e) {
                boolean again = e.kind() == Kind.UNREACHABLE || e.kind() == Kind.CONFLICT || e.kind() == Kind.REFUSED;
                if (!again || System.nanoTime() > deadline) {
                    throw new KubernetesException(
                            e.kind(),
                            e.getMessage() + ". It is at zero still: kubectl scale --replicas=" + replicas + " for "
                                    + path,
                            e);
                }
                Io.sleep(pause);
            }
        }
    }

    private void restoreOnce(ApiClient client) throws IOException {
        Optional<KubernetesObject> there = client.find(path, "look at " + path).map(KubernetesObject::of);
        boolean ours = there.isPresent()
                && there.get().uid().equals(uid)
                && owner.equals(there.get().annotations().get(OWNER));
        if (!ours) {
            return;
        }
        long now = replicas(there.get());
        JsonObject annotations = JsonObject.create().put(BEFORE, (Object) null).put(OWNER, (Object) null);
        JsonObject metadata = JsonObject.create()
                .put("resourceVersion", there.get().metadata().string("resourceVersion"))
                .put("annotations", annotations);
        patch(client, metadata, now == 0 ? replicas : now, "scale " + path + " back to " + replicas);
    }

    /** Whether an object is a stateful set that has made a claim, by its name. */
    static boolean makesClaim(KubernetesObject object, String claim) throws IOException {
        for (JsonObject template : object.spec().objects("volumeClaimTemplates")) {
            String prefix = template.object("metadata").optionalString("name").orElse("") + "-" + object.name() + "-";
            if (claim.startsWith(prefix) && claim.substring(prefix.length()).matches("[0-9]+")) {
                return true;
            }
        }
        return false;
    }

    /** Whether a backup has scaled an object to zero, and not back. */
    static boolean isScaled(KubernetesObject object) throws IOException {
        return object.annotations().containsKey(OWNER);
    }

    /** Returns why a backup may not scale an object; empty if it may. */
    static Optional<String> obstacle(KubernetesObject object) throws IOException {
        if (isScaled(object)) {
            return Optional.of("another backup has scaled it to zero, and has not scaled it back yet");
        }
        Optional<KubernetesObject.Owner> controller = object.owners().stream()
                .filter(KubernetesObject.Owner::controller)
                .findFirst();
        return controller.map(owner -> owner.kind() + " " + owner.name() + " controls it, and would scale it up again");
    }

    /** Returns a captured object as it was before a backup scaled it to zero. */
    public static JsonObject original(KubernetesObject object) throws IOException {
        String before = object.annotations().getOrDefault(BEFORE, "");
        if (!before.matches("[0-9]{1,9}") || replicas(object) != 0) {
            return object.json();
        }
        JsonObject copy = object.json().copy();
        JsonObject metadata = copy.object("metadata").copy();
        JsonObject annotations = metadata.object("annotations").copy();
        metadata.put("annotations", annotations.remove(BEFORE).remove(OWNER));
        copy.put("metadata", metadata);
        copy.put("spec", copy.object("spec").copy().put(REPLICAS, Long.parseLong(before)));
        return copy;
    }

    /** Returns what a journal keeps of it. */
    Map<String, String> values() {
        return Map.of("quiesce", "SCALE", "path", path, "uid", uid, REPLICAS, Long.toString(replicas), "owner", owner);
    }

    /** Returns what a journal has kept; empty if it is something else. */
    static Optional<ScaledWorkload> of(Map<String, String> values) {
        String number = values.getOrDefault(REPLICAS, "");
        boolean scaled = "SCALE".equals(values.get("quiesce")) && number.matches("[0-9]{1,9}");
        return scaled
                ? Optional.of(new ScaledWorkload(
                        values.getOrDefault("path", ""),
                        values.getOrDefault("uid", ""),
                        Long.parseLong(number),
                        values.getOrDefault("owner", "")))
                : Optional.empty();
    }

    /** Returns the one that an object is by its annotations, if the process of its owner is gone. */
    static Optional<ScaledWorkload> abandoned(String path, KubernetesObject object, Predicate<String> gone)
            throws IOException {
        String owner = object.annotations().getOrDefault(OWNER, "");
        String before = object.annotations().getOrDefault(BEFORE, "");
        boolean left = isOwnerGone(owner, gone) && before.matches("[0-9]{1,9}");
        return left
                ? Optional.of(new ScaledWorkload(path, object.uid(), Long.parseLong(before), owner))
                : Optional.empty();
    }

    /** Returns the paths of lists of all kinds that can be scaled. */
    static List<String> lists(Optional<String> namespace) {
        return KINDS.values().stream()
                .sorted()
                .map(plural -> "/apis/apps/v1"
                        + namespace.map(name -> "/namespaces/" + name).orElse("") + "/" + plural)
                .toList();
    }

    /** Returns the path of an object. */
    static String path(String kind, String namespace, String name) {
        return "/apis/apps/v1/namespaces/" + namespace + "/" + KINDS.get(kind) + "/" + name;
    }
}
