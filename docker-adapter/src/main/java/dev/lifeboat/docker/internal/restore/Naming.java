package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.internal.model.ComposeLabels;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.Identity;
import dev.lifeboat.docker.internal.model.NetworkSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.docker.plan.Remapping;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * The names that a restore gives to what it creates: those that it was captured with, or those of a copy. Remapped
 * names take precedence.
 */
final class Naming {
    private final Optional<String> newName;
    private final boolean application;
    /** The captured name of a Compose project; empty if it is none. */
    private final Optional<String> project;

    private final Remapping remapping;

    /**
     * Returns the names of a restore.
     *
     * @param project captured name of the Compose project that is restored, if it is one
     */
    Naming(RestoreOptions options, Optional<String> project) {
        this.newName = options.newName();
        this.application = options.isApplication();
        this.project = application ? project : Optional.empty();
        this.remapping = options.remapping();
    }

    String container(ContainerSpec captured) throws IOException {
        String given = remapping.containers().get(captured.name());
        if (given != null || newName.isEmpty()) {
            return given == null ? captured.name() : given;
        }
        return application ? prefixed(captured.name(), new ComposeLabels(captured.labels()).project()) : newName.get();
    }

    /** {@code shop_db_1} becomes {@code copy_db_1}: with the separator of the version of Compose that made it. */
    private String prefixed(String captured, Optional<String> of) {
        String prefix = newName.orElseThrow();
        boolean isPrefix = of.isPresent()
                && of.equals(project)
                && (captured.startsWith(of.get() + "-") || captured.startsWith(of.get() + "_"));
        return isPrefix ? prefix + captured.substring(of.orElseThrow().length()) : prefix + "-" + captured;
    }

    String volume(VolumeSpec captured) {
        String given = remapping.volumes().get(captured.name());
        if (given != null || newName.isEmpty()) {
            return given == null ? captured.name() : given;
        }
        ComposeLabels labels = new ComposeLabels(captured.labels());
        Optional<String> within = isOwned(labels) ? labels.volume() : Optional.empty();
        return newName.get() + "_" + within.orElse(captured.name());
    }

    /**
     * A network that the project does not own is joined by a copy, too. Of other applications it is not known which
     * they own, and a copy in the same network would answer to the names of the original.
     */
    String network(NetworkSpec captured) {
        String given = remapping.networks().get(captured.name());
        if (given != null || newName.isEmpty()) {
            return given == null ? captured.name() : given;
        }
        if (application && project.isEmpty()) {
            return newName.get() + "_" + captured.name();
        }
        ComposeLabels labels = new ComposeLabels(captured.labels());
        Optional<String> within = isOwned(labels) ? labels.network() : Optional.empty();
        return within.map(name -> newName.get() + "_" + name).orElse(captured.name());
    }

    /** Whether a resource belongs to the project, and not to another one. */
    private boolean isOwned(ComposeLabels labels) {
        return project.isPresent() && labels.project().equals(project);
    }

    /** Labels of a container of a copy. */
    Map<String, String> containerLabels(Map<String, String> captured) {
        return labels(captured, true);
    }

    /** Labels of a volume or network of a copy. */
    Map<String, String> resourceLabels(Map<String, String> captured) {
        return labels(captured, false);
    }

    private Map<String, String> labels(Map<String, String> captured, boolean container) {
        if (newName.isEmpty()) {
            return Identity.withoutMarks(captured);
        }
        return isOwned(new ComposeLabels(captured))
                ? new ComposeLabels(captured).inProject(newName.get(), container)
                : Identity.withoutOwner(captured);
    }

    /** Whether networks of a copy get the address ranges that the user has chosen, or others of their size. */
    boolean keepsRanges() {
        return application;
    }

    boolean isInPlace() {
        return newName.isEmpty();
    }

    /** Whether a copy is a project that Compose takes for its own. */
    boolean isProject() {
        return project.isPresent();
    }
}
