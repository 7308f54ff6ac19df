package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.HelperContainer;
import dev.lifeboat.docker.internal.client.Images;
import dev.lifeboat.docker.internal.client.Networks;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;

/** Carries out {@link UndoStep}s. What is gone already is no failure. */
final class Undoer {
    private static final int ATTEMPTS = 5;
    private static final long FIRST_PAUSE_MILLIS = 100;

    private final Containers containers;
    private final Volumes volumes;
    private final Networks networks;
    private final Images images;

    Undoer(EngineClient client) {
        this.containers = new Containers(client);
        this.volumes = new Volumes(client);
        this.networks = new Networks(client);
        this.images = new Images(client);
    }

    /** Carries out a step. */
    void run(UndoStep step) throws IOException {
        try {
            switch (step.action()) {
                case REMOVE_NETWORK -> networks.remove(step.id(), step.name());
                case REMOVE_VOLUME -> removeVolume(step);
                case REMOVE_CONTAINER -> containers.remove(step.id(), step.name());
                case RENAME -> rename(step);
                case START, START_PAUSED -> start(step);
            }
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    /** One that was removed and created anew by another is not ours to remove. */
    private void removeVolume(UndoStep step) throws IOException {
        if (Volumes.createdAt(volumes.inspect(step.name())).equals(step.id())) {
            volumes.remove(step.name());
        }
    }

    /** Removes helper containers of a process that is gone: they would keep its volume from being removed. */
    void removeHelpers(String volume) throws IOException {
        for (ContainerSpec user : containers.using(volume)) {
            if (user.labels().containsKey(HelperContainer.LABEL)) {
                containers.remove(user.id(), user.name());
                images.remove(user.imageId());
            }
        }
    }

    /** Whether a container was started, by any client; not if it is gone. */
    boolean wasStarted(UndoStep step) throws IOException {
        try {
            return !containers.inspect(step.id()).startedAt().isEmpty();
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
            return false;
        }
    }

    /** Whether a container runs. */
    boolean runs(String id) throws IOException {
        try {
            ContainerSpec.State state = containers.inspect(id).state();
            return state.running() && !state.restarting();
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
            return false;
        }
    }

    /** Whether there is a resource of the name of a step. */
    boolean exists(UndoStep step) throws IOException {
        return switch (step.action()) {
            case REMOVE_NETWORK ->
                networks.all().stream().anyMatch(n -> n.name().equals(step.name()));
            case REMOVE_VOLUME -> volumes.find(step.name()).isPresent();
            default -> containers.find(step.name()).isPresent();
        };
    }

    private void rename(UndoStep step) throws IOException {
        ContainerSpec container = containers.inspect(step.id());
        if (!container.name().equals(step.name())) {
            containers.rename(step.id(), container.name(), step.name());
        }
    }

    private void start(UndoStep step) throws IOException {
        IOException failure = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                if (attempt < ATTEMPTS - 1) {
                    // A stop whose call was cut short goes on; the start must not come before its end.
                    containers.stop(step.id(), step.name());
                }
                containers.start(step.id(), step.name());
                if (step.action() == UndoStep.Action.START_PAUSED) {
                    containers.pause(step.id(), step.name());
                }
                return;
            } catch (DockerException e) {
                if (e.kind() == DockerException.Kind.NOT_FOUND) {
                    throw e;
                }
                failure = e;
            } catch (IOException e) {
                failure = e;
            }
            Io.sleep(FIRST_PAUSE_MILLIS << attempt);
        }
        throw new IOException(
                "container " + step.name() + " is still STOPPED; run: docker start " + step.name(), failure);
    }

    /** Starts a container that a restore of a process that is gone has stopped, unless it runs by now. */
    void startUnlessRunning(UndoStep step) throws IOException {
        try {
            ContainerSpec.State state = containers.inspect(step.id()).state();
            if (!state.running()) {
                start(step);
            } else if (step.action() == UndoStep.Action.START_PAUSED && !state.paused()) {
                // It is unpaused before it is stopped.
                containers.pause(step.id(), step.name());
            }
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
        }
    }
}
