package dev.lifeboat.kubernetes.internal.restore;

import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreChange;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.process.ProcessIdentity;
import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.Claim;
import dev.lifeboat.kubernetes.internal.layout.ClusterLayout.ObjectName;
import dev.lifeboat.kubernetes.internal.model.PodImage;
import dev.lifeboat.kubernetes.internal.quiesce.RestoreHooks;
import dev.lifeboat.kubernetes.internal.transfer.AbandonedHelpers;
import dev.lifeboat.kubernetes.plan.PlanStep;
import dev.lifeboat.kubernetes.plan.RestorePlan;
import dev.lifeboat.kubernetes.plan.RestoredWorkload;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One restore of namespaces. All objects come before the first file of a volume: with it, or at the end, the plan is
 * made, and what comes before volumes is created. Then each volume is written, and at the end workloads are created.
 */
public final class NamespaceRestoreSession implements RestoreTarget.Session {
    private final ApiClient client;
    private final RestoreOptions options;
    private final RestoreRequest request;
    private final CapturedObjects captured = new CapturedObjects();
    private final RestoreExecutor executor;
    private final List<PlannedObject> later = new ArrayList<>();
    private final List<PlannedObject> workloads = new ArrayList<>();
    private Planner.@Nullable Planned planned;
    private @Nullable Claim current;
    private @Nullable VolumeWriter writer;
    private boolean committed;

    private NamespaceRestoreSession(ApiClient client, RestoreOptions options, RestoreRequest request) {
        this.client = client;
        this.options = options;
        this.request = request;
        this.executor = new RestoreExecutor(client, captured);
    }

    /** Begins a restore. */
    public static RestoreTarget.Session begin(ApiClient client, RestoreOptions options, RestoreRequest request)
            throws IOException {
        if (!request.dryRun()) {
            // Throws if the server does not answer, before anything is read from the repository.
            RestoreRecovery.run(client, ProcessIdentity::isGoneOfThisBoot);
        }
        return new NamespaceRestoreSession(client, options, request);
    }

    @Override
    public boolean requiresInlineContent() {
        return true;
    }

    @Override
    public boolean offer(Entry entry) throws IOException {
        if (entry.isFile() && ClusterLayout.object(entry.path()).isPresent()) {
            // What is never restored need not be in memory.
            return !Ownership.isOfThePast(ClusterLayout.object(entry.path()).get());
        }
        if (entry.path().equals(ClusterLayout.APP)) {
            return true;
        }
        Optional<Claim> claim = ClusterLayout.volumeData(entry.path());
        if (claim.isEmpty()) {
            return false;
        }
        Planner.Planned plan = begin();
        if (!plan.volumes().contains(claim.get())) {
            return false;
        }
        if (request.dryRun()) {
            request.listener().changed(new RestoreChange(entry.path(), RestoreChange.Action.CREATE));
            return false;
        }
        return writer(claim.get()).offer(entry);
    }

    @Override
    public void content(Entry entry, InputStream in) throws IOException {
        Optional<ObjectName> object = ClusterLayout.object(entry.path());
        if (entry.path().equals(ClusterLayout.APP)) {
            captured.describe(SnapshotDocuments.read(entry.path(), in));
            return;
        }
        if (object.isPresent()) {
            captured.add(object.get(), SnapshotDocuments.read(entry.path(), in));
            return;
        }
        Claim claim = ClusterLayout.volumeData(entry.path())
                .orElseThrow(() -> new IllegalStateException("content of '" + entry.path() + "' was not wanted"));
        writer(claim).content(entry, in);
    }

