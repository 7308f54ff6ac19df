package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Quiesces everything that uses some claims, all before the first file is read. */
public final class ClusterQuiesce {
    /** How long pods may take to end; more than any usual grace period. */
    private static final Duration ENDING = Duration.ofMinutes(5);

    /** Kinds that have replicas, with the group of their path. */
    private static final Map<String, String> SCALABLE = Map.of(
            "Deployment", "/apis/apps/v1/namespaces/%s/deployments/%s",
            "StatefulSet", "/apis/apps/v1/namespaces/%s/statefulsets/%s",
            "ReplicaSet", "/apis/apps/v1/namespaces/%s/replicasets/%s");

    private final ApiClient client;
    private final QuiesceJournal journal;
    private final EntrySink problems;
    private final Resume resume = new Resume();

    private ClusterQuiesce(ApiClient client, QuiesceJournal journal, EntrySink problems) {
        this.client = client;
        this.journal = journal;
        this.problems = problems;
    }

    /** A step that undoes another. */
    @FunctionalInterface
    private interface Undo {
        void run() throws IOException;
    }

    /** Undoes all steps, last first. */
    private static final class Resume implements QuiesceHandle {
        private final Deque<Undo> steps = new ArrayDeque<>();

        @Override
        public void close() throws IOException {
            List<IOException> failures = new ArrayList<>();
            UninterruptibleCleanup.run(() -> {
                for (Undo step; (step = next()) != null; ) {
                    try {
                        step.run();
                    } catch (IOException e) {
                        failures.add(e);
                    }
                }
            });
            if (!failures.isEmpty()) {
                IOException first = failures.get(0);
                failures.subList(1, failures.size()).forEach(first::addSuppressed);
                throw first;
            }
        }

        private synchronized @Nullable Undo next() {
            return steps.poll();
        }

        private synchronized void add(Undo step) {
            steps.push(step);
        }
    }

    /**
     * Quiesces.
     *
     * @param namespaces in which pods are looked for
     * @param claims whose files are going to be read
     * @throws IOException if something cannot be quiesced; everything is resumed
     */
    public static QuiesceHandle quiesce(
            ApiClient client,
            QuiesceJournal journal,
            PodQuiesce how,
            Set<String> namespaces,
            Set<Claim> claims,
            EntrySink problems)
            throws IOException {
        if (!how.scalesToZero() && !how.runsVeleroHooks() && how.hooks().isEmpty()) {
            return QuiesceHandle.none();
        }
        ClusterQuiesce quiesce = new ClusterQuiesce(client, journal, problems);
        boolean done = false;
        try {
            journal.ready();
            for (String namespace : namespaces) {
                quiesce.commands(how, namespace);
            }
            if (how.scalesToZero()) {
                quiesce.scale(claims);
            }
            done = true;
            return quiesce.resume;
        } finally {
            if (!done) {
                quiesce.resume.close();
            }
        }
    }

    private void commands(PodQuiesce how, String namespace) throws IOException {
        if (how.runsVeleroHooks()) {
            for (KubernetesObject pod : pods(namespace, "")) {
                Optional<PodCommand> after = PodCommand.of(pod, "post.hook.backup.velero.io/");
                Optional<PodCommand> before = PodCommand.of(pod, "pre.hook.backup.velero.io/");
                commands(before, after);
            }
        }
        for (PodQuiesce.Hook hook : how.hooks()) {
            for (KubernetesObject pod : pods(namespace, "?labelSelector=" + ApiClient.encode(hook.selector()))) {
                commands(command(pod, hook, hook.before()), command(pod, hook, hook.after()));
            }
        }
    }

    private static Optional<PodCommand> command(KubernetesObject pod, PodQuiesce.Hook hook, List<String> words)
            throws IOException {
        return words.isEmpty()
                ? Optional.empty()
                : Optional.of(new PodCommand(
                        PodCommand.place(pod, hook.container()), pod.uid(), words, hook.timeout(), false));
    }

    /** That afterwards is recorded first: the one before may have done its work when the process is killed. */
    private void commands(Optional<PodCommand> before, Optional<PodCommand> after) throws IOException {
        if (after.isPresent()) {
            QuiesceJournal.QuiesceRecord record = journal.write(ClusterRecovery.values(client, after.get()));
            resume.add(() -> {
                run(after.get());
                record.remove();
            });
        }
        if (before.isPresent()) {
            run(before.get());
        }
    }

    private void run(PodCommand command) throws IOException {
        try {
            command.run(client);
        } catch (KubernetesException e) {
            if (!command.mayFail()) {
                throw e;
            }
            problems.report(new Problem(ClusterLayout.VOLUMES, Problem.Kind.DEGRADED, String.valueOf(e.getMessage())));
        }
    }

