package dev.lifeboat.docker;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.docker.internal.client.EngineClient;
import dev.lifeboat.docker.internal.restore.ApplicationRestoreSession;
import dev.lifeboat.docker.internal.restore.RestoreOptions;
import dev.lifeboat.docker.internal.restore.RestoreOptions.BindMounts;
import dev.lifeboat.docker.internal.restore.RestoreOptions.Ports;
import dev.lifeboat.docker.plan.RestorePlan;
import dev.lifeboat.docker.plan.StartedContainer;
import dev.lifeboat.entry.RestoreRequest;
import dev.lifeboat.entry.RestoreTarget;
import dev.lifeboat.quiesce.QuiesceJournal;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Restores a Compose project, or another application of several containers, with its images, networks, volumes and
 * configuration. The images come from the snapshot if the engine lacks them, so no registry is needed.
 *
 * <p>A plan is made before anything except the images is changed. If it has conflicts, nothing else is changed and the
 * restore fails with all of them. If the restore fails later, everything that it has created is removed, except images,
 * and containers that were replaced are brought back.
 *
 * <p>Containers that ran when they were captured are started, each after those that it depends on; one that depends on
 * a healthy container once that is healthy. Then all are awaited. In place, one that ends or becomes unhealthy brings
 * the old application back. If no container was replaced, the restore succeeds even if one does not work: test
 * {@code Restored.completeness()} for {@code INCOMPLETE}. If content is missing then, nothing is started.
 *
 * <p>A copy has its own storage and networks, as far as the application owns them. Writable bind mounts are a conflict
 * until {@link #bindMount}, {@link #withoutBindMounts}, {@link #readOnlyBindMounts} or {@link #sharedBindMounts} is
 * called. Address ranges that the user has chosen are kept where they are free; otherwise the next free range of the
 * same size is used, and fixed addresses move with it.
 *
 * <p>Immutable. Each method that changes something returns a copy.
 */
@CheckReturnValue
public final class ApplicationRestore implements RestoreTarget {
    private final EngineClient client;
    private final QuiesceJournal journal;
    private final RestoreOptions options;

    ApplicationRestore(EngineClient client, QuiesceJournal journal, RestoreOptions options) {
        this.client = client;
        this.journal = journal;
        this.options = options;
    }

    private ApplicationRestore with(Consumer<RestoreOptions.Values> change) {
        return new ApplicationRestore(client, journal, options.with(change));
    }

    /** Starts the containers of a copy that ran when they were captured. In place they are started anyway. */
    public ApplicationRestore start() {
        return with(o -> o.start = true);
    }

    /**
     * Restores only the containers of some services, or with some names, and what these use. A name that the snapshot
     * does not have fails the restore.
     *
     * @throws IllegalArgumentException if no service is given
     */
    public ApplicationRestore services(String... services) {
        if (services.length == 0) {
            throw new IllegalArgumentException("no service is given");
        }
        return with(o -> o.services = Set.copyOf(Arrays.asList(services)));
    }

    private static String checked(String service) {
        if (service.isEmpty()) {
            throw new IllegalArgumentException("the name of the service is empty");
        }
        return service;
    }

    /** Publishes no ports, except those that {@link #hostPort} replaces. */
    public ApplicationRestore withoutPublishedPorts() {
        return with(o -> o.ports = Ports.NONE);
    }

    /** Has the engine choose free ports of the host, except those that {@link #hostPort} replaces. */
    public ApplicationRestore freePorts() {
        return with(o -> o.ports = Ports.FREE);
    }

    /**
     * Publishes what was published at a port of the host at another one, in all containers.
     *
     * @param captured port of the host, the first number in {@code 8080:80}
     * @throws IllegalStateException if the captured one is replaced already
     */
    public ApplicationRestore hostPort(int captured, int port) {
        return with(o -> o.remapping = o.remapping.port(captured, port));
    }

    /**
     * Sets the name of the container that is made of a captured one.
     *
     * @throws IllegalStateException if it is set already
     */
    public ApplicationRestore container(String captured, String name) {
        return with(o -> o.remapping = o.remapping.container(captured, name));
    }

    /**
     * Sets the name of the volume that replaces a captured named volume. For a copy, one that exists is a conflict; in
     * place, its content is replaced.
     *
     * @param captured its name at the engine, such as {@code shop_dbdata}
     *
     * @throws IllegalStateException if it is set already
     */
    public ApplicationRestore volume(String captured, String name) {
        return with(o -> o.remapping = o.remapping.volume(captured, name));
    }

    /**
     * Sets the name of the network that replaces a captured one. One that exists is used.
     *
     * @throws IllegalStateException if it is set already
     */
    public ApplicationRestore network(String captured, String name) {
        return with(o -> o.remapping = o.remapping.network(captured, name));
    }

    /**
     * Gives a network another address range than the captured one, such as {@code 172.30.5.0/24}. Fixed addresses move
     * with it.
     *
     * @throws IllegalStateException if the captured one is replaced already
     */
    public ApplicationRestore subnet(String captured, String range) {
        return with(o -> o.remapping = o.remapping.subnet(captured, range));
    }

    /**
     * Sets a variable of the environment of a service, or of a container with that name, such as another password or
     * address. A service that the snapshot does not have is a conflict.
     *
     * @throws IllegalArgumentException if one of the names is empty, or that of the variable has an equals sign
     */
    public ApplicationRestore environment(String service, String name, String value) {
        return with(o -> o.environment(checked(service), name, Optional.of(value)));
    }

    /**
     * Leaves out a variable of the environment of a service, or of a container with that name. One that the image sets
     * is then the image's.
     *
     * @throws IllegalArgumentException if one of the names is empty, or that of the variable has an equals sign
     */
    public ApplicationRestore withoutEnvironment(String service, String name) {
        return with(o -> o.environment(checked(service), name, Optional.empty()));
    }

    /**
     * Sets a label of a service, or of a container with that name.
     *
     * @throws IllegalArgumentException if one of the names is empty
     */
    public ApplicationRestore label(String service, String name, String value) {
        return with(o -> o.label(checked(service), name, Optional.of(value)));
    }

    /**
     * Leaves out a label of a service, or of a container with that name, such as one that a proxy acts on. One that the
     * image has is then the image's.
     *
     * @throws IllegalArgumentException if one of the names is empty
     */
    public ApplicationRestore withoutLabel(String service, String name) {
        return with(o -> o.label(checked(service), name, Optional.empty()));
    }

    /**
     * Sets the user of a service, or of a container with that name, by name or numbers: {@code 1000:1000}. Empty for
     * the user of the image. The owners of files stay as they were captured.
     *
     * @throws IllegalArgumentException if the name of the service is empty
     */
    public ApplicationRestore user(String service, String user) {
        return with(o -> o.user(checked(service), user));
    }

    /**
     * Mounts another host path instead of a captured one. If the path does not exist and the snapshot has the content
     * of the captured one, it is written there.
     *
     * @throws IllegalStateException if the captured one is replaced already
     */
    public ApplicationRestore bindMount(String captured, String path) {
        return with(o -> o.remapping = o.remapping.bindMount(captured, path));
    }

    /** Leaves out writable bind mounts of a copy, except those that {@link #bindMount} replaces. */
    public ApplicationRestore withoutBindMounts() {
        return with(o -> o.bindMounts = BindMounts.LEFT_OUT);
    }

    /** Mounts writable bind mounts of a copy read-only, except those that {@link #bindMount} replaces. */
    public ApplicationRestore readOnlyBindMounts() {
        return with(o -> o.bindMounts = BindMounts.READ_ONLY);
    }

    /** Lets a copy write to the same host paths as the original. Two databases that share a directory destroy it. */
    public ApplicationRestore sharedBindMounts() {
        return with(o -> o.bindMounts = BindMounts.SHARED);
    }

    /**
     * Writes bind mounts that are missing on the host from the snapshot to the host, as far as it has their content:
     * secrets and configs, and others that were captured with {@code withBindMounts()}. Paths that exist are not
     * changed. Without this, a missing path is a conflict. Only for snapshots that you trust: they name the paths.
     */
    public ApplicationRestore writeMissingPaths() {
        return with(o -> o.missingPaths = true);
    }

    /** Restores volumes even while other running containers use them. */
    public ApplicationRestore allowVolumesInUse() {
        return with(o -> o.volumesInUse = true);
    }

    /**
     * Sets how long each container may take to become healthy, or to end if others wait for its end; two minutes unless
     * set. One whose health check is still starting then is reported, and counts as started.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ApplicationRestore healthTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("duration is negative: " + timeout);
        }
        return with(o -> o.healthTimeout = timeout);
    }

    /**
     * Adds a receiver of the plan. It is called on the restoring thread, before anything except the images is changed,
     * and in a dry run as well. An exception it throws ends the restore.
     */
    public ApplicationRestore onPlan(Consumer<? super RestorePlan> receiver) {
        return with(o -> o.onPlan = both(o.onPlan, receiver));
    }

    /**
     * Adds a receiver of what became of each container that was to be started, on the restoring thread. It receives all
     * of them before a failure ends the restore.
     */
    public ApplicationRestore onStarted(Consumer<? super StartedContainer> receiver) {
        return with(o -> o.onStarted = both(o.onStarted, receiver));
    }

    private static <T> Consumer<T> both(Consumer<? super T> first, Consumer<? super T> second) {
        return value -> {
            first.accept(value);
            second.accept(value);
        };
    }

    @Override
    public String location() {
        return options.newName().map(name -> "application " + name).orElse("the same application") + " of "
                + client.uri();
    }

    @Override
    public Session begin(RestoreRequest request) throws IOException {
        if (request.partial()) {
            throw new IOException("an application is restored without only(..) or subtree(..); for a part of it use"
                    + " services(..), newVolume(..), intoVolume(..), or a directory as target");
        }
        return new ApplicationRestoreSession(client, journal, options, request);
    }

    @Override
    public String toString() {
        return location();
    }
}
