package dev.lifeboat.internal.replica;

import java.io.IOException;

/** Keeps prunes from removing objects until it is closed. */
public interface PruneHold {
    /** Returns whether the hold is still in force. A prune ends a hold that has become too old. */
    boolean isHeld() throws IOException;

    /** Ends the hold. */
    void close() throws IOException;
}