    private List<KubernetesObject> pods(String namespace, String query) throws IOException {
        List<KubernetesObject> pods = new ArrayList<>();
        String path = "/api/v1/namespaces/" + namespace + "/pods" + query;
        for (JsonObject item :
                client.get(path, "list pods of namespace " + namespace).objects("items")) {
            KubernetesObject pod = KubernetesObject.of(item);
            boolean runs = pod.status().optionalString("phase").orElse("").equals("Running");
            if (runs && !pod.isTerminating()) {
                pods.add(pod);
            }
        }
        return pods;
    }

    private void scale(Set<Claim> claims) throws IOException {
        SortedSet<String> paths = new TreeSet<>();
        Map<String, Set<Claim>> byNamespace = new HashMap<>();
        claims.forEach(claim -> byNamespace
                .computeIfAbsent(claim.namespace(), namespace -> new TreeSet<>())
                .add(claim));
        for (String namespace : byNamespace.keySet()) {
            for (KubernetesObject pod : users(namespace, claims)) {
                paths.add(scalable(pod));
            }
        }
        for (String path : paths) {
            KubernetesObject object = KubernetesObject.of(client.get(path, "look at " + path));
            long replicas = object.spec().has("replicas") ? object.spec().number("replicas") : 1;
            ScaledWorkload workload = new ScaledWorkload(path, object.uid(), replicas);
            QuiesceJournal.QuiesceRecord record = journal.write(ClusterRecovery.values(client, workload.values()));
            resume.add(() -> {
                workload.restore(client);
                record.remove();
            });
            ScaledWorkload.toZero(client, object, workload);
        }
        for (String namespace : byNamespace.keySet()) {
            awaitEnd(namespace, claims);
        }
    }

    /** Returns pods that have not ended and use one of the claims. */
    private List<KubernetesObject> users(String namespace, Set<Claim> claims) throws IOException {
        List<KubernetesObject> users = new ArrayList<>();
        String path = "/api/v1/namespaces/" + namespace + "/pods";
        for (JsonObject item :
                client.get(path, "list pods of namespace " + namespace).objects("items")) {
            KubernetesObject pod = KubernetesObject.of(item);
            String phase = pod.status().optionalString("phase").orElse("");
            if (phase.equals("Succeeded") || phase.equals("Failed")) {
                continue;
            }
            for (JsonObject volume : pod.spec().objects("volumes")) {
                Optional<String> claim =
                        volume.objectOrEmpty("persistentVolumeClaim").optionalString("claimName");
                if (claim.isPresent() && claims.contains(new Claim(namespace, claim.get()))) {
                    users.add(pod);
                    break;
                }
            }
        }
        return users;
    }

    /** Returns the path of what decides how many of a pod there are. */
    private String scalable(KubernetesObject pod) throws IOException {
        String namespace = pod.namespace().orElseThrow();
        Optional<KubernetesObject.Owner> owner = controller(pod);
        if (owner.isPresent() && owner.get().kind().equals("ReplicaSet")) {
            String path = String.format(
                    SCALABLE.get("ReplicaSet"), namespace, owner.get().name());
            Optional<KubernetesObject.Owner> above =
                    controller(KubernetesObject.of(client.get(path, "look at " + path)));
            owner = above.isPresent() ? above : owner;
        }
        String path = owner.map(found -> SCALABLE.get(found.kind())).orElse(null);
        boolean ours = owner.isPresent() && owner.get().group().equals("apps");
        if (path == null || !ours) {
            throw new KubernetesException(
                    Kind.CONFLICT,
                    "pod " + namespace + "/" + pod.name() + " uses a volume, and "
                            + owner.map(found -> found.kind() + " " + found.name() + " of group '" + found.group()
                                            + "' cannot be scaled to zero by a backup")
                                    .orElse("nothing would start it again")
                            + "; quiesce it by a command: PodQuiesce.exec(..), or leave its volume out:"
                            + " .withoutVolume(..)");
        }
        return String.format(path, namespace, owner.get().name());
    }

    private static Optional<KubernetesObject.Owner> controller(KubernetesObject object) throws IOException {
        return object.owners().stream()
                .filter(KubernetesObject.Owner::controller)
                .findFirst();
    }

    private void awaitEnd(String namespace, Set<Claim> claims) throws IOException {
        long deadline = System.nanoTime() + ENDING.toNanos();
        while (true) {
            List<KubernetesObject> users = users(namespace, claims);
            if (users.isEmpty()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new KubernetesException(
                        Kind.NOT_READY,
                        "pod " + namespace + "/" + users.get(0).name() + " still runs " + ENDING.toSeconds()
                                + " s after its workload was scaled to zero");
            }
            Io.sleep(200);
        }
    }
}
