package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.DependencyGraph;
import dev.lifeboat.docker.internal.model.DependencyGraph.Condition;
import dev.lifeboat.docker.plan.Conflict;
import dev.lifeboat.docker.plan.PlanStep;
import dev.lifeboat.docker.plan.PlanStep.Action;
import dev.lifeboat.docker.plan.PlanStep.Resource;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.internal.json.JsonObject;
import dev.lifeboat.oci.internal.image.ImageSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Decides how an application is restored: what is created, used, replaced, and what forbids it. Pure: it reads the
 * snapshot, the options and a view of the engine, and changes nothing.
 */
final class Planner {
    private final CapturedApplication application;
    private final RestoreOptions options;
    private final EngineView engine;
    private final Predicate<ImageSpec> imageFollows;
    private final PlanContext context;
    private final List<PlanStep> steps = new ArrayList<>();
    /** The containers that are replaced, by key. */
    private final Map<String, ContainerSpec> replaced = new TreeMap<>();

    /** The image of a container here. */
    private record Image(String reference, Optional<String> id) {}

    /**
     * Prepares a plan.
     *
     * @param imageFollows whether the snapshot has an image, and it is not loaded yet
     */
    Planner(
            CapturedApplication application,
            RestoreOptions options,
            EngineView engine,
            Predicate<ImageSpec> imageFollows)
            throws IOException {
        this.application = application;
        this.options = options;
        this.engine = engine;
        this.imageFollows = imageFollows;
        this.context = new PlanContext(application, options, engine);
    }

    /**
     * Makes the plan.
     *
     * @throws IOException if the snapshot's documents are damaged
     */
    ApplicationPlan plan() throws IOException {
        DependencyGraph graph = application.model().graph();
        new RemappingCheck(context).check();
        for (Map.Entry<String, ContainerDocument> member : application.members().entrySet()) {
            findReplaced(member.getKey(), member.getValue());
        }
        Map<String, Image> images = new TreeMap<>();
        for (String key : graph.startOrder()) {
            images.put(key, image(member(key)));
        }
        NetworkPlan networks = new NetworkPlan(context, steps, replaced.values());
        networks.plan(graph.startOrder());
        VolumePlan volumes = new VolumePlan(context, steps, replaced.values());
        volumes.plan();
        stops(graph.stopOrder());
        List<ApplicationPlan.Member> members = new ArrayList<>();
        for (String key : graph.startOrder()) {
            members.add(plan(key, member(key), images.getOrDefault(key, new Image("", Optional.empty()))));
        }
        checkNames(members);
        new PortPlan(context, replaced.values()).plan(members);
        context.paths().values().stream()
                .distinct()
                .forEach(path -> steps.add(new PlanStep(Action.WRITE, Resource.PATH, path, "")));
        volumes.writes();
        for (ApplicationPlan.Member member : members) {
            if (member.start()) {
                steps.add(new PlanStep(Action.START, Resource.CONTAINER, member.name(), waits(member, members)));
            }
        }
        return new ApplicationPlan(
                new RestorePlan(steps, context.conflicts(), context.warnings()),
                networks.bodies(),
                volumes.toCreate(),
                members,
                graph,
                application.volumes(),
                volumes.names(),
                context.paths());
    }

    private ContainerDocument member(String key) {
        ContainerDocument document = application.members().get(key);
        if (document == null) {
            throw new IllegalStateException("no document of " + key);
        }
        return document;
    }

    private ApplicationPlan.Member plan(String key, ContainerDocument document, Image image) throws IOException {
        String name = context.naming().container(document.container());
        Optional<ContainerSpec> existing = Optional.ofNullable(replaced.get(key));
        container(name, document, existing);
        String settings = ContainerSettings.of(options.settings(), document).describe();
        if (!settings.isEmpty()) {
            steps.add(new PlanStep(Action.CONFIGURE, Resource.CONTAINER, name, settings));
        }
        CreateRequest request = new CreateRequest(context, document);
        JsonObject body = request.body(image.reference(), image.id());
        return new ApplicationPlan.Member(
                key, document, name, body, request.furtherEndpoints(), existing, starts(document, existing));
    }

    /**
     * A container that replaces one does what that one did. An application does what it did when it was captured, since
     * it may be restored because it does not run.
     */
    private boolean starts(ContainerDocument document, Optional<ContainerSpec> existing) throws IOException {
        ContainerSpec.State captured = document.container().state();
        boolean ran = captured.running() || captured.restarting();
        if (options.isApplication()) {
            return ran && (options.start() || options.isInPlace());
        }
        boolean inPlace = options.isInPlace()
                && (existing.isPresent() ? existing.get().state().running() : captured.running());
        return options.start() || inPlace;
    }

    /** What a container waits for before it is started, for people. */
    private static String waits(ApplicationPlan.Member member, List<ApplicationPlan.Member> all) throws IOException {
        List<String> waits = new ArrayList<>();
        for (ComposeLabels.ServiceDependency needed :
                new ComposeLabels(member.document().container().labels()).dependsOn()) {
            for (ApplicationPlan.Member other : all) {
                Optional<String> service =
                        new ComposeLabels(other.document().container().labels()).service();
                if (other.start()
                        && service.equals(Optional.of(needed.service()))
                        && needed.condition() != Condition.STARTED) {
                    waits.add(other.name() + (needed.condition() == Condition.HEALTHY ? " is healthy" : " has ended"));
                }
            }
        }
        return waits.isEmpty() ? "" : "once " + String.join(", ", waits);
    }

