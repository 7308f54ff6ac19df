package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.Networks;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.model.ApplicationModel;
import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.MountSpec;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which containers are captured together. It is evaluated anew with each backup, so that new ones are included.
 *
 * @param kind how they are selected
 * @param name of the container or project; empty for others
 * @param labels that they all have
 * @param services of a project, or names of containers, that are captured; empty for all
 * @param without services of a project, or names of containers, that are not
 * @param runningOnly whether containers that do not run are left out
 */
public record Selection(
        Kind kind, String name, List<String> labels, Set<String> services, Set<String> without, boolean runningOnly) {
    /** Kinds of selections. */
    public enum Kind {
        /** One container, by name or id. */
        CONTAINER,
        /** All containers that have some labels. */
        CONTAINERS,
        /** A Compose project. */
        COMPOSE
    }

    public Selection {
        labels = List.copyOf(labels);
        services = Set.copyOf(services);
        without = Set.copyOf(without);
    }

    /** Selects one container. */
    public static Selection container(String nameOrId) {
        return new Selection(Kind.CONTAINER, nameOrId, List.of(), Set.of(), Set.of(), false);
    }

    /** Selects all containers that have all of some labels, in any order. */
    public static Selection containers(List<String> labels) {
        List<String> sorted = labels.stream().sorted().distinct().toList();
        return new Selection(Kind.CONTAINERS, "", sorted, Set.of(), Set.of(), false);
    }

    /** Selects a Compose project. */
    public static Selection compose(String project) {
        List<String> labels = List.of(ComposeLabels.PROJECT + "=" + project);
        return new Selection(Kind.COMPOSE, project, labels, Set.of(), Set.of(), false);
    }

    /** Returns a copy that selects only some services. */
    public Selection only(Set<String> chosen) {
        return new Selection(kind, name, labels, chosen, without, runningOnly);
    }

    /** Returns a copy that leaves out some services. */
    public Selection without(Set<String> excluded) {
        return new Selection(kind, name, labels, services, excluded, runningOnly);
    }

    /** Returns a copy that leaves out containers that do not run when they are looked for. */
    public Selection running() {
        return new Selection(kind, name, labels, services, without, true);
    }

    /** The series of its snapshots, which stays the same when containers are created anew. */
    public String series(EngineClient client) throws IOException {
        return switch (kind) {
            case CONTAINER ->
                "container:" + new Containers(client).inspect(name).name();
            case CONTAINERS -> labels.isEmpty() ? "containers" : "containers:" + String.join(",", labels);
            case COMPOSE -> "compose:" + name;
        };
    }

    /**
     * Finds what is selected now.
     *
     * @throws DockerException of kind {@code NOT_FOUND} if there is nothing
     */
    public Application find(EngineClient client) throws IOException {
        if (kind == Kind.CONTAINER) {
            ContainerSpec container = new Containers(client).inspect(name);
            return new Application(
                    "container",
                    container.name(),
                    ApplicationModel.of(Map.of(container.name(), container)),
                    Optional.empty());
        }
        List<ContainerSpec> all = new Containers(client).labelled(labels);
        List<ContainerSpec> chosen = new ArrayList<>();
        Set<String> names = new TreeSet<>();
        for (ContainerSpec container : all) {
            String member = member(container);
            names.add(member);
            if (isChosen(container, member)) {
                chosen.add(container);
            }
        }
        checkNames(names, all);
        if (kind == Kind.CONTAINERS) {
            if (chosen.isEmpty()) {
                throw new DockerException(
                        DockerException.Kind.NOT_FOUND,
                        "no container of " + client.uri() + " has the labels " + labels
                                + (runningOnly && !all.isEmpty() ? " and runs" : "; container(..) takes a name"));
            }
            return new Application(
                    "containers", String.join(",", labels), ApplicationModel.of(chosen), Optional.empty());
        }
        Application.Project project = project(client, all, chosen);
        if (all.isEmpty() && project.networks().isEmpty() && project.unmounted().isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND,
                    "there is no Compose project " + name + " on " + client.uri() + "; there are " + projects(client));
        }
        return new Application("compose", name, ApplicationModel.of(chosen), Optional.of(project));
    }

    private static String member(ContainerSpec container) throws IOException {
        return new ComposeLabels(container.labels()).service().orElse(container.name());
    }

    /** Containers of {@code compose run} are not part of what {@code compose up} makes, and may vanish at any time. */
    private boolean isChosen(ContainerSpec container, String member) throws IOException {
        boolean oneOff = kind == Kind.COMPOSE && new ComposeLabels(container.labels()).isOneOff();
        boolean helper = container.labels().containsKey(HelperContainer.LABEL);
        boolean named = services.isEmpty() || services.contains(member) || services.contains(container.name());
        return named && !oneOff && !helper && !isLeftOut(container, member);
    }

    private boolean isLeftOut(ContainerSpec container, String member) throws IOException {
        return without.contains(member)
                || without.contains(container.name())
                || runningOnly && !container.state().running();
    }

    /** A name that is misspelled would leave something out without a word. */
    private void checkNames(Set<String> names, List<ContainerSpec> containers) throws DockerException {
        Set<String> unknown = new TreeSet<>(services);
        unknown.removeAll(names);
        containers.forEach(container -> unknown.remove(container.name()));
        if (!containers.isEmpty() && !unknown.isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND,
                    "'" + this + "' has no services or containers " + unknown + "; it has " + names);
        }
    }

    /**
     * Checks names that options refer to.
     *
     * @throws DockerException of kind {@code NOT_FOUND} if one is none of a container or service
     */
    static void check(Application application, Set<String> named) throws IOException {
        Set<String> unknown = new TreeSet<>(named);
        Set<String> known = new TreeSet<>();
        for (ContainerSpec container : application.model().members().values()) {
            known.add(member(container));
            unknown.remove(member(container));
            unknown.remove(container.name());
        }
        if (!unknown.isEmpty()) {
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND,
                    "there are no services or containers " + unknown + " that could be quiesced; there are " + known);
        }
    }

    private Application.Project project(EngineClient client, List<ContainerSpec> containers, List<ContainerSpec> chosen)
            throws IOException {
        Set<String> mounted = new HashSet<>();
        for (ContainerSpec container : containers) {
            // What only a service mounts that is left out is left out with it.
            if (!isLeftOut(container, member(container)) && !chosen.contains(container)) {
                continue;
            }
            container.mounts().stream().filter(MountSpec::isVolume).forEach(mount -> mounted.add(mount.name()));
        }
        List<JsonObject> unmounted = new ArrayList<>();
        for (VolumeSpec volume : new Volumes(client).all().values()) {
            boolean ours = new ComposeLabels(volume.labels()).project().equals(Optional.of(name));
            if (ours && services.isEmpty() && !mounted.contains(volume.name())) {
                unmounted.add(new Volumes(client).inspect(volume.name()));
            }
        }
        List<NetworkSpec> networks = new ArrayList<>();
        for (NetworkSpec network : new Networks(client).all()) {
            boolean ours = new ComposeLabels(network.labels()).project().equals(Optional.of(name));
            if (ours && services.isEmpty()) {
                networks.add(new Networks(client).inspect(network.id()));
            }
        }
        return new Application.Project(networks, unmounted);
    }

    private static Set<String> projects(EngineClient client) throws IOException {
        Set<String> projects = new TreeSet<>();
        for (ContainerSpec container : new Containers(client).labelled(List.of(ComposeLabels.PROJECT))) {
            new ComposeLabels(container.labels()).project().ifPresent(projects::add);
        }
        return projects;
    }

    @Override
    public String toString() {
        return switch (kind) {
            case CONTAINER -> "container:" + name;
            case CONTAINERS -> labels.isEmpty() ? "containers" : "containers:" + String.join(",", labels);
            case COMPOSE -> "compose:" + name;
        };
    }
}
