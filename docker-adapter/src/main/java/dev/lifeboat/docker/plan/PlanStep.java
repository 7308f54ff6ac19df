package dev.lifeboat.docker.plan;

/**
 * One step of a restore.
 *
 * @param action what is done
 * @param resource kind of the resource
 * @param name name of the resource
 * @param detail further information; may be empty
 */
public record PlanStep(Action action, Resource resource, String name, String detail) {
    /** What is done to a resource. */
    public enum Action {
        /** An image is loaded, if the engine does not have it. */
        LOAD,
        /** A resource is created. */
        CREATE,
        /** An existing resource is used unchanged. */
        USE,
        /** A container is stopped. */
        STOP,
        /** A container is replaced. The old one is kept until the new one runs. */
        REPLACE,
        /** Variables, labels or the user of a container are not as they were captured. */
        CONFIGURE,
        /** Files are replaced by those of the snapshot. */
        WRITE,
        /** A container is started. The restore waits until it is healthy or has run for a second. */
        START
    }

    /** Kinds of resources. */
    public enum Resource {
        IMAGE,
        NETWORK,
        VOLUME,
        CONTAINER,
        /** A file or directory of the host that is mounted. */
        PATH
    }

    @Override
    public String toString() {
        return action + " " + resource.name().toLowerCase(java.util.Locale.ROOT) + " " + name
                + (detail.isEmpty() ? "" : " (" + detail + ")");
    }
}
