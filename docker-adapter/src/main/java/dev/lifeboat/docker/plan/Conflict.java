package dev.lifeboat.docker.plan;

/**
 * A reason for which a restore cannot be done as it was asked for. Found before anything is changed.
 *
 * @param kind what it is about
 * @param resource what is in the way, such as {@code volume shop_db}
 * @param detail why
 * @param remedy what to do about it
 */
public record Conflict(Kind kind, String resource, String detail, String remedy) {
    /** What conflicts are about. */
    public enum Kind {
        /** A resource of that name exists. */
        NAME_TAKEN,
        /** Another container that runs uses a volume that would be set back. */
        VOLUME_IN_USE,
        /** A copy would write to a host path that the original writes to. */
        SHARED_BIND_MOUNT,
        /** A host path does not exist. */
        MISSING_HOST_PATH,
        /** The address range of a network is taken by another one. */
        SUBNET_TAKEN,
        /** A published port is taken by a container that runs. */
        PORT_TAKEN,
        /** A container whose namespace is shared does not exist. */
        MISSING_CONTAINER,
        /** The engine has no such image, and the snapshot neither. */
        MISSING_IMAGE,
        /** The container that would be replaced is lost as soon as it stops, so it could not be brought back. */
        AUTO_REMOVED,
        /** The snapshot has something in a place where the configuration has nothing. */
        INCONSISTENT_SNAPSHOT
    }

    @Override
    public String toString() {
        return resource + ": " + detail + "; " + remedy;
    }
}
