package dev.lifeboat.storage;

import java.io.IOException;
import java.time.Instant;
import java.util.Set;

/** A store keeps objects from being removed for some time; all others that were to be removed are gone. */
public final class LockedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Set<ObjectKey> keys;
    private final Instant until;

    /**
     * Makes one.
     *
     * @param keys that are still there
     * @param until the last of them may be removed then
     */
    public LockedException(Set<ObjectKey> keys, Instant until, String location) {
        super(keys.size() + " objects in " + location + " are locked until " + until);
        this.keys = Set.copyOf(keys);
        this.until = until;
    }

    /** Keys of objects that are still there. */
    public Set<ObjectKey> keys() {
        return keys;
    }

    /** When the last of them may be removed. */
    public Instant until() {
        return until;
    }
}
