package dev.lifeboat.docker.internal.capture;

import dev.lifeboat.docker.engine.DockerException;
import java.io.IOException;

/** What was removed while it was read is not a snapshot with some files less, but none. */
final class StillThere {
    private StillThere() {}

    /** A call that fails if something is gone. */
    @FunctionalInterface
    interface Inspection<T> {
        T run() throws IOException;
    }

    /**
     * Runs a call.
     *
     * @param what it reads
     * @throws DockerException if the engine does not have it any more; the message says so
     */
    static <T> T check(String what, Inspection<T> inspection) throws IOException {
        try {
            return inspection.run();
        } catch (DockerException e) {
            if (e.kind() != DockerException.Kind.NOT_FOUND) {
                throw e;
            }
            throw new DockerException(
                    DockerException.Kind.NOT_FOUND, what + " was removed while it was read: " + e.getMessage(), e);
        }
    }
}
