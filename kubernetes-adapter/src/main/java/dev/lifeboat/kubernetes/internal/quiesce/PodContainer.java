package dev.lifeboat.kubernetes.internal.quiesce;

import dev.lifeboat.kubernetes.cluster.KubernetesException;
import dev.lifeboat.kubernetes.cluster.KubernetesException.Kind;
import dev.lifeboat.kubernetes.internal.client.ApiClient;
import dev.lifeboat.kubernetes.internal.client.PodExec;
import dev.lifeboat.quiesce.ContainerCommand;
import dev.lifeboat.quiesce.HeldCommand;
import dev.lifeboat.quiesce.RunningContainer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A container of a pod, as a session of an application sees it.
 *
 * @param place the container
 * @param id identity of its pod
 * @param sessions commands that are held in it
 */
record PodContainer(ApiClient client, PodExec.Place place, String id, List<PodSession> sessions)
        implements RunningContainer {
    /** Creates one without sessions. */
    PodContainer(ApiClient client, PodExec.Place place, String id) {
        this(client, place, id, new CopyOnWriteArrayList<>());
    }

    /** Whether a command that is held has ended by itself, or its connection has. */
    boolean hasLostSession() {
        return sessions.stream().anyMatch(PodSession::isLost);
    }

    @Override
    public String name() {
        return place.container() + " of pod " + place.namespace() + "/" + place.pod();
    }

    /** Whether its pod is there still, and not another of its name. */
    boolean isThere() throws IOException {
        return PodCommand.isThere(client, place, id);
    }

    @Override
    public CommandResult run(ContainerCommand command) throws IOException {
        checkUser(command);
        return new PodCommand(place, id, command.words(), command.timeout(), false).merged(client);
    }

    /** With the kind of failure of other commands. */
    @Override
    public String check(ContainerCommand command) throws IOException {
        CommandResult result = run(command);
        if (result.exitCode() != 0) {
            throw new KubernetesException(
                    Kind.COMMAND_FAILED,
                    "'" + command + "' in " + place + " ended with exit code " + result.exitCode() + ": "
                            + result.output().strip());
        }
        return result.output();
    }

    @Override
    public HeldCommand open(ContainerCommand command) throws IOException {
        checkUser(command);
        PodSession session = new PodSession(PodExec.hold(client, place, command.words()), command + " in " + place);
        sessions.add(session);
        return session;
    }

    /** Refuses a command of another user. */
    void checkUser(ContainerCommand command) throws IOException {
        if (!command.user().isEmpty()) {
            throw new KubernetesException(
                    Kind.INVALID,
                    "'" + command + "' is to be run by user " + command.user() + " in " + place
                            + ": Kubernetes runs a command as the user of the container; let the command change it, as"
                            + " su does");
        }
    }
}
