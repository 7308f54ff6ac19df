package dev.lifeboat.docker.plan;

/**
 * A reason why a restore cannot be done as requested. Conflicts are found before anything is changed.
 *
 * @param kind the kind of conflict
 * @param resource the resource that conflicts, such as {@code volume shop_db}
 * @param detail the cause
 * @param remedy how to resolve it
 */
public record Conflict(Kind kind, String resource, String detail, String remedy) {
    /** Kinds of conflicts. */
    public enum Kind {
        /** A resource with that name exists. */
        NAME_TAKEN,
        /** The snapshot has nothing of the name, path, port or range that is to be replaced. */
        UNKNOWN_NAME,
        /** Another running container uses a volume whose content would be replaced. */
        VOLUME_IN_USE,
        /** A copy would write to a host path that the original writes to. */
        SHARED_BIND_MOUNT,
        /** A host path does not exist. */
        MISSING_HOST_PATH,
        /** The address range of a network is taken by another one. */
        SUBNET_TAKEN,
        /** A fixed address is taken by a running container. */
        ADDRESS_TAKEN,
        /** The engine lacks the driver of a volume or network. */
        MISSING_DRIVER,
        /** The image is for another architecture than that of the engine. */
        OTHER_PLATFORM,
        /** A published port is taken by a running container. */
        PORT_TAKEN,
        /** A container whose namespace the restored one shares does not exist. */
        MISSING_CONTAINER,
        /** Neither the engine nor the snapshot has the image. */
        MISSING_IMAGE,
        /**
         * The engine removes the container to be replaced as soon as it stops, so it could not be restored after a
         * failure.
         */
        AUTO_REMOVED
    }

    @Override
    public String toString() {
        return resource + ": " + detail + "; " + remedy;
    }
}
