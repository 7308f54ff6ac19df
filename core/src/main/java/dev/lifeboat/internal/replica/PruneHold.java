package dev.lifeboat.internal.replica;

import java.io.IOException;

/** Keeps prunes from removing objects until it is closed. */
public interface PruneHold {
    /** Whether it is still in force: a prune ends one that has become too old. */
    boolean isHeld() throws IOException;

    /** Ends it. */
    void close() throws IOException;
}
