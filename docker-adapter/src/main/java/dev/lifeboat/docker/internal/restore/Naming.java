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
    /** Whether labels of Compose say that the copy is a project of its own. */
    private final boolean project;

    private final Remapping remapping;

    /**
     * Returns the names of a restore.
     *
     * @param project whether a Compose project is restored
     */
    Naming(RestoreOptions options, boolean project) {
        this.newName = options.newName();
        this.application = options.isApplication();
        this.project = project && application;
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
        boolean isPrefix = project
                && of.isPresent()
                && (captured.startsWith(of.get() + "-") || captured.startsWith(of.get() + "_"));
        return isPrefix ? prefix + captured.substring(of.orElseThrow().length()) : prefix + "-" + captured;
    }

    String volume(VolumeSpec captured) {
        String given = remapping.volumes().get(captured.name());
        if (given != null || newName.isEmpty()) {
            return given == null ? captured.name() : given;
        }
        Optional<String> within = project ? new ComposeLabels(captured.labels()).volume() : Optional.empty();
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
        if (application && !project) {
            return newName.get() + "_" + captured.name();
        }
        Optional<String> within = project ? new ComposeLabels(captured.labels()).network() : Optional.empty();
        return within.map(name -> newName.get() + "_" + name).orElse(captured.name());
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
            return captured;
        }
        return project && captured.containsKey(ComposeLabels.PROJECT)
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
        return project;
    }
}
