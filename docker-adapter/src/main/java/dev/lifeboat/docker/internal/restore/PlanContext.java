package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.layout.ContainerDocument;
import dev.lifeboat.docker.internal.layout.ContainerDocument.CapturedVolume;
import dev.lifeboat.docker.internal.layout.ProjectDocument;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.Subnet;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.Conflict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What the parts of a planner share: what is planned for, and what they have found so far. */
final class PlanContext {
    private final CapturedApplication application;
    private final RestoreOptions options;
    private final EngineView engine;
    private final Naming naming;
    private final List<Conflict> conflicts = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();
    private final Map<String, String> paths = new TreeMap<>();
    private final Map<String, Map<Subnet, Subnet>> moves = new TreeMap<>();
    private final Set<String> names = new HashSet<>();

    PlanContext(CapturedApplication application, RestoreOptions options, EngineView engine) throws IOException {
        this.application = application;
        this.options = options;
        this.engine = engine;
        this.naming = new Naming(options, application.project().map(ProjectDocument::name));
        for (ContainerDocument document : application.members().values()) {
            names.add(naming.container(document.container()));
        }
    }

    CapturedApplication application() {
        return application;
    }

    RestoreOptions options() {
        return options;
    }

    EngineView engine() {
        return engine;
    }

    Naming naming() {
        return naming;
    }

    void conflict(Conflict.Kind kind, String resource, String detail, String remedy) {
        conflicts.add(new Conflict(kind, resource, detail, remedy));
    }

    List<Conflict> conflicts() {
        return conflicts.stream().distinct().toList();
    }

    void warn(String warning) {
        warnings.add(warning);
    }

    /** Adds a warning about one of several containers. */
    void warn(ContainerDocument document, String warning) {
        warnings.add(
                application.members().size() > 1
                        ? "container " + document.container().name() + ": " + warning
                        : warning);
    }

    List<String> warnings() {
        return warnings.stream().distinct().toList();
    }

    /** Plans that a captured host path is written to the host. */
    void write(String captured, String path) {
        paths.put(captured, path);
    }

    /** Host paths to write, by captured path. */
    Map<String, String> paths() {
        return paths;
    }

    /** Records the address ranges that a network gets, by its captured ones. */
    void moves(String network, Map<Subnet, Subnet> ranges) {
        moves.put(network, ranges);
    }

    /** The address that takes the place of a fixed one; empty if its network has none for it. */
    Optional<String> movedAddress(String network, String address) {
        boolean same = naming.isInPlace() && !options.remapping().networks().containsKey(network);
        if (same && !moves.containsKey(network)) {
            return Optional.of(address);
        }
        return moves.getOrDefault(network, Map.of()).entrySet().stream()
                .map(move -> move.getKey().moved(address, move.getValue()))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** The name that a named volume gets. */
    String volumeName(String captured) {
        CapturedVolume volume = application.volumes().get(captured);
        return naming.volume(volume == null ? new VolumeSpec(captured, "local", Map.of(), Map.of()) : volume.volume());
    }

    /** The name that a network gets, or the one that is used instead. */
    String networkName(String captured) {
        NetworkSpec network = application.networks().get(captured);
        return network == null
                ? options.remapping().networks().getOrDefault(captured, captured)
                : naming.network(network);
    }

    /** The name here of a container that a configuration refers to by name or id. */
    String containerName(ContainerDocument from, String reference) throws IOException {
        String name = from.names().getOrDefault(reference, reference);
        Optional<String> key = application
                .model()
                .keyOf(reference)
                .or(() -> application.model().keyOf(name));
        ContainerSpec member = key.isPresent() ? application.model().members().get(key.get()) : null;
        return member == null ? name : naming.container(member);
    }

    /** Whether a container of that name, or with that id, is there or will be. */
    boolean hasContainer(String nameOrId) {
        return isCreated(nameOrId)
                || engine.container(nameOrId).isPresent()
                || engine.containerById(nameOrId).isPresent();
    }

    /** Whether a container of that name is created by the plan. */
    boolean isCreated(String name) {
        return names.contains(name);
    }
}