    /**
     * The container that a restored one takes the place of: that of its name, or, in a project, that of its service and
     * number, which another version of Compose has named otherwise.
     */
    private void findReplaced(String key, ContainerDocument document) throws IOException {
        if (!options.isInPlace()) {
            return;
        }
        Optional<ContainerSpec> existing = engine.container(context.naming().container(document.container()));
        if (existing.isEmpty() && application.project().isPresent()) {
            existing = sameService(document.container());
        }
        if (existing.isPresent() && isAnothers(document.container(), existing.get())) {
            context.conflict(
                    Conflict.Kind.NAME_TAKEN,
                    "container " + existing.get().name(),
                    "it is there, and belongs to " + owner(existing.get()),
                    "remove it first, or choose another name: .container(\""
                            + document.container().name() + "\", \"<other>\")");
        }
        existing.ifPresent(old -> replaced.put(key, old));
    }

    /** A name alone does not make a container the one that was captured. */
    private boolean isAnothers(ContainerSpec captured, ContainerSpec there) throws IOException {
        Optional<String> mine = new ComposeLabels(captured.labels()).project();
        Optional<String> theirs = new ComposeLabels(there.labels()).project();
        return !mine.equals(theirs)
                && (theirs.isPresent() || application.project().isPresent());
    }

    private static String owner(ContainerSpec container) throws IOException {
        return new ComposeLabels(container.labels())
                .project()
                .map(name -> "Compose project " + name)
                .orElse("no Compose project");
    }

    private Optional<ContainerSpec> sameService(ContainerSpec captured) throws IOException {
        ComposeLabels labels = new ComposeLabels(captured.labels());
        for (ContainerSpec container : engine.containers()) {
            ComposeLabels other = new ComposeLabels(container.labels());
            if (labels.project().isPresent()
                    && labels.number().isPresent()
                    && labels.project().equals(other.project())
                    && labels.service().equals(other.service())
                    && labels.number().equals(other.number())
                    && labels.isOneOff() == other.isOneOff()) {
                return Optional.of(container);
            }
        }
        return Optional.empty();
    }

    /**
     * The name the container used, if it means the same image here; else the image itself. Only its identity if there
     * is none yet.
     */
    private Image image(ContainerDocument document) throws IOException {
        ImageSpec captured = document.image();
        String name = document.container().imageName();
        ImageSpec named = engine.images().get(name);
        if (named != null && named.isSame(captured)) {
            step(new PlanStep(Action.USE, Resource.IMAGE, name, ""));
            return new Image(name, Optional.of(named.id()));
        }
        for (ImageSpec image : engine.images().values()) {
            if (image.isSame(captured)) {
                step(new PlanStep(Action.USE, Resource.IMAGE, image.id(), ""));
                context.warn(
                        document, "the image is referred to by id, since " + name + " is another image here, or none");
                return new Image(image.id(), Optional.of(image.id()));
            }
        }
        String id = captured.identity();
        step(new PlanStep(Action.LOAD, Resource.IMAGE, name, id));
        if (!imageFollows.test(captured)) {
            context.conflict(
                    Conflict.Kind.MISSING_IMAGE,
                    "image " + id,
                    "the engine does not have it, and the snapshot neither",
                    "pull " + name + " first");
        }
        return new Image(id, Optional.empty());
    }

    /** Several containers may use one image. */
    private void step(PlanStep step) {
        if (!steps.contains(step)) {
            steps.add(step);
        }
    }

    private void stops(List<String> order) throws IOException {
        for (String key : order) {
            ContainerSpec old = replaced.get(key);
            if (old != null && old.state().running()) {
                steps.add(new PlanStep(Action.STOP, Resource.CONTAINER, old.name(), ""));
            }
        }
    }

    private void container(String name, ContainerDocument document, Optional<ContainerSpec> existing)
            throws IOException {
        if (existing.isPresent()) {
            replace(name, existing.get());
            return;
        }
        steps.add(new PlanStep(Action.CREATE, Resource.CONTAINER, name, ""));
        if (engine.container(name).isPresent()) {
            context.conflict(
                    Conflict.Kind.NAME_TAKEN,
                    "container " + name,
                    "it exists already",
                    options.isApplication()
                            ? "choose another name: .container(\""
                                    + document.container().name() + "\", \"<other>\")"
                            : "choose another name, or restore in place: containerInPlace()");
        }
    }

    private void replace(String name, ContainerSpec old) throws IOException {
        if (old.isAutoRemoved() && old.state().running()) {
            context.conflict(
                    Conflict.Kind.AUTO_REMOVED,
                    "container " + old.name(),
                    "it was run with --rm, so the engine removes it once it is stopped, and it could not be brought back",
                    "remove it first");
        }
        steps.add(new PlanStep(Action.REPLACE, Resource.CONTAINER, name, old.shortId()));
        for (ContainerSpec other : engine.containers()) {
            if (isReplaced(other)) {
                continue;
            }
            for (String mode : new String[] {"NetworkMode", "PidMode", "IpcMode"}) {
                Optional<String> target = ContainerSpec.containerOf(other.mode(mode));
                if (target.isPresent() && target.get().equals(old.id())) {
                    context.warn(
                            "container " + other.name() + " shares a namespace of " + name + " (" + mode
                                    + ") and refers to the container that is replaced: create it anew, or it cannot be started");
                }
            }
        }
    }

    private boolean isReplaced(ContainerSpec container) {
        return replaced.values().stream().anyMatch(old -> old.id().equals(container.id()));
    }

    /** Remapped names may collide. */
    private void checkNames(List<ApplicationPlan.Member> members) {
        Set<String> names = new HashSet<>();
        for (ApplicationPlan.Member member : members) {
            if (!names.add(member.name())) {
                context.conflict(
                        Conflict.Kind.NAME_TAKEN,
                        "container " + member.name(),
                        "two containers of the snapshot are to have this name",
                        "choose another name for one of them: .container(\""
                                + member.document().container().name() + "\", \"<other>\")");
            }
        }
    }
}
