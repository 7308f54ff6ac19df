package dev.lifeboat.quiesce;

import java.io.IOException;
import java.util.Optional;

/**
 * A command before a container is read, and one afterwards.
 *
 * @param before run first
 * @param after run at the end, even if the first one failed
 */
record ExecHooks(ContainerCommand before, ContainerCommand after) implements QuiesceSession {
    @Override
    public QuiesceHandle begin(RunningContainer container) throws IOException {
        container.check(before);
        return () -> container.check(after);
    }

    @Override
    public Optional<ContainerCommand> recovery(RunningContainer container) {
        return Optional.of(after);
    }
}
