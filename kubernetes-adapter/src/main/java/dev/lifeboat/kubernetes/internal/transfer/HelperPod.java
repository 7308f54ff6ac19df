package dev.lifeboat.kubernetes.internal.transfer;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.internal.model.PodImage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A pod that mounts the volume of a claim and sleeps, through which files are read or written. Closing deletes it. One
 * that a killed process has left is found by its marks; it also ends by itself after a day.
 */
public final class HelperPod implements AutoCloseable {
    /** Where the volume is mounted. */
    public static final String DIRECTORY = "/volume";

    private static final String CONTAINER = "lifeboat";
    private static final int DAY_SECONDS = 86_400;
    private static final Duration START = Duration.ofMinutes(3);

    /** How long the image may be pulled in vain. */
    private static final Duration PULL = Duration.ofSeconds(15);

    /** Reasons why a container waits that a registry may resolve, and that nothing resolves. */
    private static final Set<String> PULLING = Set.of("ErrImagePull", "ImagePullBackOff");

    private static final Set<String> HOPELESS =
            Set.of("ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError");

    private final ApiClient client;
    private final String namespace;
    private final String name;
    private final String uid;

    HelperPod(ApiClient client, String namespace, String name, String uid) {
        this.client = client;
        this.namespace = namespace;
        this.name = name;
        this.uid = uid;
    }

    /**
     * Creates a pod, and waits until it runs.
     *
     * @param image has {@code sh} and {@code tar}; with the secrets by which it is pulled
     * @param node on which the volume is in use; empty for any
     * @throws KubernetesException if it cannot be created or does not run; it is deleted
     */
    public static HelperPod mount(
            ApiClient client, String namespace, String claim, boolean readOnly, PodImage image, Optional<String> node)
            throws IOException {
        return mount(client, namespace, claim, readOnly, image, node, START);
    }

    /** As above, with how long it may take until the pod runs. */
    static HelperPod mount(
            ApiClient client,
            String namespace,
            String claim,
            boolean readOnly,
            PodImage image,
            Optional<String> node,
            Duration start)
            throws IOException {
        String name = HelperMarks.newName();
        JsonObject pod = pod(name, claim, readOnly, image, node);
        String what = "create a pod that mounts claim " + namespace + "/" + claim;
        String path = "/api/v1/namespaces/" + namespace + "/pods";
        JsonObject created;
        try {
            created = client.post(path, pod, what);
        } catch (IOException e) {
            // The server may have it, though its answer is lost. The name is no one else's.
            JsonObject now = JsonObject.create().put("gracePeriodSeconds", 0);
            try {
                UninterruptibleCleanup.run(() -> client.delete(path + "/" + name, now, "delete pod " + name));
            } catch (IOException unreachable) {
                e.addSuppressed(unreachable);
            }
            throw e;
        }
        HelperPod helper = new HelperPod(
                client, namespace, name, KubernetesObject.of(created).uid());
        boolean runs = false;
        try {
            helper.awaitRunning(claim, start);
            runs = true;
            return helper;
        } finally {
            if (!runs) {
                helper.close();
            }
        }
    }

    /**
     * Asks the server whether a pod may be created that mounts a claim: a quota or a policy may refuse it.
     *
     * @throws KubernetesException if it refuses
     */
    static void tryOut(ApiClient client, String namespace, String claim, PodImage image) throws IOException {
        var unused = client.post(
                "/api/v1/namespaces/" + namespace + "/pods?dryRun=All",
                pod(HelperMarks.newName(), claim, false, image, Optional.empty()),
                "create a pod that mounts a claim of a snapshot");
    }

