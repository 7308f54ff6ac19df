package dev.lifeboat.docker.drill;

import com.google.errorprone.annotations.CheckReturnValue;
import dev.lifeboat.Repository;
import dev.lifeboat.automation.drill.DrillTarget;
import dev.lifeboat.docker.Docker;
import dev.lifeboat.docker.internal.quiesce.DockerAccess;
import dev.lifeboat.snapshot.Snapshot;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Drills at an engine: of a Compose project, of containers, or of one container.
 *
 * <p>The copy has names that begin with {@code drill-}, its own volumes, and its own networks, which are internal and
 * without an address of the host: no other container, no host and not the internet is reached from them. (Podman's host
 * keeps its address.) No port is published: checks reach the members through a command in a container, so they work
 * with an engine on another machine, too.
 *
 * <p>Of bind mounts, what the snapshot has is written to a directory of the drill, if the engine's files are in view;
 * what it does not have is mounted read-only from the host if it is a plain file, and left out else. Devices of the
 * host, privileges over it, namespaces that are shared with it, volume drivers, remote log drivers, and labels on which
 * some other programs act are left out. The report says what is not as in the original.
 *
 * <p>Images come from the snapshot; those that the engine did not have are removed again.
 *
 * <p>Immutable and thread-safe.
 *
 * <pre>{@code
 * DrillReport report = Drill.in(DockerDrill.on(docker)).run(repo, snapshot);
 * }</pre>
 */
@CheckReturnValue
// Who has drills requires the module that they are in; who has none must not.
@SuppressWarnings("exports")
public final class DockerDrill implements DrillTarget {
    private static final Duration HEALTH_TIMEOUT = Duration.ofMinutes(5);

    private final DockerAccess access;
    private final Set<String> services;
    private final Duration healthTimeout;

    private DockerDrill(DockerAccess access, Set<String> services, Duration healthTimeout) {
        this.access = access;
        this.services = Set.copyOf(services);
        this.healthTimeout = healthTimeout;
    }

    /**
     * Returns drills at an engine.
     *
     * @param docker which this does not close
     */
    public static DockerDrill on(Docker docker) {
        return new DockerDrill(DockerAccess.of(docker), Set.of(), HEALTH_TIMEOUT);
    }

    /**
     * Restores only the containers of some services, or with some names.
     *
     * @throws IllegalArgumentException if no service is given
     */
    public DockerDrill services(String... chosen) {
        if (chosen.length == 0) {
            throw new IllegalArgumentException("no service is given");
        }
        return new DockerDrill(access, Set.copyOf(Arrays.asList(chosen)), healthTimeout);
    }

    /**
     * Sets how long each container may take to become healthy; five minutes unless set.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public DockerDrill healthTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("duration is negative: " + timeout);
        }
        return new DockerDrill(access, services, timeout);
    }

    @Override
    public String location() {
        return access.client().uri().toString();
    }

    @Override
    public List<String> removeLeftovers() throws IOException {
        return new DrillResources(access.client(), access.journal()).removeLeftovers();
    }

    @Override
    public Session begin(Repository repository, Snapshot snapshot) throws IOException {
        return new DockerDrillSession(access, repository, snapshot, services, healthTimeout);
    }

    @Override
    public String toString() {
        return "drills at " + location();
    }
}
