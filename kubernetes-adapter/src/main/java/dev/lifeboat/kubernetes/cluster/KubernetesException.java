package dev.lifeboat.kubernetes.cluster;

import dev.lifeboat.kubernetes.plan.Conflict;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Thrown when a cluster cannot do what is requested. {@link #kind} returns the reason. */
public final class KubernetesException extends IOException {
    private static final long serialVersionUID = 1;

    private final Kind kind;
    private final transient List<Conflict> conflicts;

    /** Reasons of failures. */
    public enum Kind {
        /** There is no such object, namespace or kind of resource. */
        NOT_FOUND,
        /** The credentials are missing or not accepted. */
        UNAUTHORIZED,
        /** The credentials do not have a permission; the message holds a role that has it. */
        FORBIDDEN,
        /** There is such an object, or it has changed meanwhile, or a restore conflicts with what is there. */
        CONFLICT,
        /** The server no longer has the state that a list has begun with. */
        EXPIRED,
        /** The server does not accept an object: its schema, a quota, an admission webhook. */
        INVALID,
        /** No API server responds, or it has stopped responding. */
        UNREACHABLE,
        /** The server rejected the request, or failed to process it. */
        REFUSED,
        /** A command in a container failed, or its output ended early. */
        COMMAND_FAILED,
        /** What a restore has created does not become ready. */
        NOT_READY
    }

    /** Creates an exception without a cause. */
    public KubernetesException(Kind kind, String message) {
        super(message);
        this.kind = kind;
        this.conflicts = List.of();
    }

    /** Creates an exception with a cause. */
    public KubernetesException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.conflicts = List.of();
    }

    private KubernetesException(String message, List<Conflict> conflicts) {
        super(message);
        this.kind = Kind.CONFLICT;
        this.conflicts = List.copyOf(conflicts);
    }

    /** Returns an exception for a restore that has conflicts. Nothing was changed. */
    public static KubernetesException of(List<Conflict> conflicts) {
        return new KubernetesException(
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
