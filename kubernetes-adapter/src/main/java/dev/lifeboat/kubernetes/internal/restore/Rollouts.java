package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.ObjectLists;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Waits until workloads are ready. */
final class Rollouts {
    private static final Set<String> WORKLOADS = Set.of(
            "daemonsets.apps",
            "deployments.apps",
            "pods",
            "replicasets.apps",
            "replicationcontrollers",
            "statefulsets.apps");

    private final ApiClient client;
    private final Duration timeout;

    Rollouts(ApiClient client, Duration timeout) {
        this.client = client;
        this.timeout = timeout;
    }

    /** Whether something becomes ready. */
    static boolean isWorkload(PlannedObject object) {
        return WORKLOADS.contains(object.type().key());
    }

    /** Waits for workloads, all until the same time; returns what became of each. */
    List<RestoredWorkload> await(List<PlannedObject> workloads) throws IOException {
        long begun = System.nanoTime();
        long deadline = begun + timeout.toNanos();
        List<RestoredWorkload> results = new ArrayList<>();
        for (PlannedObject workload : workloads) {
            String path = ObjectLists.path(
                    workload.type(),
                    workload.target().namespace(),
                    workload.target().name());
            while (true) {
                Optional<KubernetesObject> object = find(path, workload);
                boolean ready = object.isPresent() && isReady(workload.type().key(), object.get());
                if (ready || System.nanoTime() >= deadline) {
                    Duration waited = Duration.ofNanos(System.nanoTime() - begun);
                    String detail = ready
                            ? ""
                            : detail(object, workload.target().namespace().orElse(""));
                    results.add(new RestoredWorkload(workload.target().toString(), ready, waited, detail));
                    break;
                }
                Io.sleep(200);
            }
        }
        return results;
    }

    /** A server that does not answer for a moment is asked again. */
    private Optional<KubernetesObject> find(String path, PlannedObject workload) throws IOException {
        try {
            return client.find(path, "look at " + workload.target()).map(KubernetesObject::of);
        } catch (KubernetesException e) {
            if (e.kind() != KubernetesException.Kind.UNREACHABLE) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** As {@code kubectl rollout status} has it. */
    static boolean isReady(String key, KubernetesObject object) throws IOException {
        JsonObject status = object.status();
        long generation = number(object.metadata(), "generation", 0);
        if (number(status, "observedGeneration", generation) < generation) {
            return false;
        }
        if (key.equals("pods")) {
            return status.optionalString("phase").orElse("").equals("Succeeded") || hasCondition(status, "Ready");
        }
        if (key.equals("daemonsets.apps")) {
            long desired = number(status, "desiredNumberScheduled", -1);
            return desired >= 0 && number(status, "numberReady", 0) == desired;
        }
        long desired = number(object.spec(), "replicas", 1);
        boolean observed = desired == 0 || status.has("replicas");
        return observed
                && number(status, "readyReplicas", 0) == desired
                && (!key.equals("deployments.apps") || number(status, "updatedReplicas", 0) == desired);
    }

    private static boolean hasCondition(JsonObject status, String type) throws IOException {
        for (JsonObject condition : status.objects("conditions")) {
            if (condition.optionalString("type").orElse("").equals(type)) {
                return condition.optionalString("status").orElse("").equals("True");
            }
        }
        return false;
    }

    private static long number(JsonObject object, String name, long otherwise) throws IOException {
        return object.has(name) ? object.number(name) : otherwise;
    }

    private String detail(Optional<KubernetesObject> object, String namespace) throws IOException {
        if (object.isEmpty()) {
            return "it is gone";
        }
        List<String> reasons = new ArrayList<>();
        long ready = number(object.get().status(), "readyReplicas", 0);
        reasons.add(ready + " of " + number(object.get().spec(), "replicas", 1) + " ready");
        JsonObject pods = client.get("/api/v1/namespaces/" + namespace + "/pods", "list pods of " + namespace);
        for (JsonObject item : pods.objects("items")) {
            KubernetesObject pod = KubernetesObject.of(item);
            for (JsonObject container : pod.status().objects("containerStatuses")) {
                JsonObject waiting = container.objectOrEmpty("state").objectOrEmpty("waiting");
                if (waiting.has("reason")) {
                    reasons.add("pod " + pod.name() + ": " + waiting.string("reason") + " "
                            + waiting.optionalString("message").orElse(""));
                }
            }
            for (JsonObject condition : pod.status().objects("conditions")) {
                if (condition.optionalString("reason").orElse("").equals("Unschedulable")) {
                    reasons.add("pod " + pod.name() + ": "
                            + condition.optionalString("message").orElse("not scheduled"));
                }
            }
        }
        return String.join("; ", reasons);
    }
}
