package dev.lifeboat.oci.registry;

import java.io.IOException;

/** Thrown when a registry cannot do what is requested. {@link #kind} returns the reason. */
public final class RegistryException extends IOException {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** Reasons of failures. */
    public enum Kind {
        /** There is no such repository, tag, manifest or blob, or these credentials may not know of it. */
        NOT_FOUND,
        /** The registry, or its token server, wants credentials or rejects those that it was shown. */
        UNAUTHORIZED,
        /** The credentials are valid, and do not allow the request. */
        FORBIDDEN,
        /** The registry asks to come back later than retries are set to last. */
        RATE_LIMITED,
        /** No registry responds, or it has stopped responding, for as long as retries last. */
        UNREACHABLE,
        /** The registry rejected the request, failed to process it, or responded with what no registry responds. */
        REFUSED,
        /** The registry sent other content than its digest or size says. None of it is used. */
        DAMAGED,
        /** The image is of a form that this library cannot verify. */
        UNSUPPORTED
    }

    /** Creates an exception without a cause. */
    public RegistryException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** Creates an exception with a cause. */
    public RegistryException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Returns the reason. */
    public Kind kind() {
        return kind;
    }
}
