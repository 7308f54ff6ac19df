package dev.lifeboat.kubernetes.plan;

/**
 * A reason why a restore cannot be done as requested. Conflicts are found before anything is changed.
 *
 * @param kind the kind of conflict
 * @param resource the resource that conflicts, such as {@code services shop/web}
 * @param detail the cause
 * @param remedy how to resolve it
 */
public record Conflict(Kind kind, String resource, String detail, String remedy) {
    /** Kinds of conflicts. */
    public enum Kind {
        /** The namespace exists, and was to be created. */
        NAMESPACE_EXISTS,
        /** The namespace is being deleted. */
        NAMESPACE_TERMINATING,
        /** The namespace does not exist, and was to be restored into. */
        MISSING_NAMESPACE,
        /** The snapshot has nothing of the name. */
        UNKNOWN_NAME,
        /** The cluster does not have the storage class of a claim. */
        MISSING_STORAGE_CLASS,
        /** The cluster has neither the kind of resource, nor does the snapshot have its definition. */
        MISSING_KIND,
        /** Another service has the port of the nodes. */
        NODE_PORT_TAKEN,
        /** An ingress of another namespace has the host. */
        INGRESS_HOST_TAKEN,
        /** There is such an object, and it is being deleted. */
        OBJECT_TERMINATING,
        /** There is no image to write the files of a claim with. */
        MISSING_IMAGE,
        /** A volume of a claim is in use by pods that the restore does not replace. */
        VOLUME_IN_USE,
        /** A patch does not fit an object. */
        PATCH_FAILED,
        /** The server does not accept an object: its schema, a quota, an admission webhook. */
        REJECTED
    }

    @Override
    public String toString() {
        return resource + ": " + detail + "; " + remedy;
    }
}
