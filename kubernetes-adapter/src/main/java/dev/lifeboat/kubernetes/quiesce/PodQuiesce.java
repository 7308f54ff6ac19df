package dev.lifeboat.kubernetes.quiesce;

import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.QuiesceSession;
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
    private final List<HeldPods> sessions;

    /**
     * A session that is held in a container of each pod with some labels.
     *
     * @param selector of labels, as {@code kubectl -l} has it
     * @param container name of the container; empty for the first one
     * @param session of the application
     */
    public record HeldPods(String selector, Optional<String> container, QuiesceSession session) {}

    private PodQuiesce(boolean scale, boolean annotations, List<HeldPods> sessions) {
        this.scale = scale;
        this.annotations = annotations;
        this.sessions = List.copyOf(sessions);
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
     * Returns one that runs a command in the first container of each pod with some labels, and another one afterwards,
     * also if the first one fails. A command that fails, or exceeds its time limit, fails the backup. Commands run as
     * the user of the container: the API of Kubernetes knows no other.
     *
     * @param selector of labels, as {@code kubectl -l} has it
     */
    public static PodQuiesce exec(String selector, ContainerCommand before, ContainerCommand after) {
        return session(selector, QuiesceSession.exec(before, after));
    }

    /**
     * Returns one that holds a session of the application, such as a lock of a database, in the first container of each
     * pod with some labels. A server that is locked still writes its files: except for {@link QuiesceSession#redis},
     * its volumes should be read from snapshots.
     *
     * @param selector of labels, as {@code kubectl -l} has it
     */
    public static PodQuiesce session(String selector, QuiesceSession session) {
        return NONE.and(new HeldPods(selector, Optional.empty(), session));
    }

    /**
     * Returns a copy that holds a further session, after those that it holds already; they end in reverse order.
     *
     * @throws IllegalStateException if workloads are scaled to zero: there is no pod then to run commands in
     */
    public PodQuiesce and(HeldPods pods) {
        if (scale) {
            throw new IllegalStateException("what is scaled to zero runs no commands");
        }
        List<HeldPods> more = new ArrayList<>(sessions);
        more.add(pods);
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

    /** Returns the sessions, in the order in which they begin. */
    public List<HeldPods> sessions() {
        return sessions;
    }

    @Override
    public String toString() {
        if (scale) {
            return "scaled to zero";
        }
        return annotations ? "hooks of Velero" : sessions.isEmpty() ? "none" : "commands";
    }
}
