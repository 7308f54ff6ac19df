package dev.lifeboat.docker.drill;

import dev.lifeboat.Repository;
import dev.lifeboat.Restore;
import dev.lifeboat.automation.drill.DrillTarget;
import dev.lifeboat.automation.drill.RestoredApplication;
import dev.lifeboat.docker.Fidelity;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.client.Readiness;
import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.SnapshotLayout;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.quiesce.DockerAccess;
import dev.lifeboat.docker.internal.restore.ApplicationRestoreSession;
import dev.lifeboat.docker.internal.restore.Isolation;
import dev.lifeboat.docker.internal.restore.RestoreOptions;
import dev.lifeboat.docker.plan.StartedContainer;
import dev.lifeboat.entry.Entry;
import dev.lifeboat.entry.EntryPath;
import dev.lifeboat.entry.Problem;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.internal.document.SnapshotDocuments;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.oci.internal.image.ImageSpec;
import dev.lifeboat.quiesce.QuiesceJournal.QuiesceRecord;
import dev.lifeboat.snapshot.Snapshot;
import dev.lifeboat.snapshot.SnapshotTree;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** One drill at an engine. */
final class DockerDrillSession implements DrillTarget.Session {
    private static final EntryPath PROJECT = SnapshotLayout.COMPOSE.resolve("project.json");

    private static final long RESTART_PAUSE_MILLIS = 500;

    private final EngineClient client;
    private final DockerAccess access;
    private final DrillResources resources;
    private final Repository repository;
    private final Snapshot snapshot;
    private final Set<String> services;
    private final Duration healthTimeout;
    private final boolean project;
    private final Map<String, ContainerDocument> documents = new TreeMap<>();
    private final Map<String, ContainerSpec> created = new TreeMap<>();
    private Optional<QuiesceRecord> record = Optional.empty();
    private @Nullable DrilledApplication application;

    DockerDrillSession(
            DockerAccess access, Repository repository, Snapshot snapshot, Set<String> services, Duration healthTimeout)
            throws IOException {
        this.access = access;
        this.client = access.client();
        this.resources = new DrillResources(client, access.journal());
        this.repository = repository;
        this.snapshot = snapshot;
        this.services = services;
        this.healthTimeout = healthTimeout;
        try (SnapshotTree tree = repository.browse(snapshot)) {
            project = tree.stat(PROJECT).isPresent();
            boolean has = tree.stat(SnapshotLayout.CONTAINERS).isPresent();
            for (Entry entry : has ? tree.list(SnapshotLayout.CONTAINERS) : List.<Entry>of()) {
                try (InputStream in = tree.open(entry.path().resolve("config.json"))) {
                    documents.put(
                            String.valueOf(entry.path().name()),
                            ContainerDocument.from(SnapshotDocuments.read(entry.path(), in)));
                }
            }
        }
        if (documents.isEmpty()) {
            throw new IOException("snapshot " + snapshot.id() + " of " + snapshot.source()
                    + " has no containers, so there is nothing to start in a drill; verify it instead");
        }
    }

    @Override
    public DrillTarget.Restored restore() throws IOException {
        String name = "drill-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        String owner = DrillResources.owner(name);
        record = Optional.of(resources.record(owner, missingImages(), resources.paths(name)));
        List<StartedContainer> started = new ArrayList<>();
        Set<String> notes = new LinkedHashSet<>();
        RestoreOptions options = RestoreOptions.applicationCopy(name, project).with(o -> {
            o.start = true;
            o.services = services;
            o.healthTimeout = healthTimeout;
            o.onStarted = started::add;
            o.onPlan = plan -> notes.addAll(plan.warnings());
            o.isolation = Optional.of(new Isolation(owner, resources.paths(name), created::putAll));
        });
        Restore.Restored restored =
                repository.restore(snapshot).to(new IsolatedRestore(options)).run();
        application = new DrilledApplication(client, documents, created);
        long unfit = started.stream()
                .filter(container -> !container.isGood() && container.state() != StartedContainer.State.STARTING)
                .count();
        // Each container that does not work counts as one, and so does the word that none was started.
        long failed = restored.problemCounts().of(Problem.Kind.FAILED) - unfit;
        List<DrillTarget.Member> members = new ArrayList<>();
        for (StartedContainer container : started) {
            members.add(member(settled(container)));
        }
        notStarted(started, failed > 0).forEach(notes::add);
        Fidelity fidelity = Fidelity.of(repository, snapshot);
        List<Problem> lost = new ArrayList<>(fidelity.problems());
        restored.problems().stream()
                .filter(problem -> !notes.contains(problem.detail()) && !isOfMember(problem, started))
                .forEach(lost::add);
        Map<String, String> readBy = new TreeMap<>();
        fidelity.parts().forEach(part -> readBy.put(part.path().toString(), part.readBy()));
        long entries = Math.max(0, started.isEmpty() && failed > 0 ? failed - 1 : failed);
        return new DrillTarget.Restored(members, lost, entries, List.copyOf(notes), readBy);
    }

