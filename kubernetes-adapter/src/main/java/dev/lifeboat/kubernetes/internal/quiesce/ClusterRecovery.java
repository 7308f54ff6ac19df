package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.internal.json.JsonItems;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceJournal.QuiesceRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resumes what a process had quiesced that was killed, or what this process could not resume: by the journal, and by
 * the annotations of workloads, which are there even if the journal was lost.
 */
public final class ClusterRecovery {
    private static final Logger log = LoggerFactory.getLogger(ClusterRecovery.class);

    private static final String CLUSTER = "cluster";
    private static final String SEQUENCE = "sequence";

    /** Records of this process that it could not resume: the journal takes them for those of backups under way. */
    private static final Set<QuiesceRecord> FAILED = ConcurrentHashMap.newKeySet();

    private ClusterRecovery() {}

    /** A step that resumes something. */
    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    /** Resumes something, and removes its record. If that fails, a later recovery of this process tries again. */
    static void attempt(QuiesceRecord record, Step step) throws IOException {
        boolean resumed = false;
        try {
            step.run();
            record.remove();
            resumed = true;
        } finally {
            if (!resumed) {
                FAILED.add(record);
            }
        }
    }

    static Map<String, String> values(ApiClient client, Map<String, String> values, int sequence) throws IOException {
        Map<String, String> all = new HashMap<>(values);
        all.put(CLUSTER, client.identity());
        all.put(SEQUENCE, Integer.toString(sequence));
        return all;
    }

    static Map<String, String> values(ApiClient client, PodCommand command, int sequence) throws IOException {
        byte[] words = JsonObject.create().put("command", command.command()).toBytes();
        Map<String, String> values = new HashMap<>();
        values.put("quiesce", "COMMAND");
        values.put("namespace", command.place().namespace());
        values.put("pod", command.place().pod());
        values.put("container", command.place().container());
        values.put("uid", command.podUid());
        values.put("command", new String(words, StandardCharsets.UTF_8));
        values.put("timeout", Long.toString(command.timeout().toMillis()));
        return values(client, values, sequence);
    }

    /**
     * Resumes it.
     *
     * @param namespaces in which workloads are looked for that the journal does not have; empty for all
     * @param gone whether a process is gone, by its token
     * @return what was resumed
     * @throws IOException if the journal cannot be read, or something cannot be resumed; its record stays
     */
    public static List<String> run(
            ApiClient client, QuiesceJournal journal, Set<String> namespaces, Predicate<String> gone)
            throws IOException {
        List<String> resumed = new ArrayList<>();
        journal.exclusively(() -> {
            List<QuiesceRecord> records = new ArrayList<>(journal.abandoned());
            FAILED.stream()
                    .filter(record -> record.file().startsWith(journal.directory()))
                    .forEach(records::add);
            String cluster = client.identity();
            records.removeIf(record -> !cluster.equals(record.values().get(CLUSTER)));
            // The last step first.
            records.sort(Comparator.comparingInt(ClusterRecovery::sequence).reversed());
            IOException failure = null;
            for (QuiesceRecord record : records) {
                try {
                    resumed.add(resume(client, record.values()));
                    record.remove();
                    FAILED.remove(record);
                } catch (IOException e) {
                    // One that cannot be resumed keeps no other from it.
                    failure = failure == null ? e : failure;
                }
            }
            if (failure != null) {
                throw failure;
            }
        });
        if (namespaces.isEmpty()) {
            byAnnotation(client, Optional.empty(), gone, resumed);
        }
        for (String namespace : namespaces) {
            byAnnotation(client, Optional.of(namespace), gone, resumed);
        }
        return resumed;
    }

    private static int sequence(QuiesceRecord record) {
        String number = record.values().getOrDefault(SEQUENCE, "");
        return number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : 0;
    }

    private static void byAnnotation(
            ApiClient client, Optional<String> namespace, Predicate<String> gone, List<String> resumed)
            throws IOException {
        for (String list : ScaledWorkload.lists(namespace)) {
            List<ScaledWorkload> left = new ArrayList<>();
            try {
                var unused = client.read(
                        list,
                        "list " + list,
                        in -> JsonItems.read(in, list, "items", item -> {
                            KubernetesObject object = KubernetesObject.of(item);
                            String path = list.substring(list.lastIndexOf('/') + 1);
                            String own = "/apis/apps/v1/namespaces/"
                                    + object.namespace().orElse("") + "/" + path + "/" + object.name();
                            ScaledWorkload.abandoned(own, object, gone).ifPresent(left::add);
                        }));
            } catch (KubernetesException e) {
                if (e.kind() != Kind.FORBIDDEN) {
                    throw e;
                }
                log.debug("workloads that were left at zero are not looked for [list={}]", list);
            }
            for (ScaledWorkload workload : left) {
                workload.restore(client);
                resumed.add(workload.path());
            }
        }
    }

    private static String resume(ApiClient client, Map<String, String> values) throws IOException {
        Optional<ScaledWorkload> workload = ScaledWorkload.of(values);
        if (workload.isPresent()) {
            workload.get().restore(client);
            log.warn(
                    "workload scaled back, which a backup had left at zero [path={}]",
                    workload.get().path());
            return workload.get().path();
        }
        PodExec.Place place = new PodExec.Place(
                values.getOrDefault("namespace", ""),
                values.getOrDefault("pod", ""),
                values.getOrDefault("container", ""));
        byte[] words = values.getOrDefault("command", "{}").getBytes(StandardCharsets.UTF_8);
        List<String> command = JsonObject.parse(words, "record of the journal").strings("command");
        String timeout = values.getOrDefault("timeout", "");
        if (command.isEmpty() || !timeout.matches("[0-9]{1,12}")) {
            throw new KubernetesException(Kind.INVALID, "a record of the journal about " + place + " is damaged");
        }
        PodCommand after = new PodCommand(
                place, values.getOrDefault("uid", ""), command, Duration.ofMillis(Long.parseLong(timeout)), false);
        if (after.isThere(client)) {
            try {
                after.run(client);
            } catch (KubernetesException e) {
                // The process may have been killed before the command ran that this one undoes.
                if (e.kind() != Kind.COMMAND_FAILED) {
                    throw e;
                }
                log.warn("command after a backup that was killed has failed [place={}]", place, e);
            }
        }
        return place.toString();
    }
}
