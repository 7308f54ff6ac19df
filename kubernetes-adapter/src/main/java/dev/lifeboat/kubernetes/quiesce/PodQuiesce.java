package dev.lifeboat.kubernetes.quiesce;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How applications are made consistent while their volumes are read. All of it is done before the first file is read,
 * and undone after the last one, also if the backup fails; if the process is killed, by the next one, or by
 * {@code Kubernetes.recover()}. Immutable.
 */
public final class PodQuiesce {
    private static final PodQuiesce NONE = new PodQuiesce(false, false, List.of());

    private final boolean scale;
    private final boolean annotations;
    private final List<Hook> hooks;

    /**
     * Commands that run in a container of each pod with some labels.
     *
     * @param selector of labels, as {@code kubectl -l} has it
     * @param container name of the container; empty for the first one
     * @param before the command before files are read; empty for none
     * @param after the command after files were read; empty for none
     * @param timeout how long each may take
     */
    public record Hook(
            String selector, Optional<String> container, List<String> before, List<String> after, Duration timeout) {
        public Hook {
            before = List.copyOf(before);
            after = List.copyOf(after);
        }
    }

    private PodQuiesce(boolean scale, boolean annotations, List<Hook> hooks) {
        this.scale = scale;
        this.annotations = annotations;
        this.hooks = List.copyOf(hooks);
    }

    /** Returns one that does nothing: files may be read while they are written. */
    public static PodQuiesce none() {
        return NONE;
    }

    /**
     * Returns one that scales what uses the volumes to zero (deployments, stateful sets and replica sets), and back.
     * The backup fails, and everything is scaled back, if another pod uses a volume.
     */
    public static PodQuiesce scaleToZero() {
        return new PodQuiesce(true, false, List.of());
    }

    /**
     * Returns one that runs the commands that pods name in their annotations for Velero:
     * {@code pre.hook.backup.velero.io/command}, {@code post.hook.backup.velero.io/command}, and with the same prefixes
     * {@code container}, {@code timeout} and {@code on-error}.
     */
    public static PodQuiesce veleroHooks() {
        return new PodQuiesce(false, true, List.of());
    }

    /**
     * Returns one that runs a command in each pod with some labels, and another one afterwards. A command that fails,
     * or takes longer than 30 s, fails the backup.
     *
     * @param selector of labels, as {@code kubectl -l} has it
     */
    public static PodQuiesce exec(String selector, List<String> before, List<String> after) {
        return NONE.and(new Hook(selector, Optional.empty(), before, after, Duration.ofSeconds(30)));
    }

    /**
     * Returns a copy that runs further commands, after those that it runs already; afterwards in reverse order.
     *
     * @throws IllegalStateException if workloads are scaled to zero: there is no pod then to run commands in
     */
    public PodQuiesce and(Hook hook) {
        if (scale) {
            throw new IllegalStateException("what is scaled to zero runs no commands");
        }
        List<Hook> more = new ArrayList<>(hooks);
        more.add(hook);
        return new PodQuiesce(scale, annotations, more);
    }

    /** Returns whether workloads are scaled to zero. */
    public boolean scalesToZero() {
        return scale;
    }

    /** Returns whether the annotations of pods for Velero are followed. */
    public boolean runsVeleroHooks() {
        return annotations;
    }

    /** Returns the commands. */
    public List<Hook> hooks() {
        return hooks;
    }

    @Override
    public String toString() {
        if (scale) {
            return "scaled to zero";
        }
        return annotations ? "hooks of Velero" : hooks.isEmpty() ? "none" : "commands";
    }
}
