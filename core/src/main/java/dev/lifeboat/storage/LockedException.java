package dev.lifeboat.storage;

import java.io.IOException;
import java.time.Instant;
import java.util.Set;

/** The store keeps some objects from being removed until a point in time. All other objects of the call are removed. */
public final class LockedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Set<ObjectKey> keys;
    private final Instant until;

    /**
     * Creates an exception.
     *
     * @param keys of the objects that are still there
     * @param until when the last of them may be removed
     */
    public LockedException(Set<ObjectKey> keys, Instant until, String location) {
        super(keys.size() + " objects in " + location + " are locked until " + until);
        this.keys = Set.copyOf(keys);
        this.until = until;
    }

    /** Returns the keys of the objects that are still there. */
    public Set<ObjectKey> keys() {
        return keys;
    }

    /** Returns when the last of them may be removed. */
    public Instant until() {
        return until;
    }
}
