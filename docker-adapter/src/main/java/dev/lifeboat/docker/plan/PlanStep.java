package dev.lifeboat.docker.plan;

/**
 * One step of a restore, in the order in which it is taken.
 *
 * @param action what is done
 * @param resource what it is done to
 * @param name of the resource
 * @param detail what else is worth knowing; may be empty
 */
public record PlanStep(Action action, Resource resource, String name, String detail) {
    /** What is done to a resource. */
    public enum Action {
        /** An image is loaded, if the engine does not have it. */
        LOAD,
        /** A resource is created. */
        CREATE,
        /** A resource that exists is used as it is. */
        USE,
        /** A container is stopped. */
        STOP,
        /** A container is replaced; the old one is kept until the new one runs. */
        REPLACE,
        /** Files are set back to those of the snapshot. */
        WRITE,
        /** A container is started, and awaited. */
        START
    }

    /** Kinds of resources. */
    public enum Resource {
        IMAGE,
        NETWORK,
        VOLUME,
        CONTAINER
    }

    @Override
    public String toString() {
        return action + " " + resource.name().toLowerCase(java.util.Locale.ROOT) + " " + name
                + (detail.isEmpty() ? "" : " (" + detail + ")");
    }
}
