package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.client.Networks;
import dev.lifeboat.docker.internal.client.Volumes;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.docker.internal.model.VolumeSpec;
import dev.lifeboat.internal.io.Io;
import dev.lifeboat.internal.io.UninterruptibleCleanup;
import dev.lifeboat.internal.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Carries out the plan of a container: creates networks, volumes and the container, and at the end starts it and
 * removes the one that it replaces. Each change adds the step that undoes it to an {@link UndoLog}.
 */
final class RestoreExecutor {
    private static final int ATTEMPTS = 5;
    private static final long FIRST_PAUSE_MILLIS = 100;

    private final Containers containers;
    private final Volumes volumes;
    private final Networks networks;
    private final ContainerPlan plan;
    private final UndoLog undo = new UndoLog();
    /** Name of what is replaced until it is removed. */
    private final String aside;

    RestoreExecutor(EngineClient client, ContainerPlan plan) {
        this.containers = new Containers(client);
        this.volumes = new Volumes(client);
        this.networks = new Networks(client);
        this.plan = plan;
        this.aside = plan.name() + "-lifeboat-"
                + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    }

    /** Creates all that files can be written into; what is replaced is stopped, and kept under another name. */
    ContainerSpec create() throws IOException {
        for (Map.Entry<String, JsonObject> network : plan.networks().entrySet()) {
            undo.creating(() -> {
                String id = networks.create(network.getKey(), network.getValue());
                undo.add(() -> networks.remove(id, network.getKey()));
            });
        }
        for (VolumeSpec volume : plan.volumes()) {
            undo.create(volumes, volume);
        }
        if (plan.replaced().isPresent()) {
            setAside(plan.replaced().get());
        }
        AtomicReference<String> container = new AtomicReference<>();
        undo.creating(() -> {
            String id = containers.create(plan.name(), plan.body());
            undo.add(() -> containers.remove(id, plan.name()));
            container.set(id);
        });
        String id = Objects.requireNonNull(container.get());
        for (Map.Entry<String, JsonObject> endpoint : plan.endpoints().entrySet()) {
            networks.connect(endpoint.getKey(), id, plan.name(), endpoint.getValue());
        }
        return containers.inspect(id);
    }

    /** Stops the old container and renames it, so that both can be there until the new one runs. */
    private void setAside(ContainerSpec old) throws IOException {
        String name = old.name();
        if (old.state().running()) {
            boolean paused = old.state().paused();
            undo.add(() -> startAgain(old, paused));
            if (paused) {
                containers.unpause(old.id(), name);
            }
            containers.stop(old.id(), name);
        }
        undo.add(() -> containers.rename(old.id(), aside, name));
        containers.rename(old.id(), name, aside);
    }

    private void startAgain(ContainerSpec old, boolean paused) throws IOException {
        IOException failure = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                if (attempt < ATTEMPTS - 1) {
                    // A stop whose call was cut short goes on; the start must not come before its end.
                    containers.stop(old.id(), old.name());
                }
                containers.start(old.id(), old.name());
                if (paused) {
                    containers.pause(old.id(), old.name());
                }
                return;
            } catch (IOException e) {
                failure = e;
                Io.sleep(FIRST_PAUSE_MILLIS << attempt);
            }
        }
        throw new IOException(
                "container " + old.name() + " is still STOPPED; run: docker start " + old.shortId(), failure);
    }

    /**
     * All files are written: starts the container if it is to run, and then removes the one that it replaces, if any.
     * An old container that ran is removed only after the new one has shown that it runs.
     *
     * @param patience how long it may take to become healthy
     * @return what is worth a report: empty if all is well
     */
    String finish(ContainerSpec created, Duration patience) throws IOException {
        String report = "";
        if (plan.start()) {
            containers.start(created.id(), plan.name());
            if (plan.replaced().isPresent() && plan.replaced().get().state().running()) {
                report = new Readiness(containers).await(created.id(), plan.name(), patience);
            }
        }
        undo.clear();
        if (plan.replaced().isPresent()) {
            report = (report + " " + removeReplaced(plan.replaced().get())).strip();
        }
        return report;
    }

    /** From here on the new container is the application: what remains of the old one is told, and no failure. */
    private String removeReplaced(ContainerSpec old) {
        try {
            UninterruptibleCleanup.run(() -> containers.remove(old.id(), "that was replaced by " + plan.name()));
            return "";
        } catch (IOException e) {
            return e instanceof DockerException engine && engine.kind() == DockerException.Kind.NOT_FOUND
                    ? ""
                    : "the container that was replaced is still there as " + aside + "; run: docker rm -v " + aside
                            + " (" + e.getMessage() + ")";
        }
    }

    /** Undoes everything that was done, as far as possible. */
    void undo() throws IOException {
        undo.undo();
    }
}
