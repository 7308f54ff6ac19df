package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.entry.EntrySink;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.model.KubernetesObject;
import dev.lifeboat.kubernetes.quiesce.PodQuiesce;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.QuiesceHandle;
import dev.lifeboat.quiesce.QuiesceJournal;
import dev.lifeboat.quiesce.QuiesceSession;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Quiesces everything that uses some claims, all before the first file is read. */
public final class ClusterQuiesce {
    /** How long pods may take to end; more than any usual grace period. */
    private static final Duration ENDING = Duration.ofMinutes(5);

    /** How often one is read again that changes while it is scaled. */
    private static final int CONFLICTS = 20;

    private final ApiClient client;
    private final QuiesceJournal journal;
    private final EntrySink problems;
    private final Resume resume = new Resume();
    private final String owner = ScaledWorkload.newOwner();
    private final List<ScaledWorkload> scaled = new ArrayList<>();
    private final List<PodContainer> containers = new ArrayList<>();
    private Set<Claim> claims = Set.of();
    private int sequence;

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
        private volatile boolean closed;

        @Override
        public void close() throws IOException {
            closed = true;
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

        private synchronized boolean isEmpty() {
            return steps.isEmpty();
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
    public static ClusterQuiesce quiesce(
            ApiClient client,
            QuiesceJournal journal,
            PodQuiesce how,
            Set<String> namespaces,
            Set<Claim> claims,
            EntrySink problems)
            throws IOException {
        ClusterQuiesce quiesce = new ClusterQuiesce(client, journal, problems);
        if (!isNeeded(how)) {
            return quiesce;
        }
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
            return quiesce;
        } finally {
            if (!done) {
                quiesce.resume.close();
            }
        }
    }

    private static boolean isNeeded(PodQuiesce how) {
        return how.scalesToZero() || how.runsVeleroHooks() || !how.sessions().isEmpty();
    }

    /** Returns what resumes everything. */
    public QuiesceHandle handle() {
        return resume.isEmpty() ? QuiesceHandle.none() : resume;
    }

    /** Reports what someone else has scaled up while its files were read. Called before it is resumed. */
    public void check() throws IOException {
        if (resume.closed) {
            return;
        }
        for (PodContainer container : containers) {
            if (container.hasLostSession()) {
                changed("the session in " + container.name() + " ended before all was read");
            }
        }
        for (ScaledWorkload workload : scaled) {
            Optional<KubernetesObject> there =
                    client.find(workload.path(), "look at " + workload.path()).map(KubernetesObject::of);
            if (there.isPresent() && ScaledWorkload.replicas(there.get()) != 0) {
                changed(workload.path() + " was scaled up by someone else while its volumes were read");
            }
        }
        for (Claim claim : claims) {
            List<KubernetesObject> users = users(claim.namespace(), Set.of(claim));
            if (!users.isEmpty()) {
                changed("pod " + users.get(0).name() + " was started while the volume of claim " + claim + " was read");
            }
        }
    }

    private void changed(String detail) throws IOException {
        problems.report(new Problem(ClusterLayout.VOLUMES, Problem.Kind.CHANGED, detail));
    }

    private void commands(PodQuiesce how, String namespace) throws IOException {
        if (how.runsVeleroHooks()) {
            for (KubernetesObject pod : pods(namespace, "")) {
                Optional<PodCommand> after = PodCommand.of(pod, "post.hook.backup.velero.io/");
                Optional<PodCommand> before = PodCommand.of(pod, "pre.hook.backup.velero.io/");
                commands(before, after);
            }
        }
        for (PodQuiesce.HeldPods held : how.sessions()) {
            for (KubernetesObject pod : pods(namespace, "?labelSelector=" + ApiClient.encode(held.selector()))) {
                begin(held.session(), pod, PodCommand.place(pod, held.container()));
            }
        }
    }

    /** The command that ends a session is recorded first, and runs also if the session cannot begin. */
    private void begin(QuiesceSession session, KubernetesObject pod, PodExec.Place place) throws IOException {
        PodContainer container = new PodContainer(client, place, pod.uid());
        Optional<ContainerCommand> last = session.recovery(container);
        Optional<PodCommand> recovery =
                last.map(command -> new PodCommand(place, container.id(), command.words(), command.timeout(), false));
        Optional<QuiesceJournal.QuiesceRecord> record = Optional.empty();
        if (recovery.isPresent()) {
            container.checkUser(last.get());
            record = Optional.of(journal.write(ClusterRecovery.values(client, recovery.get(), sequence++)));
        }
        QuiesceHandle handle;
        boolean begun = false;
        containers.add(container);
        try {
            handle = session.begin(container);
            begun = true;
        } finally {
            if (!begun && recovery.isPresent()) {
                end(container, record, recovery.get()::run);
            }
        }
        if (handle != QuiesceHandle.none()) {
            end(container, record, unused -> handle.close());
        } else if (record.isPresent()) {
            record.get().remove();
        }
    }

    @FunctionalInterface
    private interface End {
        void run(ApiClient client) throws IOException;
    }

    /** A session is ended in any case; that this fails is no failure if its pod is gone, which holds nothing. */
    private void end(PodContainer container, Optional<QuiesceJournal.QuiesceRecord> record, End end) {
        ClusterRecovery.Step step = () -> {
            try {
                end.run(client);
            } catch (IOException e) {
                if (container.isThere()) {
                    throw e;
                }
            }
        };
        resume.add(record.isPresent() ? () -> ClusterRecovery.attempt(record.get(), step) : step::run);
    }

    /** That afterwards is recorded first: the one before may have done its work when the process is killed. */
    private void commands(Optional<PodCommand> before, Optional<PodCommand> after) throws IOException {
        if (after.isPresent()) {
            QuiesceJournal.QuiesceRecord record =
                    journal.write(ClusterRecovery.values(client, after.get(), sequence++));
            resume.add(() -> ClusterRecovery.attempt(record, () -> {
                if (after.get().isThere(client)) {
                    run(after.get());
                }
            }));
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

    private void scale(Set<Claim> used) throws IOException {
        claims = used;
        SortedSet<String> namespaces = new TreeSet<>();
        used.forEach(claim -> namespaces.add(claim.namespace()));
        SortedSet<String> paths = new TreeSet<>();
        for (String namespace : namespaces) {
            for (KubernetesObject pod : users(namespace, used)) {
                paths.add(scalable(pod));
            }
            // One may have no pod at this moment.
            paths.addAll(workloads(namespace, used));
        }
        for (String path : paths) {
            scale(path);
        }
        for (String namespace : namespaces) {
            awaitEnd(namespace, used);
        }
    }

    /** Returns the paths of workloads whose pods would use one of the claims. */
    private List<String> workloads(String namespace, Set<Claim> used) throws IOException {
        List<String> paths = new ArrayList<>();
        for (String list : ScaledWorkload.lists(Optional.of(namespace))) {
            for (JsonObject item : client.get(list, "list " + list).objects("items")) {
                KubernetesObject workload = KubernetesObject.of(item);
                KubernetesObject pod = KubernetesObject.of(workload.spec().objectOrEmpty("template"));
                boolean uses = false;
                for (Claim claim : used) {
                    uses |= claim.namespace().equals(namespace)
                            && (pod.usesClaim(claim.name()) || ScaledWorkload.makesClaim(workload, claim.name()));
                }
                // A replica set of a deployment is scaled with that. One at zero by another backup is refused.
                boolean candidate = uses && controller(workload).isEmpty();
                if (candidate && (ScaledWorkload.replicas(workload) > 0 || ScaledWorkload.isScaled(workload))) {
                    paths.add(list + "/" + workload.name());
                }
            }
        }
        return paths;
    }

    /** One that changes while it is scaled, such as its status, is read again. */
    private void scale(String path) throws IOException {
        for (int attempt = 1; ; attempt++) {
            KubernetesObject object = KubernetesObject.of(client.get(path, "look at " + path));
            Optional<String> obstacle = ScaledWorkload.obstacle(object);
            if (obstacle.isPresent()) {
                throw new KubernetesException(
                        Kind.CONFLICT, "cannot scale " + path + " to zero: " + obstacle.get() + "; " + otherwise());
            }
            long replicas = ScaledWorkload.replicas(object);
            if (replicas == 0) {
                return;
            }
            ScaledWorkload workload = new ScaledWorkload(path, object.uid(), replicas, owner);
            QuiesceJournal.QuiesceRecord record =
                    journal.write(ClusterRecovery.values(client, workload.values(), sequence++));
            try {
                workload.toZero(client, object);
            } catch (IOException e) {
                boolean changed = e instanceof KubernetesException failure && failure.kind() == Kind.CONFLICT;
                if (changed && attempt < CONFLICTS) {
                    record.remove();
                    continue;
                }
                // The server may have done it, though its answer is lost.
                resume.add(() -> ClusterRecovery.attempt(record, () -> workload.restore(client)));
                throw e;
            }
            resume.add(() -> ClusterRecovery.attempt(record, () -> workload.restore(client)));
            scaled.add(workload);
            return;
        }
    }

    /** Returns pods that have not ended and use one of the claims. */
    private List<KubernetesObject> users(String namespace, Set<Claim> used) throws IOException {
        List<KubernetesObject> users = new ArrayList<>();
        String path = "/api/v1/namespaces/" + namespace + "/pods";
        for (JsonObject item :
                client.get(path, "list pods of namespace " + namespace).objects("items")) {
            KubernetesObject pod = KubernetesObject.of(item);
            String phase = pod.status().optionalString("phase").orElse("");
            if (phase.equals("Succeeded") || phase.equals("Failed")) {
                continue;
            }
            for (Claim claim : used) {
                if (claim.namespace().equals(namespace) && pod.usesClaim(claim.name())) {
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
        if (owner.isPresent() && owner.get().kind().equals("ReplicaSet") && isApps(owner.get())) {
            String path =
                    ScaledWorkload.path("ReplicaSet", namespace, owner.get().name());
            Optional<KubernetesObject.Owner> above =
                    controller(KubernetesObject.of(client.get(path, "look at " + path)));
            owner = above.isPresent() ? above : owner;
        }
        if (owner.isEmpty() || !isApps(owner.get())) {
            throw new KubernetesException(
                    Kind.CONFLICT,
                    "pod " + namespace + "/" + pod.name() + " uses a volume, and "
                            + owner.map(found -> found.kind() + " " + found.name() + " of group '" + found.group()
                                            + "' cannot be scaled to zero by a backup")
                                    .orElse("nothing would start it again")
                            + "; " + otherwise());
        }
        return ScaledWorkload.path(owner.get().kind(), namespace, owner.get().name());
    }

    private static boolean isApps(KubernetesObject.Owner owner) {
        return owner.group().equals("apps") && ScaledWorkload.KINDS.containsKey(owner.kind());
    }

    private static String otherwise() {
        return "quiesce it by a command: PodQuiesce.exec(..), or leave its volume out: .withoutVolume(..)";
    }

    private static Optional<KubernetesObject.Owner> controller(KubernetesObject object) throws IOException {
        return object.owners().stream()
                .filter(KubernetesObject.Owner::controller)
                .findFirst();
    }

    /** Whether controllers have seen that there are to be none: until then they may start one more. */
    private boolean isObserved() throws IOException {
        for (ScaledWorkload workload : scaled) {
            KubernetesObject object = KubernetesObject.of(client.get(workload.path(), "look at " + workload.path()));
            long generation = object.metadata().size("generation");
            boolean seen = object.status().has("observedGeneration")
                    && object.status().size("observedGeneration") >= generation;
            boolean none = !object.status().has("replicas") || object.status().size("replicas") == 0;
            if (!seen || !none) {
                return false;
            }
        }
        return true;
    }

    private void awaitEnd(String namespace, Set<Claim> used) throws IOException {
        long deadline = System.nanoTime() + ENDING.toNanos();
        while (true) {
            List<KubernetesObject> users = users(namespace, used);
            if (users.isEmpty() && isObserved()) {
                return;
            }
            if (System.nanoTime() > deadline) {
                throw new KubernetesException(
                        Kind.NOT_READY,
                        "what uses volumes of namespace " + namespace + " still runs " + ENDING.toSeconds()
                                + " s after it was scaled to zero"
                                + (users.isEmpty()
                                        ? ""
                                        : ": pod " + users.get(0).name()));
            }
            Io.sleep(200);
        }
    }
}
