package dev.lifeboat.docker;

import java.io.IOException;

/** The engine could not do what was asked. {@link #kind} tells why. */
public final class DockerException extends IOException {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    /** Why the engine could not. */
    public enum Kind {
        /** There is no such container, image, volume or network. */
        NOT_FOUND,
        /** There is one already of that name. */
        ALREADY_EXISTS,
        /** No engine answers, or it stopped answering. */
        UNREACHABLE,
        /** The engine answered that it cannot or will not. */
        REFUSED
    }

    DockerException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    DockerException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** Tells why. */
    public Kind kind() {
        return kind;
    }
}
