package dev.lifeboat.docker.engine;

import dev.lifeboat.docker.plan.Conflict;
import java.io.IOException;
import java.util.List;

/** An engine could not do what was asked. {@link #kind} says why. */
public final class DockerException extends IOException {
    private static final long serialVersionUID = 1;

    private final Kind kind;
    private final transient List<Conflict> conflicts;

    /** Why the engine could not do it. */
    public enum Kind {
        /** There is no such container, image, volume or network. */
        NOT_FOUND,
        /** A resource of that name exists, or its state does not allow it. */
        CONFLICT,
        /** No engine answers, or it stopped answering. */
        UNREACHABLE,
        /** The engine answered that it cannot or will not. */
        REFUSED
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

    /** Returns the exception of a restore that conflicts forbid; nothing was changed. */
    public static DockerException of(List<Conflict> conflicts) {
        return new DockerException(
                String.join("\n", conflicts.stream().map(Conflict::toString).toList()), conflicts);
    }

    /** Why the engine could not do it. */
    public Kind kind() {
        return kind;
    }

    /** The conflicts that forbid a restore; empty for other failures. */
    public List<Conflict> conflicts() {
        return conflicts == null ? List.of() : conflicts;
    }
}
