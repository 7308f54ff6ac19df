package dev.lifeboat.docker.internal.restore;

import dev.lifeboat.docker.engine.DockerException;
import dev.lifeboat.docker.internal.client.Containers;
import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.time.Duration;

/** Waits until a container that was started has shown that it runs. */
final class Readiness {
    /**
     * A process that ends at once, since its command, its files or its configuration are wrong, does so within that
     * time.
     */
    private static final Duration SETTLED = Duration.ofSeconds(1);

    private static final long INTERVAL_MILLIS = 50;

    private final Containers containers;

    Readiness(Containers containers) {
        this.containers = containers;
    }

    /**
     * Waits until a container is healthy; one without a health check, or with one that runs for the first time only
     * after the patience is over, has to run for a second.
     *
     * @param patience for its health check
     * @return what is worth a report: that it is still starting after that time; empty otherwise
     * @throws DockerException if it has ended, is restarted by the engine, or is unhealthy
     */
    String await(String id, String name, Duration patience) throws IOException {
        long begun = System.nanoTime();
        while (true) {
            ContainerSpec container = containers.inspect(id);
            ContainerSpec.State state = container.state();
            if (!state.running() || state.restarting()) {
                throw failed("container " + name + " ended with exit code " + state.exitCode()
                        + " right after it was started");
            }
            Duration waited = Duration.ofNanos(System.nanoTime() - begun);
            boolean settled = waited.compareTo(SETTLED) >= 0;
            switch (state.health()) {
                case "healthy" -> {
                    return "";
                }
                case "unhealthy" -> throw failed("container " + name + " became unhealthy");
                case "" -> {
                    if (settled) {
                        return "";
                    }
                }
                default -> {
                    boolean tooRare = container.healthInterval().compareTo(patience) > 0;
                    if (settled && (tooRare || waited.compareTo(patience) >= 0)) {
                        return "the health check still says '" + state.health() + "' after " + waited.toSeconds()
                                + " s; the container was replaced all the same";
                    }
                }
            }
            Io.sleep(INTERVAL_MILLIS);
        }
    }

    private static DockerException failed(String what) {
        return new DockerException(
                DockerException.Kind.REFUSED,
                what + "; the old container was brought back. Restore under a new name to examine it");
    }
}
