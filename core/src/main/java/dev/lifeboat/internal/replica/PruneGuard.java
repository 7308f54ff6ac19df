package dev.lifeboat.internal.replica;

import java.io.IOException;

/**
 * Keeps prunes from removing what is listed in the primary store from now on, as the session of a backup does, for
 * which every prune waits. Pending deletions of earlier prunes may still be executed; no snapshot that is listed needs
 * them.
 */
@FunctionalInterface
public interface PruneGuard {
    /** Begins to hold prunes. The caller closes the result. */
    PruneHold hold() throws IOException;

    /** Runs work while prunes are held. */
    default <T> T during(Work<T> work) throws IOException {
        PruneHold held = hold();
        try {
            return work.run(held);
        } finally {
            held.close();
        }
    }

    /** Work to run. */
    @FunctionalInterface
    interface Work<T> {
        /** Runs the work. */
        T run(PruneHold held) throws IOException;
    }
}
