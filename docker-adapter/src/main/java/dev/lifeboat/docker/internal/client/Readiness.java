package dev.lifeboat.docker.internal.client;

import dev.lifeboat.docker.internal.model.ContainerSpec;
import dev.lifeboat.internal.io.Io;
import java.io.IOException;
import java.time.Duration;

/** Waits until a container that was started has shown that it runs. */
public final class Readiness {
    /**
     * A process that ends at once, since its command, its files or its configuration are wrong, does so within that
     * time.
     */
    private static final Duration SETTLED = Duration.ofSeconds(1);

    private static final long INTERVAL_MILLIS = 50;

    private final Containers containers;

    public Readiness(Containers containers) {
        this.containers = containers;
    }

    /**
     * What became of a container.
     *
     * @param outcome whether it runs
     * @param detail for people; empty if all is well
     */
    public record Result(Outcome outcome, String detail) {
        /** Whether the container works, as far as it tells. */
        public boolean isGood() {
            return outcome == Outcome.HEALTHY || outcome == Outcome.RUNNING || outcome == Outcome.COMPLETED;
        }
    }

    /** What became of a container. */
    public enum Outcome {
        /** Its health check succeeds. */
        HEALTHY,
        /** It has no health check, and has run for a second. */
        RUNNING,
        /** Its health check has not come to a result in time. */
        STARTING,
        /** It has ended with exit code 0. */
        COMPLETED,
        /** It has ended with another exit code, or the engine restarts it. */
        ENDED,
        /** Its health check fails. */
        UNHEALTHY
    }

    /**
     * Waits until a container is healthy; one without a health check, or with one that runs for the first time only
     * after the patience is over, has to run for a second.
     *
     * @param patience for its health check
     */
    public Result await(String id, String name, Duration patience) throws IOException {
        long begun = System.nanoTime();
        while (true) {
            ContainerSpec container = containers.inspect(id);
            ContainerSpec.State state = container.state();
            if (!state.running() || state.restarting()) {
                boolean completed = !state.restarting() && state.exitCode() == 0;
                return new Result(
                        completed ? Outcome.COMPLETED : Outcome.ENDED,
                        "container " + name + " ended with exit code " + state.exitCode()
                                + " right after it was started");
            }
            Duration waited = Duration.ofNanos(System.nanoTime() - begun);
            boolean settled = waited.compareTo(SETTLED) >= 0;
            switch (state.health()) {
                case "healthy" -> {
                    return new Result(Outcome.HEALTHY, "");
                }
                case "unhealthy" -> {
                    return new Result(Outcome.UNHEALTHY, "container " + name + " became unhealthy");
                }
                case "" -> {
                    if (settled) {
                        return new Result(Outcome.RUNNING, "");
                    }
                }
                default -> {
                    boolean tooRare = container.healthInterval().compareTo(patience) > 0;
                    if (settled && (tooRare || waited.compareTo(patience) >= 0)) {
                        return new Result(
                                Outcome.STARTING,
                                "the health check of container " + name + " still says '" + state.health() + "' after "
                                        + waited.toSeconds() + " s");
                    }
                }
            }
            Io.sleep(INTERVAL_MILLIS);
        }
    }

    /**
     * Waits until a container has ended.
     *
     * @param patience how long it may take
     */
    public Result awaitEnd(String id, String name, Duration patience) throws IOException {
        long begun = System.nanoTime();
        while (true) {
            ContainerSpec.State state = containers.inspect(id).state();
            if (!state.running() && !state.restarting()) {
                return new Result(
                        state.exitCode() == 0 ? Outcome.COMPLETED : Outcome.ENDED,
                        state.exitCode() == 0 ? "" : "container " + name + " ended with exit code " + state.exitCode());
            }
            if (System.nanoTime() - begun > patience.toNanos()) {
                return new Result(
                        Outcome.STARTING, "container " + name + " has not ended after " + patience.toSeconds() + " s");
            }
            Io.sleep(INTERVAL_MILLIS);
        }
    }
}