    private static JsonObject pod(String name, String claim, boolean readOnly, PodImage image, Optional<String> node) {
        JsonObject container = JsonObject.create()
                .put("name", CONTAINER)
                .put("image", image.name())
                .put("imagePullPolicy", "IfNotPresent")
                // An image without sleep waits for input, which never comes.
                .put("command", List.of("sh", "-c", "sleep " + DAY_SECONDS + " || read forever"))
                .put("stdin", true)
                // Files of any owner are read and written.
                .put("securityContext", Map.of("runAsUser", 0, "runAsNonRoot", false))
                .put("volumeMounts", List.of(Map.of("name", "volume", "mountPath", DIRECTORY, "readOnly", readOnly)));
        JsonObject spec = JsonObject.create()
                .put("restartPolicy", "Never")
                .put("terminationGracePeriodSeconds", 0)
                .put("activeDeadlineSeconds", DAY_SECONDS)
                .put("automountServiceAccountToken", false)
                .put("enableServiceLinks", false)
                .put("containers", List.of(container.members()))
                .put(
                        "volumes",
                        List.of(Map.of(
                                "name",
                                "volume",
                                "persistentVolumeClaim",
                                Map.of("claimName", claim, "readOnly", readOnly))));
        image.placement().forEach(spec::put);
        if (node.isPresent()) {
            // It runs there anyway, and is not to be evicted.
            spec.put("tolerations", List.of(Map.of("operator", "Exists")));
        }
        if (!image.pullSecrets().isEmpty()) {
            spec.put(
                    "imagePullSecrets",
                    image.pullSecrets().stream()
                            .map(secret -> Map.of("name", secret))
                            .toList());
        }
        node.filter(text -> !text.isEmpty()).ifPresent(text -> spec.put("nodeName", text));
        return JsonObject.create()
                .put("apiVersion", "v1")
                .put("kind", "Pod")
                .put("metadata", HelperMarks.metadata(name))
                .put("spec", spec);
    }

    private void awaitRunning(String claim, Duration start) throws IOException {
        long deadline = System.nanoTime() + start.toNanos();
        long pulled = System.nanoTime() + PULL.toNanos();
        while (true) {
            KubernetesObject pod = KubernetesObject.of(client.get(path(), "look at pod " + namespace + "/" + name));
            String phase = pod.status().optionalString("phase").orElse("");
            if (phase.equals("Running") && !pod.isTerminating()) {
                return;
            }
            boolean over = phase.equals("Failed")
                    || phase.equals("Succeeded")
                    || pod.isTerminating()
                    || System.nanoTime() > pulled && waits(pod, PULLING)
                    || waits(pod, HOPELESS);
            if (over || System.nanoTime() > deadline) {
                throw new KubernetesException(
                        Kind.NOT_READY,
                        "the pod that mounts claim " + namespace + "/" + claim + " does not run: " + reason(pod)
                                + ". It needs an image with sh and tar: .helperImage(..)");
            }
            Io.sleep(200);
        }
    }

    private static boolean waits(KubernetesObject pod, Set<String> reasons) throws IOException {
        for (JsonObject container : pod.status().objects("containerStatuses")) {
            JsonObject waiting = container.objectOrEmpty("state").objectOrEmpty("waiting");
            if (reasons.contains(waiting.optionalString("reason").orElse(""))) {
                return true;
            }
        }
        return false;
    }

    /** What the pod says about itself: a container that waits, or a condition that does not hold. */
    private static String reason(KubernetesObject pod) throws IOException {
        List<String> reasons = new ArrayList<>();
        pod.status().optionalString("message").ifPresent(reasons::add);
        for (JsonObject container : pod.status().objects("containerStatuses")) {
            JsonObject state = container.objectOrEmpty("state");
            for (String kind : List.of("waiting", "terminated")) {
                JsonObject detail = state.objectOrEmpty(kind);
                detail.optionalString("reason").ifPresent(reasons::add);
                detail.optionalString("message").ifPresent(reasons::add);
            }
        }
        for (JsonObject condition : pod.status().objects("conditions")) {
            if (!condition.optionalString("status").orElse("").equals("True")) {
                condition.optionalString("message").ifPresent(reasons::add);
            }
        }
        return reasons.isEmpty()
                ? "phase " + pod.status().optionalString("phase").orElse("unknown")
                : String.join(", ", reasons);
    }

    private String path() {
        return "/api/v1/namespaces/" + namespace + "/pods/" + name;
    }

    /** Returns the identity of the pod. */
    public String uid() {
        return uid;
    }

    /** Returns its container. */
    public PodExec.Place place() {
        return new PodExec.Place(namespace, name, CONTAINER);
    }

    /** Deletes the pod, and waits until it is gone: until then its volume is in use. */
    @Override
    public void close() throws IOException {
        UninterruptibleCleanup.run(() -> {
            JsonObject options =
                    JsonObject.create().put("gracePeriodSeconds", 0).put("preconditions", Map.of("uid", uid));
            client.delete(path(), options, "delete pod " + namespace + "/" + name);
            long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (client.find(path(), "look at pod " + namespace + "/" + name).isPresent()
                    && System.nanoTime() < deadline) {
                Io.sleep(100);
            }
        });
    }
}
