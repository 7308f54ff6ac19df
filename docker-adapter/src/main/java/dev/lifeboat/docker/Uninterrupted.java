package dev.lifeboat.docker;

import java.io.IOException;

/**
 * Cleans up on a thread that may have been interrupted: a channel closes itself at once on such a thread, and then the container would
 * stay paused. The flag is set again afterwards.
 */
final class Uninterrupted {
    /** Something that talks to the engine. */
    @FunctionalInterface
    interface Call {
        void run() throws IOException;
    }

    private Uninterrupted() {}

    static void run(Call call) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            call.run();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
