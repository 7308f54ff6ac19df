package dev.lifeboat.docker.quiesce;

import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;
import java.util.Optional;

/** A session of an application that keeps its files in a consistent state, such as a lock that a database holds. */
public interface QuiesceSession {
    /**
     * Begins the session.
     *
     * @param container that the application runs in; it is running
     * @return ends the session when it is closed; {@link QuiesceHandle#none} if nothing is held
     * @throws IOException if the session cannot begin; the command of {@link #recovery} is run then
     */
    QuiesceHandle begin(RunningContainer container) throws IOException;

    /**
     * Returns the command that ends the session if it cannot begin, or if this process is killed. Empty if the session
     * ends by itself then, as one does that lasts as long as a {@link HeldCommand}. It is asked for before the session
     * begins, and recorded in the journal, so it must hold no secret.
     *
     * @throws IOException if the container has to be asked and does not answer
     */
    default Optional<ContainerCommand> recovery(RunningContainer container) throws IOException {
        return Optional.empty();
    }
}