    private List<String> notStarted(List<StartedContainer> started, boolean failed) {
        List<String> notes = new ArrayList<>();
        for (Map.Entry<String, ContainerSpec> container : created.entrySet()) {
            boolean known = started.stream()
                    .anyMatch(
                            member -> member.name().equals(container.getValue().name()));
            if (!known && !failed) {
                notes.add(MemberNames.shown(documents, container.getKey())
                        + " is not started, since it did not run when it was captured");
            }
        }
        return notes;
    }

    /**
     * A container that ends and is restarted may work once those that it needs do. One that was to go on, and has ended
     * with exit code 0, does not work.
     */
    private StartedContainer settled(StartedContainer started) throws IOException {
        ContainerSpec container = created.values().stream()
                .filter(c -> c.name().equals(started.name()))
                .findFirst()
                .orElse(null);
        if (container == null || started.state() == StartedContainer.State.NOT_STARTED) {
            return started;
        }
        boolean restarted = container.restartPolicy().equals("on-failure");
        Containers containers = new Containers(client);
        StartedContainer now = started;
        long end = System.nanoTime() + healthTimeout.toNanos();
        while (now.state() == StartedContainer.State.ENDED && restarted && System.nanoTime() < end) {
            Io.sleep(RESTART_PAUSE_MILLIS);
            if (containers.inspect(container.id()).state().isActive()) {
                Readiness.Result result =
                        new Readiness(containers).await(container.id(), container.name(), healthTimeout);
                now = new StartedContainer(
                        started.name(),
                        StartedContainer.State.valueOf(result.outcome().name()),
                        started.waited(),
                        result.detail());
            } else if (!containers.inspect(container.id()).state().restarting()) {
                break;
            }
        }
        return now.state() == StartedContainer.State.COMPLETED && keepsRunning(keyOf(started.name()))
                ? new StartedContainer(now.name(), StartedContainer.State.ENDED, now.waited(), now.detail())
                : now;
    }

    /** The key of a container of the copy. */
    private String keyOf(String name) {
        return created.entrySet().stream()
                .filter(container -> container.getValue().name().equals(name))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(name);
    }

    /** Whether the original is started again whenever it ends. */
    private boolean keepsRunning(String key) throws IOException {
        ContainerDocument document = documents.get(key);
        return document != null
                && Set.of("always", "unless-stopped")
                        .contains(document.container().restartPolicy());
    }

    @Override
    public List<String> ended() throws IOException {
        List<String> ended = new ArrayList<>();
        Containers containers = new Containers(client);
        for (Map.Entry<String, ContainerSpec> container : created.entrySet()) {
            ContainerSpec.State state =
                    containers.inspect(container.getValue().id()).state();
            boolean runs = state.running() && !state.restarting();
            boolean completed =
                    !runs && !state.restarting() && state.exitCode() == 0 && !keepsRunning(container.getKey());
            if (!runs && !completed || state.health().equals("unhealthy")) {
                ended.add(MemberNames.shown(documents, container.getKey()));
            }
        }
        return ended;
    }

    /** A container that does not work is reported as a member. */
    private static boolean isOfMember(Problem problem, List<StartedContainer> started) {
        return started.stream()
                .anyMatch(
                        member -> !member.detail().isEmpty() && problem.detail().startsWith(member.detail()));
    }

    private List<ImageSpec> missingImages() throws IOException {
        Images images = new Images(client);
        List<ImageSpec> missing = new ArrayList<>();
        for (ContainerDocument document : documents.values()) {
            String service =
                    MemberNames.service(document).orElse(document.container().name());
            boolean chosen = services.isEmpty()
                    || services.contains(service)
                    || services.contains(document.container().name());
            if (chosen && images.findSame(document.image()).isEmpty()) {
                missing.add(document.image());
            }
        }
        return missing;
    }

    private DrillTarget.Member member(StartedContainer started) {
        return new DrillTarget.Member(
                MemberNames.shown(documents, keyOf(started.name())),
                started.state().name(),
                started.isGood(),
                started.waited(),
                started.detail());
    }

    /** The restore of a drill. */
    private final class IsolatedRestore implements RestoreTarget {
        private final RestoreOptions options;

        IsolatedRestore(RestoreOptions options) {
            this.options = options;
        }

        @Override
        public String location() {
            return "a drill at " + client.uri();
        }

        @Override
        public RestoreTarget.Session begin(RestoreRequest request) {
            return new ApplicationRestoreSession(client, access.journal(), options, request);
        }
    }

    @Override
    public RestoredApplication application() {
        DrilledApplication restored = application;
        if (restored == null) {
            throw new IllegalStateException("the application is not restored");
        }
        return restored;
    }

    @Override
    public void close() throws IOException {
        DrilledApplication restored = application;
        try {
            if (restored != null) {
                restored.close();
            }
        } finally {
            if (record.isPresent()) {
                resources.remove(record.get());
                record = Optional.empty();
            }
        }
    }
}
