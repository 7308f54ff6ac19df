package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.restore.ApplicationRestoreSession;
import dev.lifeboat.docker.internal.restore.RestoreOptions;
import dev.lifeboat.docker.internal.restore.RestoreOptions.BindMounts;
import dev.lifeboat.docker.internal.restore.RestoreOptions.Ports;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Restores a container with the configuration, networks, aliases, labels and volumes of the snapshot. Missing images,
 * networks and volumes are created; networks that exist are used.
 *
 * <p>A plan is made before anything except the image is changed. If it has conflicts, nothing else is changed and the
 * restore fails with all of them. If the restore fails later, everything that it has created is removed, except images.
 *
 * <p>What the user configured is kept. What the engine chose (address ranges, host names, names of anonymous volumes)
 * is chosen again by the engine where necessary. Each difference that results is a problem of kind {@code DEGRADED}.
 *
 * <p>A copy has its own storage. A volume on a device or share becomes a plain local volume. Writable bind mounts are a
 * conflict until {@link #bindMount}, {@link #withoutBindMounts}, {@link #readOnlyBindMounts} or
 * {@link #sharedBindMounts} is called. Labels of Compose and Swarm are left out, since Compose and Swarm would treat
 * the copy as their own container.
 *
 * <p>In place, an old container that runs is stopped and kept under another name. It is removed once the new one is
 * healthy or has run for a second. If the new one fails, the old one is restored.
 *
 * <p>Immutable. Each method that changes something returns a copy.
 */
@CheckReturnValue
public final class ContainerRestore implements RestoreTarget {
    private final EngineClient client;
    private final QuiesceJournal journal;
    private final RestoreOptions options;

    ContainerRestore(EngineClient client, QuiesceJournal journal, RestoreOptions options) {
        this.client = client;
        this.journal = journal;
        this.options = options;
    }

    private ContainerRestore with(Consumer<RestoreOptions.Values> change) {
        return new ContainerRestore(client, journal, options.with(change));
    }

    /**
     * Starts the container at the end. In place it is started anyway if it was running before the restore or, if there
     * was no such container, when it was captured.
     */
    public ContainerRestore start() {
        return with(o -> o.start = true);
    }

    /** Publishes no ports, so that a copy can run next to the original. */
    public ContainerRestore withoutPublishedPorts() {
        return with(o -> o.ports = Ports.NONE);
    }

    /**
     * Sets the name of the volume that replaces a captured named volume.
     *
     * @throws IllegalStateException if it is set already
     */
    public ContainerRestore volume(String captured, String name) {
        return with(o -> o.remapping = o.remapping.volume(captured, name));
    }

    /**
     * Connects to another network instead of a captured one.
     *
     * @throws IllegalStateException if the captured one is replaced already
     */
    public ContainerRestore network(String captured, String name) {
        return with(o -> o.remapping = o.remapping.network(captured, name));
    }

    /** Has the engine choose free ports of the host, except those that {@link #hostPort} replaces. */
    public ContainerRestore freePorts() {
        return with(o -> o.ports = Ports.FREE);
    }

    /**
     * Publishes what was published at a port of the host at another one.
     *
     * @param captured port of the host, the first number in {@code 8080:80}
     * @throws IllegalStateException if the captured one is replaced already
     */
    public ContainerRestore hostPort(int captured, int port) {
        return with(o -> o.remapping = o.remapping.port(captured, port));
    }

    /**
     * Gives a network another address range than the captured one, such as {@code 172.30.5.0/24}. Fixed addresses move
     * with it.
     *
     * @throws IllegalStateException if the captured one is replaced already
     */
    public ContainerRestore subnet(String captured, String range) {
        return with(o -> o.remapping = o.remapping.subnet(captured, range));
    }

    /**
     * Sets a variable of the environment of the container, such as another password or address.
     *
     * @throws IllegalArgumentException if the name is empty or contains an equals sign
     */
    public ContainerRestore environment(String name, String value) {
        return with(o -> o.environment("", name, Optional.of(value)));
    }

    /**
     * Leaves out a variable of the environment of the container. One that the image sets is then the image's.
     *
     * @throws IllegalArgumentException if the name is empty or contains an equals sign
     */
    public ContainerRestore withoutEnvironment(String name) {
        return with(o -> o.environment("", name, Optional.empty()));
    }

    /**
     * Sets a label of the container.
     *
     * @throws IllegalArgumentException if the name is empty
     */
    public ContainerRestore label(String name, String value) {
        return with(o -> o.label("", name, Optional.of(value)));
    }

    /**
     * Leaves out a label of the container, such as one that a proxy acts on. One that the image has is then the
     * image's.
     *
     * @throws IllegalArgumentException if the name is empty
     */
    public ContainerRestore withoutLabel(String name) {
        return with(o -> o.label("", name, Optional.empty()));
    }

    /**
     * Sets the user of the container, by name or numbers: {@code 1000:1000}. Empty for the user of the image. The
     * owners of files stay as they were captured.
     */
    public ContainerRestore user(String user) {
        return with(o -> o.user("", user));
    }

    /**
     * Mounts another host path instead of a captured one. If the path does not exist and the snapshot has the content
     * of the captured one, it is written there.
     *
     * @throws IllegalStateException if the captured one is replaced already
     */
    public ContainerRestore bindMount(String captured, String path) {
        return with(o -> o.remapping = o.remapping.bindMount(captured, path));
    }

    /** Leaves out writable bind mounts of a copy, except those that {@link #bindMount} replaces. */
    public ContainerRestore withoutBindMounts() {
        return with(o -> o.bindMounts = BindMounts.LEFT_OUT);
    }

    /** Mounts writable bind mounts of a copy read-only, except those that {@link #bindMount} replaces. */
    public ContainerRestore readOnlyBindMounts() {
        return with(o -> o.bindMounts = BindMounts.READ_ONLY);
    }

    /** Lets a copy write to the same host paths as the original. Two databases that share a directory destroy it. */
    public ContainerRestore sharedBindMounts() {
        return with(o -> o.bindMounts = BindMounts.SHARED);
    }

    /**
     * Writes bind mounts that are missing on the host from the snapshot to the host, as far as it has their content:
     * those that were captured with {@code withBindMounts()}. Paths that exist are not changed. Without this, a missing
     * path is a conflict. Only for snapshots that you trust: they name the paths.
     */
    public ContainerRestore writeMissingPaths() {
        return with(o -> o.missingPaths = true);
    }

    /** Restores volumes even while other running containers use them. */
    public ContainerRestore allowVolumesInUse() {
        return with(o -> o.volumesInUse = true);
    }

    /**
     * Sets how long the replacement of a running container may take to become healthy; two minutes unless set. If its
     * health check is still starting then, it replaces the old container all the same, with a problem in the result.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ContainerRestore healthTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("duration is negative: " + timeout);
        }
        return with(o -> o.healthTimeout = timeout);
    }

    /**
     * Adds a receiver of the plan. It is called on the restoring thread, before anything except the image is changed,
     * and in a dry run as well. An exception it throws ends the restore.
     */
    public ContainerRestore onPlan(Consumer<? super RestorePlan> receiver) {
        return with(o -> {
            Consumer<? super RestorePlan> before = o.onPlan;
            o.onPlan = plan -> {
                before.accept(plan);
                receiver.accept(plan);
            };
        });
    }

    @Override
    public String location() {
        return options.newName().map(name -> "container " + name).orElse("the same container") + " of " + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        if (request.partial()) {
            throw new IOException(
                    "a container is restored as a whole, without only(..) or subtree(..); for a part of it use"
                            + " newVolume(..), intoVolume(..), or a directory as target");
        }
        return new ApplicationRestoreSession(client, journal, options, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
