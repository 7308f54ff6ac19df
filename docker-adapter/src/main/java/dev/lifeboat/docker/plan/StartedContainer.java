package dev.lifeboat.docker.plan;

import java.time.Duration;

/**
 * What became of a container that a restore was to start.
 *
 * @param name name of the container
 * @param state whether it works, as far as it tells
 * @param waited how long the restore has waited for it
 * @param detail for people; empty if all is well
 */
public record StartedContainer(String name, State state, Duration waited, String detail) {
    /** States of a container that was started. */
    public enum State {
        /** Its health check succeeds. */
        HEALTHY,
        /** It has no health check, and has run for a second. */
        RUNNING,
        /** Its health check has not come to a result in time. */
        STARTING,
        /** It has ended with exit code 0. */
        COMPLETED,
        /** It has ended with another exit code, or is restarted again and again. */
        ENDED,
        /** Its health check fails. */
        UNHEALTHY,
        /** It was not started, since one that it depends on does not work. */
        NOT_STARTED
    }

    /** Returns whether the container works or has done its work. */
    public boolean isGood() {
        return state == State.HEALTHY || state == State.RUNNING || state == State.COMPLETED;
    }

    @Override
    public String toString() {
        return name + " " + state + (detail.isEmpty() ? "" : ": " + detail);
    }
}