    /** Plans the restore, and creates what comes before volumes. */
    private Planner.Planned begin() throws IOException {
        if (planned != null) {
            return planned;
        }
        Planner.Planned made = new Planner(captured, options, new ApiClusterView(client)).plan();
        planned = made;
        RestorePlan plan = made.plan();
        List<PlanStep> steps = new ArrayList<>(plan.steps());
        for (Claim claim : made.volumes()) {
            steps.add(new PlanStep(
                    PlanStep.Action.WRITE,
                    "files of claim " + options.mapped(claim.namespace()) + "/" + claim.name(),
                    ""));
        }
        options.onPlan().accept(new RestorePlan(steps, plan.conflicts(), plan.warnings()));
        if (!plan.conflicts().isEmpty()) {
            throw KubernetesException.of(plan.conflicts());
        }
        made.kept().forEach(executor::kept);
        if (!request.dryRun()) {
            for (String namespace : captured.namespaces()) {
                AbandonedHelpers.remove(
                        client, Optional.of(options.mapped(namespace)), ProcessIdentity::isGoneOfThisBoot);
            }
        }
        for (String warning : plan.warnings()) {
            request.listener().problem(new Problem(ClusterLayout.KUBERNETES, Problem.Kind.DEGRADED, warning));
        }
        for (PlannedObject object : made.objects()) {
            if (!request.dryRun() && RestoreOrder.isBeforeVolumes(object.type().key())) {
                create(object);
            } else {
                later.add(object);
            }
        }
        return made;
    }

    private void create(PlannedObject object) throws IOException {
        RestoreChange.Action action =
                object.action() == PlanStep.Action.CREATE ? RestoreChange.Action.CREATE : RestoreChange.Action.REPLACE;
        if (!request.dryRun()) {
            executor.run(object);
            if (Rollouts.isWorkload(object)) {
                workloads.add(object);
            }
        }
        EntryPath path = object.captured().orElse(object.target()).path();
        request.listener().changed(new RestoreChange(path, action));
    }

    private VolumeWriter writer(Claim claim) throws IOException {
        VolumeWriter open = writer;
        if (open != null && claim.equals(current)) {
            return open;
        }
        finishVolume();
        Claim target = new Claim(options.mapped(claim.namespace()), claim.name());
        Optional<PodImage> ofApplication = captured.images().find(claim.namespace(), claim.name());
        PodImage image = options.helperImage()
                .map(name -> ofApplication.map(own -> own.withName(name)).orElseGet(() -> PodImage.of(name)))
                .or(() -> ofApplication)
                .orElseThrow(() -> new IllegalStateException("no image to write claim " + claim));
        VolumeWriter opened = VolumeWriter.open(
                client, claim.data(), target, image, options.hostPaths() && !options.persistentVolumes(), request);
        writer = opened;
        current = claim;
        return opened;
    }

    private void finishVolume() throws IOException {
        VolumeWriter open = writer;
        if (open != null) {
            writer = null;
            current = null;
            try (open) {
                open.finish();
            }
        }
    }

    @Override
    public void report(Problem problem) {
        request.listener().problem(problem);
    }

    @Override
    public void commit() throws IOException {
        begin();
        finishVolume();
        for (PlannedObject object : later) {
            create(object);
        }
        if (request.dryRun()) {
            committed = true;
            return;
        }
        executor.finishOwners(begin().objects());
        // All is there, and may be in use from now on: nothing is undone any more.
        committed = true;
        executor.commit();
        awaitWorkloads();
        if (options.hooks()) {
            SortedSet<String> namespaces = new TreeSet<>();
            captured.namespaces().forEach(namespace -> namespaces.add(options.mapped(namespace)));
            for (String namespace : namespaces) {
                RestoreHooks.run(client, namespace, request.listener()::problem);
            }
        }
    }

    /** One that does not become ready is reported, and stays, so that someone can find out why. */
    private void awaitWorkloads() throws IOException {
        if (options.readyTimeout().isZero()) {
            return;
        }
        List<RestoredWorkload> results = new Rollouts(client, options.readyTimeout()).await(workloads);
        for (int i = 0; i < results.size(); i++) {
            RestoredWorkload result = results.get(i);
            options.onReady().accept(result);
            if (!result.ready()) {
                EntryPath path = workloads
                        .get(i)
                        .captured()
                        .orElse(workloads.get(i).target())
                        .path();
                request.listener()
                        .problem(new Problem(
                                path,
                                Problem.Kind.FAILED,
                                result.resource() + " is not ready after "
                                        + options.readyTimeout().toSeconds() + " s: " + result.detail()));
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            VolumeWriter open = writer;
            writer = null;
            if (open != null) {
                open.close();
            }
        } finally {
            if (!committed) {
                executor.undo();
            }
        }
    }
}
