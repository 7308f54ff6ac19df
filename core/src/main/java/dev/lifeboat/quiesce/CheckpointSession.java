package dev.lifeboat.docker.quiesce;

import dev.lifeboat.quiesce.QuiesceHandle;
import java.io.IOException;

/** A command that has an application write what it holds in memory; nothing is held afterwards. */
record CheckpointSession(ContainerCommand command) implements QuiesceSession {
    @Override
    public QuiesceHandle begin(RunningContainer container) throws IOException {
        container.check(command);
        return QuiesceHandle.none();
    }
}
