package dev.lifeboat.internal.replica;

import java.io.IOException;

/**
 * Keeps what is listed in the first store from then on until it is let go: as the session of a backup does, for which every prune waits. What a prune had condemned before may
 * still go, but no snapshot that is listed needs that.
 */
@FunctionalInterface
public interface Guard {
    /** Takes hold. */
    Held hold() throws IOException;

    /** Does something meanwhile. */
    default <T> T during(Work<T> work) throws IOException {
        Held held = hold();
        try {
            return work.run(held);
        } finally {
            held.close();
        }
    }

    /** Something to do. */
    @FunctionalInterface
    interface Work<T> {
        /** Does it. */
        T run(Held held) throws IOException;
    }

    /** To be let go. */
    interface Held {
        /** Whether it still holds: a prune may have taken its holder for dead. */
        boolean isHeld() throws IOException;

        /** Lets go. */
        void close() throws IOException;
    }
}
