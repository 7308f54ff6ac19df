package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Resumes what a process had quiesced that was killed, by the journal. */
public final class ClusterRecovery {
    private static final Logger log = LoggerFactory.getLogger(ClusterRecovery.class);

    private static final String CLUSTER = "cluster";

    private ClusterRecovery() {}

    static Map<String, String> values(ApiClient client, Map<String, String> values) {
        Map<String, String> all = new HashMap<>(values);
        all.put(CLUSTER, client.server().toString());
        return all;
    }

    static Map<String, String> values(ApiClient client, PodCommand command) {
        byte[] words = JsonObject.create().put("command", command.command()).toBytes();
        return values(
                client,
                Map.of(
                        "quiesce",
                        "COMMAND",
                        "namespace",
                        command.place().namespace(),
                        "pod",
                        command.place().pod(),
                        "container",
                        command.place().container(),
                        "uid",
                        command.podUid(),
                        "command",
                        new String(words, StandardCharsets.UTF_8),
                        "timeout",
                        Long.toString(command.timeout().toMillis())));
    }

    /**
     * Resumes it.
     *
     * @return what was resumed
     * @throws IOException if the journal cannot be read, or something cannot be resumed; its record stays
     */
    public static List<String> run(ApiClient client, QuiesceJournal journal) throws IOException {
        List<String> resumed = new ArrayList<>();
        journal.exclusively(() -> {
            IOException failure = null;
            for (QuiesceJournal.QuiesceRecord record : journal.abandoned()) {
                if (!client.server().toString().equals(record.values().get(CLUSTER))) {
                    continue;
                }
                try {
                    resumed.add(resume(client, record.values()));
                    record.remove();
                } catch (IOException e) {
                    // One that cannot be resumed keeps no other from it.
                    failure = failure == null ? e : failure;
                }
            }
            if (failure != null) {
                throw failure;
            }
        });
        return resumed;
    }

    private static String resume(ApiClient client, Map<String, String> values) throws IOException {
        Optional<ScaledWorkload> workload = ScaledWorkload.of(values);
        if (workload.isPresent()) {
            workload.get().restore(client);
            log.warn(
                    "workload scaled back, which a process that was killed had scaled to zero [path={}]",
                    workload.get().path());
            return workload.get().path();
        }
        PodExec.Place place = new PodExec.Place(
                values.getOrDefault("namespace", ""),
                values.getOrDefault("pod", ""),
                values.getOrDefault("container", ""));
        String path = "/api/v1/namespaces/" + place.namespace() + "/pods/" + place.pod();
        Optional<KubernetesObject> pod = client.find(path, "look at " + place).map(KubernetesObject::of);
        if (pod.isPresent() && pod.get().uid().equals(values.get("uid"))) {
            byte[] words = values.getOrDefault("command", "{}").getBytes(StandardCharsets.UTF_8);
            List<String> command =
                    JsonObject.parse(words, "record of the journal").strings("command");
            String timeout = values.getOrDefault("timeout", "");
            if (command.isEmpty() || !timeout.matches("[0-9]{1,12}")) {
                throw new KubernetesException(Kind.INVALID, "a record of the journal about " + place + " is damaged");
            }
            new PodCommand(
                            place,
                            values.getOrDefault("uid", ""),
                            command,
                            Duration.ofMillis(Long.parseLong(timeout)),
                            false)
                    .run(client);
        }
        return place.toString();
    }
}
