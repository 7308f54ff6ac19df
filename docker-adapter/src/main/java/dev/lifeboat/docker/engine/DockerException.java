package dev.lifeboat.docker.engine;

import dev.lifeboat.docker.plan.Conflict;
import java.io.IOException;
import java.util.List;

/** Thrown when an engine cannot do what is requested. {@link #kind} returns the reason. */
public final class DockerException extends IOException {
    private static final long serialVersionUID = 1;

    private final Kind kind;
    private final transient List<Conflict> conflicts;

    /** Reasons of failures. */
    public enum Kind {
        /** There is no such container, image, volume or network. */
        NOT_FOUND,
        /** A resource with that name exists, or the state of the resource does not allow the request. */
        CONFLICT,
        /** No engine responds, or it has stopped responding. */
        UNREACHABLE,
        /** The engine rejected the request, or failed to process it. */
        REFUSED,
        /** The engine is of a version or a kind that this library cannot use. */
        UNSUPPORTED
    }

    /** Creates an exception without a cause. */
    public DockerException(Kind kind, String message) {
        super(message);
        this.kind = kind;
        this.conflicts = List.of();
    }

    /** Creates an exception with a cause. */
    public DockerException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.conflicts = List.of();
    }

    private DockerException(String message, List<Conflict> conflicts) {
        super(message);
        this.kind = Kind.CONFLICT;
        this.conflicts = List.copyOf(conflicts);
    }

    /** Returns an exception for a restore that has conflicts. Nothing was changed. */
    public static DockerException of(List<Conflict> conflicts) {
        return new DockerException(
                String.join("\n", conflicts.stream().map(Conflict::toString).toList()), conflicts);
    }

    /** Returns the reason. */
    public Kind kind() {
        return kind;
    }

    /** Returns the conflicts of a restore; empty for other failures. */
    public List<Conflict> conflicts() {
        return conflicts == null ? List.of() : conflicts;
    }
}
